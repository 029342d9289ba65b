"""Congestion control: what is told to those who send to us, and later what is estimated of those we send to."""

"""Signalling: who may join, who may do what, and what every session remembers. It sees no media."""

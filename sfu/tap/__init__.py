"""Taps: a copy of everything that a session publishes, for one recorder, over a connection that it dials.

To the packet path a tapped track is one more slot, whose packets happen to be written to the tap's connection.
"""

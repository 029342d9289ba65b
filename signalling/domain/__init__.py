"""The pure part of signalling: rooms and sessions as data and decisions, without I/O or clock."""

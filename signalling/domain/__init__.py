"""What a room and a session are, and the rules of who may do what in them. Pure code: no I/O, no clock."""

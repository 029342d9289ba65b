"""ICE-lite (RFC 8445 section 2.5): the media node answers connectivity checks and never sends one."""

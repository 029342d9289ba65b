"""One adapter per server: how it is started, and how a participant gets in."""

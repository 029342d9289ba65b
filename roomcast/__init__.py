"""The command line of roomcast, its configuration, and the start of its processes."""

"""Running sessions: the pure session of `signalling.domain` with its surroundings (clock, media node, database)."""

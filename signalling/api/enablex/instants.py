"""Instants as the API writes them."""

from datetime import UTC, datetime


def instant(at: float) -> str:
    """Unix seconds as 2024-03-15T09:30:00.000Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

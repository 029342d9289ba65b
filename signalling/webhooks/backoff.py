"""When a delivery that failed is tried again. Pure."""

DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
"""Seconds before the second attempt, the third, and so on; the last one goes for all that follow."""
LIFETIME = 3 * 24 * 3600.0
"""Seconds after which a delivery is given up: a weekend's outage is survived."""
JITTER = 0.2
"""The share by which a delay is longer at most, so that not everything comes back at once."""


def next_attempt(attempts: int, created_at: float, now: float, chance: float) -> float | None:
    """When to try again after so many attempts, in seconds; None to give up. `chance` is between 0 and 1."""
    if now - created_at >= LIFETIME:
        return None
    delay = DELAYS[min(attempts, len(DELAYS)) - 1]
    return now + delay * (1 + JITTER * chance)

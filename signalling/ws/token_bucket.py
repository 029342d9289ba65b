"""How many messages a connection may send."""


class TokenBucket:
    """Holds at most `capacity` tokens and gets `rate` of them per second; starts full. Times are in seconds."""

    def __init__(self, rate: float, capacity: float, now: float) -> None:
        self._rate = rate
        self._capacity = capacity
        self._tokens = capacity
        self._updated = now

    def take(self, now: float) -> bool:
        """Take one token, if there is one."""
        self._tokens = min(self._capacity, self._tokens + max(now - self._updated, 0.0) * self._rate)
        self._updated = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

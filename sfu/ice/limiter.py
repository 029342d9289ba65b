"""A limit on what strangers can make the node compute."""

MAX_SOURCES = 10_000


class FailureLimiter:
    """Stops listening to a host that has failed too often within the current second.

    Only failures count, so that a thousand people behind one office's address can join at the same moment.
    """

    def __init__(self, failures_per_second: int = 100) -> None:
        self._limit = failures_per_second
        self._second = 0
        self._failures: dict[str, int] = {}

    def allows(self, host: str, now: float) -> bool:
        """Whether a datagram from `host` is worth a look."""
        return int(now) != self._second or self._failures.get(host, 0) < self._limit

    def failed(self, host: str, now: float) -> None:
        """Note that `host` sent a check that is malformed or not authentic."""
        if int(now) != self._second:
            self._second = int(now)
            self._failures.clear()
        if host in self._failures or len(self._failures) < MAX_SOURCES:
            self._failures[host] = self._failures.get(host, 0) + 1

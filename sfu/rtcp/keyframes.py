"""When a publisher is asked for a keyframe."""

# Chromium ignores what comes within 300 ms of the request before, across all layers of an m-line.
REQUEST_INTERVAL = 0.305


class KeyframeRequests:
    """Paces the PLIs of one publisher m-line: at once when wanted, again while no keyframe comes, never too often.

    Times are seconds.
    """

    __slots__ = ("_last_request", "wanted")

    def __init__(self) -> None:
        self.wanted = False
        self._last_request: float | None = None

    def want(self, now: float) -> None:
        """Someone cannot go on without a keyframe."""
        self.wanted = True

    def keyframe_arrived(self, now: float) -> None:
        """A keyframe came, and serves everyone who wanted one."""
        self.wanted = False

    def due(self, now: float) -> bool:
        """Whether to send a request now. If so, it is taken as sent."""
        if not self.wanted or (self._last_request is not None and now - self._last_request < REQUEST_INTERVAL):
            return False
        self._last_request = now
        return True

"""TCP connections whose peer has not authenticated itself yet."""

from collections.abc import Iterator

from sfu.transport.path import Path
from sfu.transport.tcp import TcpConnection

GRACE = 10.0
"""Seconds a connection has for its first authenticated check."""

MAX_STRANGERS = 512
MAX_STRANGERS_PER_HOST = 64


class Strangers:
    """Bounds what connections cost that may lead to nothing."""

    def __init__(self) -> None:
        self._deadlines: dict[Path, float] = {}

    def __iter__(self) -> Iterator[TcpConnection]:
        return iter([each for each in self._deadlines if isinstance(each, TcpConnection)])

    def admit(self, connection: TcpConnection, now: float) -> bool:
        """Take note of a new connection; False if there are too many already."""
        same_host = sum(1 for each in self if each.host == connection.host)
        if len(self._deadlines) >= MAX_STRANGERS or same_host >= MAX_STRANGERS_PER_HOST:
            return False
        self._deadlines[connection] = now + GRACE
        return True

    def discard(self, path: Path) -> None:
        """The connection authenticated itself or is gone; paths that never were here are ignored."""
        self._deadlines.pop(path, None)

    def overdue(self, now: float) -> list[TcpConnection]:
        """The connections whose time is up."""
        return [each for each in self if now >= self._deadlines[each]]

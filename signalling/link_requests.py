"""Commands over a link that wait for their replies."""

import asyncio
from typing import Generic, Protocol, TypeVar


class PeerGoneError(ConnectionError):
    """The peer has no link, or lost it before it replied."""


class ReplyLike(Protocol):
    @property
    def request_id(self) -> int: ...


R = TypeVar("R", bound=ReplyLike)


class Requests(Generic[R]):
    """`timeouts` counts the commands that were not answered in time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout: float, peer: str) -> None:
        """`timeout` is in seconds, `peer` is for the sentences of errors."""
        self.timeouts = 0
        self._loop = loop
        self._timeout = timeout
        self._peer = peer
        self._next_request = 1
        self._waiting: dict[int, asyncio.Future[R]] = {}

    def begin(self) -> tuple[int, "asyncio.Future[R]"]:
        """The id of a new request, and its reply. The future fails with PeerGoneError or TimeoutError.

        It may be dropped: nobody has to look at it.
        """
        request_id, future = self._next_request, self._new_future()
        self._next_request += 1
        self._waiting[request_id] = future
        timer = self._loop.call_later(self._timeout, self._give_up, future)
        future.add_done_callback(lambda _: timer.cancel())
        future.add_done_callback(lambda _: self._waiting.pop(request_id, None))
        return request_id, future

    def refused(self) -> "asyncio.Future[R]":
        """The reply to a command for which there is no link."""
        future = self._new_future()
        future.set_exception(PeerGoneError(f"the {self._peer} has no link"))
        return future

    def replied(self, reply: R) -> bool:
        """Hand a reply to whoever waits for it; False when nobody does (any more)."""
        waiting = self._waiting.get(reply.request_id)
        if waiting is None or waiting.done():
            return False
        waiting.set_result(reply)
        return True

    def fail_all(self) -> None:
        """The link is gone: nothing that was asked will be answered."""
        for waiting in list(self._waiting.values()):
            if not waiting.done():
                waiting.set_exception(PeerGoneError(f"the link to the {self._peer} broke"))

    def _new_future(self) -> "asyncio.Future[R]":
        future: asyncio.Future[R] = self._loop.create_future()
        future.add_done_callback(_look_at)
        return future

    def _give_up(self, future: "asyncio.Future[R]") -> None:
        if not future.done():
            self.timeouts += 1
            future.set_exception(TimeoutError(f"the {self._peer} did not reply"))


def _look_at(future: "asyncio.Future[R]") -> None:
    # asyncio warns of exceptions that nobody looked at; here that is allowed.
    if not future.cancelled():
        future.exception()

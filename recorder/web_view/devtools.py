"""The DevTools protocol over the browser's pipes: JSON messages that end with a zero byte, no port that anyone else
could dial (https://chromedevtools.github.io/devtools-protocol/)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import structlog
from pydantic import BaseModel, Field, ValidationError

from recorder.web_view.errors import WebViewError

Params = dict[str, Any]
Handler = Callable[[Params], None]

MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes; a picture of 720p takes less than one million."""
_END = b"\0"

log = structlog.get_logger()


class _Problem(BaseModel):
    message: str


class _Message(BaseModel):
    """An answer (`id`), or an event (`method`)."""

    id: int | None = None
    method: str = ""
    params: Params = Field(default_factory=dict)
    result: Params = Field(default_factory=dict)
    error: _Problem | None = None


class DevTools:
    """`run` reads until the browser is gone; every call that waits then, and every later one, raises WebViewError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Params]] = {}
        self._handlers: dict[str, Handler] = {}
        self._last_id = 0
        self._ended = False
        self.session = ""
        """Of the page, once one is attached to."""

    def on(self, event: str, handler: Handler) -> None:
        """Call the handler with the parameters of each such event."""
        self._handlers[event] = handler

    async def call(self, method: str, *, page: bool = True, **params: Any) -> Params:
        """What a method of the page, or of the browser, answers. Raises WebViewError."""
        if self._ended:
            raise _gone()
        answer: asyncio.Future[Params] = asyncio.get_running_loop().create_future()
        number = self._write(method, page, params)
        self._waiting[number] = answer
        try:
            return await answer
        finally:
            del self._waiting[number]

    def send(self, method: str, *, page: bool = True, **params: Any) -> None:
        """As `call`, without waiting for what comes of it."""
        self._write(method, page, params)

    def _write(self, method: str, page: bool, params: Params) -> int:
        self._last_id += 1
        message: Params = {"id": self._last_id, "method": method, "params": params}
        if page:
            message["sessionId"] = self.session
        if not self._ended:
            self._writer.write(json.dumps(message).encode() + _END)
        return self._last_id

    async def run(self) -> None:
        """Hand answers and events to those who wait for them, until the browser is gone."""
        try:
            while True:
                self._hear(await self._reader.readuntil(_END))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError) as error:
            log.debug("the browser's pipe has ended", error=str(error))
        finally:
            self._ended = True
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(_gone())

    def _hear(self, text: bytes) -> None:
        try:
            message = _Message.model_validate_json(text[: -len(_END)])
        except ValidationError as error:
            log.warning("the browser sent a message that is none", error=str(error)[:200])
            return
        if message.id is None:
            if (handler := self._handlers.get(message.method)) is not None:
                handler(message.params)
            return
        answer = self._waiting.get(message.id)
        if answer is None or answer.done():
            return
        if message.error is not None:
            answer.set_exception(WebViewError("not-loaded", f"the browser refused: {message.error.message}"))
        else:
            answer.set_result(message.result)


def _gone() -> WebViewError:
    return WebViewError("crashed", "the browser has ended")

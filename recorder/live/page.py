"""A live film whose pictures are those of a page; its sound is the session's, as ever."""

import asyncio
from contextlib import suppress

import av

from recorder.composite.canvas import BACKGROUND
from recorder.composite.planes import copy, fill, planes_of
from recorder.encoders import FRAME_RATE
from recorder.layouts import Size
from recorder.live.messages import LiveOrder
from recorder.web_view.browser import Browser
from recorder.web_view.errors import WebViewError
from recorder.web_view.view import Surroundings, WebView
from sfu import recording_messages

PAGE_LATENCY = 0.1
"""Seconds, estimated, that a page which takes part in the meeting needs to receive, decode and show what happens there:
by so much its picture belongs to an earlier sound."""


class PagePainter:
    """Draws what `view` shows; the background before it has shown anything, its last picture after it has failed.

    Tick 0 is at `began_at` of `time.monotonic`."""

    def __init__(self, began_at: float) -> None:
        self.view: WebView | None = None
        self._began_at = began_at
        self._picture: av.VideoFrame | None = None

    def draw(self, tick: int, frame: av.VideoFrame) -> None:
        """See `recorder.live.segment.Painter`."""
        if self.view is not None:
            self._picture = self.view.picture_at(self._began_at + tick / FRAME_RATE + PAGE_LATENCY)
        self.repeat(frame)

    def repeat(self, frame: av.VideoFrame) -> None:
        """See `recorder.live.segment.Painter`."""
        if self._picture is None:
            fill(planes_of(frame), BACKGROUND)
        else:
            copy(planes_of(self._picture), planes_of(frame))


class LivePage:
    """The page that a live film shows, opened while the film already runs.

    It has a thread and an event loop of its own: that of the film stands still whenever the encoder has to catch up.
    """

    def __init__(self, order: LiveOrder, page: recording_messages.WebView, size: Size) -> None:
        self.painter = PagePainter(order.began_at)
        self._order = order
        self._page = page
        self._size = size
        self._loop: asyncio.AbstractEventLoop | None = None
        self._showing: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def was_seen(self) -> bool:
        return self.painter.view is not None

    def show(self) -> None:
        """Until `stop`. Raises WebViewError when the page cannot be shown any longer, or at all."""
        with suppress(asyncio.CancelledError):
            asyncio.run(self._show_until_stopped())

    def stop(self) -> None:
        """End `show`, which may take a few seconds. From another thread."""
        self._stopped = True
        if self._loop is not None and self._showing is not None:
            with suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._showing.cancel)

    async def _show_until_stopped(self) -> None:
        self._showing, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        if not self._stopped:
            await self._show()

    async def _show(self) -> None:
        if self._order.browser is None:
            raise WebViewError("no-browser", "this recorder has no browser")
        surroundings = Surroundings(self._order.segment.conf_num, self._order.web_hosts)
        view = await WebView.open(Browser(self._order.browser), self._page, self._size, surroundings)
        self.painter.view = view
        try:
            raise WebViewError("crashed", await view.until_failed())
        finally:
            await view.close()

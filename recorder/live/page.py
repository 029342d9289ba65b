"""A live film whose pictures are those of a page; its sound is the session's, as ever."""

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
    """The page that a live film shows, opened while the film already runs."""

    def __init__(self, order: LiveOrder, page: recording_messages.WebView, size: Size) -> None:
        self.painter = PagePainter(order.began_at)
        self._order = order
        self._page = page
        self._size = size

    @property
    def was_seen(self) -> bool:
        return self.painter.view is not None

    async def show(self) -> None:
        """Until it is cancelled. Raises WebViewError when the page cannot be shown any longer, or at all."""
        if self._order.browser is None:
            raise WebViewError("no-browser", "this recorder has no browser")
        surroundings = Surroundings(self._order.segment.conf_num, self._order.web_hosts)
        view = await WebView.open(Browser(self._order.browser), self._page, self._size, surroundings)
        self.painter.view = view
        try:
            raise WebViewError("crashed", await view.until_failed())
        finally:
            await view.close()

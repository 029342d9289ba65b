"""A live film whose pictures are those of a page; its sound is the session's, as ever."""

from collections import deque

import av

from recorder.composite.canvas import BACKGROUND
from recorder.composite.planes import copy, fill, planes_of
from recorder.encoders import FRAME_RATE
from recorder.layouts import Size
from recorder.live.messages import LiveOrder
from recorder.live.segment import DELAY
from recorder.web_view.browser import Browser
from recorder.web_view.errors import WebViewError
from recorder.web_view.view import Surroundings, WebView
from sfu import recording_messages

PAGE_LATENCY = 0.2
"""Seconds, estimated, that a page which takes part in the meeting needs to show what happens there: it has to receive
and decode, and its picture to be taken. By so much it is late already when the film is `DELAY` behind."""
HELD_BACK = round((DELAY - PAGE_LATENCY) * FRAME_RATE)
"""Ticks that pictures are held back, so that they are seen with their sound."""


class PagePainter:
    """Draws what `view` shows; the background before it has shown anything, its last picture after it has failed."""

    def __init__(self) -> None:
        self.view: WebView | None = None
        self._pictures: deque[av.VideoFrame | None] = deque(maxlen=HELD_BACK + 1)

    def draw(self, tick: int, frame: av.VideoFrame) -> None:
        """See `recorder.live.segment.Painter`."""
        self._pictures.append(self.view.picture() if self.view is not None else None)
        self.repeat(frame)

    def repeat(self, frame: av.VideoFrame) -> None:
        """See `recorder.live.segment.Painter`."""
        picture = self._pictures[0] if self._pictures else None
        if picture is None:
            fill(planes_of(frame), BACKGROUND)
        else:
            copy(planes_of(picture), planes_of(frame))


class LivePage:
    """The page that a live film shows, opened while the film already runs."""

    def __init__(self, order: LiveOrder, page: recording_messages.WebView, size: Size) -> None:
        self.painter = PagePainter()
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

"""The browser's screencast: a JPEG whenever the page has changed, and from it the pictures of the film."""

import asyncio
import base64
import time
from collections import deque

import av
from av.video.reformatter import ColorRange, VideoReformatter

from recorder.encoders import FRAME_RATE
from recorder.layouts import Size
from recorder.web_view.devtools import DevTools, Params

JPEG_QUALITY = 90
QUIET = 0.25
"""Seconds without a picture after which the browser is asked for one that it may have left out."""
HISTORY = 64
"""Pictures that are kept for those who ask for earlier ones; of 720p each takes 1.4 MB."""
_PERIOD = 1 / FRAME_RATE
_OLDEST = 5.0  # seconds; more is no age but a clock that was set


class Screencast:
    """`picture` is the newest one, `run` takes those that come, at the film's rate.

    The browser leaves pictures out while earlier ones are not acknowledged, even the last one before the page comes to
    rest: once it is quiet, the screencast is begun anew, which sends what is to be seen now.
    """

    def __init__(self, devtools: DevTools, size: Size) -> None:
        self._devtools = devtools
        self._size = size
        self._decoder = JpegDecoder(size)
        self._arrived: list[Params] = []
        self._has_arrived = asyncio.Event()
        self._jpeg = ""
        self._is_sure = False
        self._history: deque[tuple[float, av.VideoFrame]] = deque(maxlen=HISTORY)
        self.picture: av.VideoFrame | None = None
        self.shown = asyncio.Event()
        """Set once there is a picture."""
        devtools.on("Page.screencastFrame", self._take)

    def picture_at(self, at: float) -> av.VideoFrame | None:
        """The picture that was to be seen at this time of `time.monotonic`; what was before is forgotten."""
        while len(self._history) > 1 and self._history[1][0] <= at:
            self._history.popleft()
        return self._history[0][1] if self._history and self._history[0][0] <= at else None

    async def run(self) -> None:
        clock = asyncio.get_running_loop().time
        self._begin()
        while True:
            await self._next()
            due = clock() + _PERIOD
            arrived, self._arrived = self._arrived, []
            self._has_arrived.clear()
            await self._show(arrived[-1])
            for frame in arrived:
                self._devtools.send("Page.screencastFrameAck", sessionId=frame.get("sessionId"))
            await asyncio.sleep(max(0.0, due - clock()))

    def _begin(self) -> None:
        self._devtools.send(
            "Page.startScreencast",
            format="jpeg",
            quality=JPEG_QUALITY,
            maxWidth=self._size.width,
            maxHeight=self._size.height,
        )

    def _take(self, frame: Params) -> None:
        self._arrived.append(frame)
        self._has_arrived.set()

    async def _next(self) -> None:
        while True:
            try:
                async with asyncio.timeout(None if self._is_sure else QUIET):
                    await self._has_arrived.wait()
                return
            except TimeoutError:
                self._devtools.send("Page.stopScreencast")
                self._begin()

    async def _show(self, frame: Params) -> None:
        jpeg, taken_at = str(frame.get("data", "")), _taken_at(frame)
        # The same again, when it was asked for: nothing had been left out.
        self._is_sure = jpeg == self._jpeg
        if self._is_sure:
            return
        self._jpeg = jpeg
        picture = await asyncio.to_thread(self._decoder.decode, jpeg)
        if picture is not None:
            self.picture = picture
            self._history.append((taken_at, picture))
            self.shown.set()


def _taken_at(frame: Params) -> float:
    """When the browser took the picture, by `time.monotonic`; it tells the time of day."""
    age = time.time() - float(frame.get("metadata", {}).get("timestamp") or time.time())
    return time.monotonic() - min(max(age, 0.0), _OLDEST)


class JpegDecoder:
    """Used by one thread at a time."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._codec = av.CodecContext.create("mjpeg", "r")
        self._codec.thread_count = 1  # threads would hold pictures back
        self._scaler = VideoReformatter()

    def decode(self, jpeg: str) -> av.VideoFrame | None:
        """The picture, written in base64, as yuv420p of BT.601 in limited range, as composites are; None for one that
        is damaged."""
        try:
            frames = self._codec.decode(av.Packet(base64.b64decode(jpeg)))
            if not frames:
                return None
            return self._scaler.reformat(
                frames[-1],
                self._size.width,
                self._size.height,
                "yuv420p",
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.MPEG,
                threads=1,
            )
        except (av.FFmpegError, ValueError):
            return None

"""The pictures of one live stream: decoded when they are due, and only while somebody is to see them."""

from collections import deque
from fractions import Fraction

import av
from av.codec.context import Flags

from recorder.composite.pictures import HALF_TICK, STALE
from recorder.depacketise import Frame
from recorder.track_writer import TimedFrame
from sfu.link_messages import CodecName

KEPT = 3.0
"""Seconds of pictures that wait at most: beyond that nobody sees them, or this machine is too slow for them."""
_DECODERS: dict[CodecName, str] = {"VP8": "vp8", "VP9": "vp9", "H264": "h264", "AV1": "libdav1d"}
_WITH_EXTRADATA = "H264"  # the others have everything in their keyframes
_TICKS = Fraction(1, 90_000)


class LivePictures:
    """`put` what comes, ask for the `picture` of a moment; moments do not decrease. All times are in seconds of the
    segment.

    While it is not `watched`, pictures wait undecoded from their last keyframe on, as long as that is not older than
    `KEPT`: they are on their way already when the tile is drawn that shows them.
    """

    def __init__(self, codec: CodecName, *, screen: bool) -> None:
        self.codec = codec
        self.undecodable = 0
        """Pictures that were left out."""
        self._screen = screen
        self._decoder: av.VideoCodecContext | None = None
        self._extradata = b""
        self._waiting: deque[TimedFrame] = deque()
        self._keyframe_missing = True
        self._watched = True
        self._current: av.VideoFrame | None = None
        self._seen_at = 0.0

    @property
    def keyframe_wanted(self) -> bool:
        """Whether nothing new can be shown before a keyframe comes."""
        return self._watched and self._keyframe_missing

    def watch(self, watched: bool) -> None:
        """Whether somebody sees it."""
        self._watched = watched
        if not watched:
            self._current = None

    def put(self, timed: TimedFrame) -> None:
        if timed.frame.keyframe:
            self._keyframe_missing = False
            if not self._watched:
                self._waiting.clear()
        elif self._keyframe_missing:
            self.undecodable += self._watched
            return
        self._waiting.append(timed)
        if timed.at - self._waiting[0].at > KEPT:
            self._waiting.clear()
            self._keyframe_missing = True

    def picture(self, at: float) -> av.VideoFrame | None:
        """The picture to be seen; None before the first one, and when a camera has been silent for long."""
        while self._waiting and self._waiting[0].at <= at + HALF_TICK:
            self._decode(self._waiting.popleft())
        if not self._screen and at - self._seen_at > STALE:
            self._current = None
        return self._current

    def _decode(self, timed: TimedFrame) -> None:
        packet = av.Packet(timed.frame.data)
        packet.pts = packet.dts = round(timed.at / _TICKS)
        packet.time_base = _TICKS
        try:
            for frame in self._decoder_for(timed.frame).decode(packet):
                self._current, self._seen_at = frame, timed.at
        except av.FFmpegError:
            # Whatever refers to it would show garbage.
            self.undecodable += 1
            self._waiting.clear()
            self._keyframe_missing = True

    def _decoder_for(self, frame: Frame) -> av.VideoCodecContext:
        """A new one when the stream describes itself otherwise."""
        changed = self.codec == _WITH_EXTRADATA and frame.keyframe and frame.codec_private != self._extradata
        if self._decoder is None or changed:
            decoder = av.CodecContext.create(_DECODERS[self.codec], "r")
            assert isinstance(decoder, av.VideoCodecContext)
            # One picture in, one picture out; many streams at once, so threads would only add latency and memory.
            decoder.flags |= Flags.low_delay
            decoder.thread_count = 1
            if changed:
                decoder.extradata = self._extradata = frame.codec_private
            self._decoder = decoder
        return self._decoder

"""Matroska files (RFC 9559) that survive a kill at any moment.

libavformat's muxer is not used: PyAV offers only its interleaving entry, which holds sound back for as long as a VP8 or
VP9 camera of the same file is muted (`max_interleave_delta` exempts these codecs), all of which a kill would cost;
and it cannot add the camera that comes later. Here each cluster is written whole, at once, and never changed; the
tracks are described in a part of fixed size that is rewritten in place when one is added.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from recorder.append_file import AppendFile
from recorder.ebml import double, element, open_element, padded, size_field, text, unsigned, void
from sfu.link_messages import CodecName

CLUSTER_SPAN = 0.25
"""Seconds that a cluster lasts at most: what a kill costs."""
_CUE_INTERVAL = 2000
"""Milliseconds between the places to seek to, in files without picture."""
_SEEK_ROOM = 96
_TRACKS_ROOM = 4096
_MAX_NAME = 200
_DURATION_SIZE = 11  # id, size and value of the element
_BLOCK_HEAD = Struct(">BhB").pack

_EBML, _SEGMENT, _SEEK_HEAD, _INFO, _TRACKS = 0x1A45DFA3, 0x18538067, 0x114D9B74, 0x1549A966, 0x1654AE6B
_CLUSTER, _CUES, _TAGS, _DURATION = 0x1F43B675, 0x1C53BB6B, 0x1254C367, 0x4489
_CODEC_IDS: dict[CodecName, str] = {
    "opus": "A_OPUS",
    "red": "A_OPUS",
    "VP8": "V_VP8",
    "VP9": "V_VP9",
    "H264": "V_MPEG4/ISO/AVC",
    "AV1": "V_AV1",
}
# RFC 7845 section 5.1: version 1, two channels, nothing to skip (a recording starts amid a stream), 48 kHz, no gain.
_OPUS_HEAD = b"OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00"
_OPUS_PRE_ROLL = 80_000_000  # ns that a decoder needs to converge (RFC 7845 section 4.6)


@dataclass(frozen=True)
class MkvTrack:
    """`name` is shown by players. Width and height (pixels) and `codec_private` (avcC, av1C) are of pictures only."""

    codec: CodecName
    name: str
    width: int = 0
    height: int = 0
    codec_private: bytes = b""


class _Block(NamedTuple):
    track: int
    time: int
    keyframe: bool
    data: bytes


class MkvFile:
    """A file being written. Its own time starts at 0; times are in seconds.

    All methods raise OSError when the disk does; the file then still ends with its last whole cluster.
    """

    def __init__(self, path: Path, title: str, tags: Mapping[str, str]) -> None:
        """`tags` are Matroska tags by name, as ARTIST. Raises FileExistsError too: nothing is overwritten."""
        self.duration = 0.0
        """Seconds from the file's beginning to the end of what is in it."""
        self._end = 0.0  # with what is pending
        self._tracks: list[MkvTrack] = []
        self._last: list[int] = []  # of each track, milliseconds
        self._blocks: list[_Block] = []
        self._cues: list[tuple[int, int, int]] = []  # time, track, position of the cluster
        head = _ebml_header()
        self._segment_at = len(head)
        self._content_at = self._segment_at + 12
        info = _info(title)
        self._duration_at = self._content_at + _SEEK_ROOM + len(info) - _DURATION_SIZE
        self._info_size = len(info)
        self._tags = _tags(tags)
        self._file = AppendFile(path)
        self._tracks_at = self._content_at + _SEEK_ROOM + len(info) + len(self._tags)
        try:
            self._file.append(head + open_element(_SEGMENT) + void(_SEEK_ROOM) + info + self._tags + void(_TRACKS_ROOM))
        except OSError:
            self._file.close()
            path.unlink()
            raise

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._file.size

    @property
    def has_video(self) -> bool:
        return any(track.width for track in self._tracks)

    def add_track(self, track: MkvTrack) -> int:
        """The number by which blocks name it. Raises ValueError when its description is too large."""
        tracks = [*self._tracks, track]
        entries = [_track_entry(number, each) for number, each in enumerate(tracks, 1)]
        self._file.patch(self._tracks_at, padded(element(_TRACKS, *entries), _TRACKS_ROOM))
        self._tracks = tracks
        self._last.append(-1)
        return len(tracks)

    def write(self, track: int, time: float, data: bytes, *, keyframe: bool, duration: float = 0.0) -> None:
        """A frame at `time` since the file's beginning; one that would not be after the track's last is moved there."""
        milliseconds = max(round(time * 1000), self._last[track - 1] + 1)
        self._last[track - 1] = milliseconds
        self._blocks.append(_Block(track, milliseconds, keyframe, data))
        self._end = max(self._end, milliseconds / 1000 + duration)
        if abs(milliseconds - self._blocks[0].time) >= CLUSTER_SPAN * 1000:
            self.flush()

    @property
    def pending(self) -> bool:
        """Whether there are frames that are not in the file yet."""
        return bool(self._blocks)

    def flush(self) -> None:
        """Writes what is pending as a cluster, and the duration so far."""
        blocks = sorted(self._blocks, key=lambda block: block.time)
        self._blocks = []
        while blocks:
            # Block times are 16 bits signed, relative to their cluster.
            start = blocks[0].time
            count = next((index for index, block in enumerate(blocks) if block.time - start > 0x7FFF), len(blocks))
            self._note_cue(blocks[:count], self.size - self._content_at)
            self._file.append(_cluster(start, blocks[:count]))
            blocks = blocks[count:]
        self.duration = self._end
        self._file.patch(self._duration_at, double(_DURATION, self.duration * 1000))

    def finish(self) -> None:
        """Writes what makes seeking fast, and closes the file. Without it the file plays too."""
        try:
            self.flush()
            if self._cues:
                cues_at = self.size - self._content_at
                self._file.append(element(_CUES, *(_cue_point(*cue) for cue in self._cues)))
                self._file.patch(self._content_at, padded(self._seek_head(cues_at), _SEEK_ROOM))
            self._file.patch(self._segment_at + 4, size_field(self.size - self._content_at, 8))
        finally:
            self._file.close()

    def abandon(self) -> None:
        """Closes the file as a kill would leave it: what is pending is lost."""
        self._file.close()

    def _note_cue(self, blocks: list[_Block], position: int) -> None:
        if self.has_video:
            for block in blocks:
                if block.keyframe and self._tracks[block.track - 1].width:
                    self._cues.append((block.time, block.track, position))
                    return
        elif not self._cues or blocks[0].time >= self._cues[-1][0] + _CUE_INTERVAL:
            self._cues.append((blocks[0].time, blocks[0].track, position))

    def _seek_head(self, cues_at: int) -> bytes:
        tags_at = _SEEK_ROOM + self._info_size
        places = ((_INFO, _SEEK_ROOM), (_TAGS, tags_at), (_TRACKS, tags_at + len(self._tags)), (_CUES, cues_at))
        seeks = (
            element(0x4DBB, element(0x53AB, target.to_bytes(4, "big")), unsigned(0x53AC, position))
            for target, position in places
        )
        return element(_SEEK_HEAD, *seeks)


def _ebml_header() -> bytes:
    return element(
        _EBML,
        unsigned(0x4286, 1),  # EBMLVersion
        unsigned(0x42F7, 1),  # EBMLReadVersion
        unsigned(0x42F2, 4),  # EBMLMaxIDLength
        unsigned(0x42F3, 8),  # EBMLMaxSizeLength
        text(0x4282, "matroska"),  # DocType
        unsigned(0x4287, 4),  # DocTypeVersion
        unsigned(0x4285, 2),  # DocTypeReadVersion
    )


def _info(title: str) -> bytes:
    """The duration comes last, as it is patched."""
    return element(
        _INFO,
        unsigned(0x2AD7B1, 1_000_000),  # TimestampScale: milliseconds
        text(0x4D80, "roomcast"),  # MuxingApp
        text(0x5741, "roomcast"),  # WritingApp
        text(0x7BA9, title[:_MAX_NAME]),  # Title
        double(_DURATION, 0.0),
    )


def _tags(tags: Mapping[str, str]) -> bytes:
    simple = (
        element(0x67C8, text(0x45A3, name), text(0x4487, value[:_MAX_NAME])) for name, value in tags.items() if value
    )
    return element(_TAGS, element(0x7373, element(0x63C0), *simple))


def _track_entry(number: int, track: MkvTrack) -> bytes:
    common = (
        unsigned(0xD7, number),  # TrackNumber
        unsigned(0x73C5, number),  # TrackUID
        unsigned(0x9C, 0),  # FlagLacing
        text(0x22B59C, "und"),  # Language
        text(0x536E, track.name[:_MAX_NAME]),  # Name
        text(0x86, _CODEC_IDS[track.codec]),  # CodecID
    )
    if track.codec in ("opus", "red"):
        return element(
            0xAE,
            *common,
            unsigned(0x83, 2),  # TrackType: audio
            element(0x63A2, _OPUS_HEAD),  # CodecPrivate
            unsigned(0x56BB, _OPUS_PRE_ROLL),  # SeekPreRoll
            element(0xE1, double(0xB5, 48000.0), unsigned(0x9F, 2)),  # SamplingFrequency, Channels
        )
    private = (element(0x63A2, track.codec_private),) if track.codec_private else ()
    return element(
        0xAE,
        *common,
        unsigned(0x83, 1),  # TrackType: video
        *private,
        element(0xE0, unsigned(0x9A, 2), unsigned(0xB0, track.width), unsigned(0xBA, track.height)),  # progressive
    )


def _cluster(start: int, blocks: list[_Block]) -> bytes:
    parts = [unsigned(0xE7, start)]  # Timestamp
    for block in blocks:
        head = _BLOCK_HEAD(0x80 | block.track, block.time - start, 0x80 if block.keyframe else 0)
        parts.append(element(0xA3, head, block.data))  # SimpleBlock
    return element(_CLUSTER, *parts)


def _cue_point(time: int, track: int, position: int) -> bytes:
    return element(0xBB, unsigned(0xB3, time), element(0xB7, unsigned(0xF7, track), unsigned(0xF1, position)))

"""An MP4 that plays at any moment of its making: fragments (ISO/IEC 14496-12 section 8.8), each written whole."""

import os
from mmap import mmap
from pathlib import Path
from types import MappingProxyType

from recorder.append_file import AppendFile
from recorder.composite.film import Container

FRAGMENT = 0.24
"""Seconds in a fragment: what is not written yet is lost by a kill."""
FRAGMENTED_MP4 = Container(
    "mp4",
    "aac",
    MappingProxyType(
        {
            # The `moov` waits for the first fragment, as it has to say where the sound begins.
            "movflags": "+empty_moov+delay_moov+default_base_moof",
            "frag_duration": str(round(FRAGMENT * 1_000_000)),
            "flush_packets": "1",
        }
    ),
    MappingProxyType({"aac_coder": "fast"}),
)
_MOOF = b"moof"


class FragmentedFile:
    """Takes what FFmpeg writes; the disk gets it by whole fragments, so that a full disk or a kill cuts none in two."""

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError and other OSErrors."""
        self.path = path
        self._file = AppendFile(path)
        self._pending = bytearray()

    @property
    def target(self) -> "FragmentedFile":
        return self

    def write(self, data: bytes) -> int:
        """Raises OSError; what was to be written then is kept for another attempt."""
        self._pending += data
        whole = whole_fragments(self._pending)
        if whole:
            self._file.append(bytes(self._pending[:whole]))
            del self._pending[:whole]
        return len(data)

    def complete(self) -> None:
        """Raises OSError."""
        if self._pending:
            self._file.append(bytes(self._pending))
        with self.path.open("rb") as written:
            os.fsync(written.fileno())
        self._file.close()

    def discard(self) -> None:
        """Keep what there is: it plays."""


def whole_fragments(data: bytes | bytearray | mmap) -> int:
    """How many bytes from the beginning are whole boxes, a `moof` only with the box that has its media."""
    position = whole = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8 or position + size > len(data):
            break
        kind = data[position + 4 : position + 8]
        position += size
        if kind != _MOOF:
            whole = position
    return whole

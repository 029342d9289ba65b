"""A file that only grows by whole pieces, whatever happens to the disk."""

import os
from pathlib import Path
from typing import Self


class AppendFile:
    """Each piece reaches the kernel at once, so that a kill of this process costs none of those before.

    When a piece cannot be written whole (the disk is full), what was written of it is cut off again.
    """

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError, as nothing is ever overwritten, and OSError."""
        self.path = path
        self.size = 0
        self._file = path.open("xb", buffering=0)

    def append(self, piece: bytes) -> None:
        """Raises OSError; the file is then as it was before."""
        view = memoryview(piece)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError:
            self._cut()
            raise
        self.size += len(piece)

    def patch(self, position: int, piece: bytes) -> None:
        """Replaces bytes that were written before. Raises OSError."""
        os.pwrite(self._file.fileno(), piece, position)

    def close(self) -> None:
        """Raises OSError when the file system tells of an earlier fault only now."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cut(self) -> None:
        self._file.truncate(self.size)
        self._file.seek(self.size)

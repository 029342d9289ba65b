"""The error of a recording that cannot go on."""

import errno
from typing import Literal

RecordingErrorCode = Literal["disk-full", "write-failed"]
_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class RecordingError(Exception):
    """`code` is stable, the text says what happened. Files written so far are intact."""

    def __init__(self, code: RecordingErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code

    @classmethod
    def of(cls, error: OSError) -> "RecordingError":
        """What an error of the file system means to a recording."""
        if error.errno in _FULL:
            return cls("disk-full", "there is no room left for the recording: free some, or choose another folder")
        return cls("write-failed", f"the recording cannot be written: {error.strerror or error}")

"""Writing `timeline.jsonl`; `recorder.timeline` says what is in it."""

from pathlib import Path

from recorder.append_file import AppendFile
from recorder.timeline import FILE_NAME, TimelineLine


class TimelineWriter:
    """Appends lines, each of which reaches the kernel at once and whole."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError, FileExistsError when the folder has a timeline already."""
        self._file = AppendFile(folder / FILE_NAME)

    def write(self, line: TimelineLine) -> None:
        """Raises OSError; the file then ends with the line before."""
        self._file.append(line.model_dump_json().encode() + b"\n")

    def close(self) -> None:
        self._file.close()

"""Where the files of the archive are kept."""

import asyncio
import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a file: where it is, its size in bytes, its SHA-256 in hexadecimal digits."""

    location: str
    size: int
    sha256: str


class LocalStorage:
    """Files in a folder of this machine, at locations such as `CONF-100001/chat.json`."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first file comes."""
        self._folder = folder

    async def put(self, location: str, content: bytes, ready_at: float) -> Stored:
        """Write a file, whole or not at all, in place of one that was there. `ready_at` (Unix seconds) is its time.

        Raises OSError when it cannot be written, ValueError for a location outside the folder.
        """
        path = self._path(location)
        await asyncio.to_thread(_write, path, content, ready_at)
        return Stored(location, len(content), hashlib.sha256(content).hexdigest())

    def local_file(self, location: str) -> Path | None:
        """The file itself; None when it is not there, or the location is none."""
        try:
            path = self._path(location)
        except ValueError:
            return None
        return path if path.is_file() else None

    def _path(self, location: str) -> Path:
        """Raises ValueError for whatever leaves the folder, be it by a symbolic link."""
        parts = PurePosixPath(location).parts
        path = self._folder.joinpath(*parts)
        if not parts or location.startswith("/") or "\0" in location or ".." in parts:
            raise ValueError("this is no location of the archive")
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ValueError("this location is outside the archive")
        return path


def _write(path: Path, content: bytes, ready_at: float) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Whole seconds, as in the dates of HTTP, so that If-Range and If-Modified-Since mean this very file.
        os.utime(temporary, (int(ready_at), int(ready_at)))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

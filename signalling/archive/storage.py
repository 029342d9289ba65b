"""Where the files of the archive are kept."""

import asyncio
import hashlib
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a file: where it is, its size in bytes, its SHA-256 in hexadecimal digits."""

    location: str
    size: int
    sha256: str


class Storage(Protocol):
    """Files at locations such as `CONF-100001/chat.json`. Every method but `local_file` raises OSError when the storage
    fails."""

    async def put(self, location: str, content: bytes, ready_at: float) -> Stored:
        """Write a file, whole or not at all, in place of one that was there. `ready_at` (Unix seconds) is its time.

        Raises ValueError for a location outside the storage.
        """
        ...

    async def delete(self, location: str) -> None:
        """Delete a file. It is no mistake when there is none, or the location is none."""
        ...

    def local_file(self, location: str) -> Path | None:
        """The file itself where it is on this machine; None when it is not, or the location is none."""
        ...

    async def size(self, location: str) -> int | None:
        """In bytes; None when there is no such file, or the location is none."""
        ...

    async def read(self, location: str, start: int, stop: int) -> bytes:
        """The bytes of an existing file from `start` to before `stop`."""
        ...


class LocalStorage:
    """Files in a folder of this machine."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when the first file comes."""
        self._folder = folder

    async def put(self, location: str, content: bytes, ready_at: float) -> Stored:
        path = self._path(location)
        await asyncio.to_thread(_write, path, content, ready_at)
        return stored(location, content)

    async def delete(self, location: str) -> None:
        try:
            path = self._path(location)
        except ValueError:
            return
        await asyncio.to_thread(_delete, path, self._folder)

    def local_file(self, location: str) -> Path | None:
        try:
            path = self._path(location)
        except ValueError:
            return None
        return path if path.is_file() else None

    async def size(self, location: str) -> int | None:
        path = self.local_file(location)
        return None if path is None else path.stat().st_size

    async def read(self, location: str, start: int, stop: int) -> bytes:
        return await asyncio.to_thread(_read, self._path(location), start, stop)

    def _path(self, location: str) -> Path:
        """Raises ValueError for whatever leaves the folder, be it by a symbolic link."""
        path = self._folder.joinpath(*parts_of(location))
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ValueError("this location is outside the archive")
        return path


def parts_of(location: str) -> tuple[str, ...]:
    """The names of folders and file that a location is made of. Raises ValueError for one that leads elsewhere."""
    parts = PurePosixPath(location).parts
    if not parts or location.startswith("/") or "\0" in location or ".." in parts:
        raise ValueError("this is no location of the archive")
    return parts


def stored(location: str, content: bytes) -> Stored:
    return Stored(location, len(content), hashlib.sha256(content).hexdigest())


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


def _read(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)


def _delete(path: Path, folder: Path) -> None:
    path.unlink(missing_ok=True)
    # The folder of a session goes with its last file. One that is not empty, or not there, is left alone.
    with suppress(OSError):
        if path.parent != folder:
            path.parent.rmdir()

"""The archive in an object store, or on any other file system that fsspec knows."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from fsspec.core import url_to_fs

from signalling.archive.storage import LocalStorage, Storage, Stored, parts_of, stored

T = TypeVar("T")


class StorageError(OSError):
    """The storage does not do what it should: it cannot be reached, or refuses."""


def open_storage(url: str) -> Storage:
    """The storage at a URL such as `s3://bucket/folder` or `file:///folder`.

    Credentials come from where the file system of that kind looks for them, as from AWS_ACCESS_KEY_ID. Raises
    StorageError for a URL that cannot be used here.
    """
    try:
        # Listings that were remembered would hide what a recorder has brought meanwhile.
        filesystem, root = url_to_fs(url, use_listings_cache=False)
    except Exception as error:
        # A kind that is not known, a package that is missing, or whatever the file system of the kind says.
        raise StorageError(f"the storage cannot be used: {error}") from error
    if "file" in _protocols(filesystem):
        return LocalStorage(Path(root))
    return RemoteStorage(filesystem, root)


class RemoteStorage:
    """Files below `root` of a file system of fsspec, whose calls block and therefore run in threads."""

    def __init__(self, filesystem: Any, root: str) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")

    async def put(self, location: str, content: bytes, ready_at: float) -> Stored:
        path = self._path(location)

        def write() -> None:
            self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._filesystem.pipe_file(path, content)

        await _in_thread(write)
        return stored(location, content)

    async def delete(self, location: str) -> None:
        try:
            path = self._path(location)
        except ValueError:
            return
        await _in_thread(lambda: _unless_missing(self._filesystem.rm_file, path))

    def local_file(self, location: str) -> None:
        return None

    async def size(self, location: str) -> int | None:
        try:
            path = self._path(location)
        except ValueError:
            return None
        found = await _in_thread(lambda: _unless_missing(self._filesystem.info, path))
        return int(found["size"]) if found and found["type"] == "file" else None

    async def read(self, location: str, start: int, stop: int) -> bytes:
        path = self._path(location)
        content: bytes = await _in_thread(lambda: self._filesystem.cat_file(path, start=start, end=stop))
        return content

    def _path(self, location: str) -> str:
        return "/".join([self._root, *parts_of(location)])


def _protocols(filesystem: Any) -> tuple[str, ...]:
    names = filesystem.protocol
    return (names,) if isinstance(names, str) else tuple(names)


def _unless_missing(act: Callable[[str], T], path: str) -> T | None:
    try:
        return act(path)
    except FileNotFoundError:
        return None


async def _in_thread(act: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(act)
    except OSError:
        raise
    except Exception as error:
        # Each file system has errors of its own kind, of which nothing here can know.
        raise StorageError(f"{type(error).__name__}: {error}") from error

"""The archive in an object store, or on any other file system that fsspec knows."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import fsspec
import fsspec.core
import fsspec.utils

from signalling.archive.storage import LocalStorage, Storage, Stored, parts_of, stored

T = TypeVar("T")

CONNECTED = frozenset({"ftp", "sftp", "ssh"})
"""File systems that are one connection, which threads cannot share and which servers end when nothing is said."""


class StorageError(OSError):
    """The storage does not do what it should: it cannot be reached, or refuses."""


def open_storage(url: str) -> Storage:
    """The storage at a URL such as `s3://bucket/folder` or `file:///folder`.

    Credentials come from where the file system of that kind looks for them, as from AWS_ACCESS_KEY_ID. Raises
    StorageError for a URL that cannot be used here.
    """
    try:
        kind = fsspec.get_filesystem_class(fsspec.utils.get_protocol(url))
        if CONNECTED & _protocols(kind):
            return RemoteStorage(lambda: _open(url, connected=True)[0], kind._strip_protocol(url))
        filesystem, root = _open(url, connected=False)
    except Exception as error:
        # A kind that is not known, a package that is missing, or whatever the file system of the kind says.
        raise StorageError(f"the storage cannot be used: {error}") from error
    if "file" in _protocols(filesystem):
        return LocalStorage(Path(root))
    return RemoteStorage(lambda: filesystem, root)


class RemoteStorage:
    """Files below `root` of a file system of fsspec, whose calls block and therefore run in threads. `open_filesystem`
    is called there for each piece of work."""

    def __init__(self, open_filesystem: Callable[[], Any], root: str) -> None:
        self._open = open_filesystem
        self._root = root.rstrip("/")

    async def put(self, location: str, content: bytes, ready_at: float) -> Stored:
        path = self._path(location)

        def write(filesystem: Any) -> None:
            filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            filesystem.pipe_file(path, content)

        await self._work(write)
        return stored(location, content)

    async def delete(self, location: str) -> None:
        try:
            path = self._path(location)
        except ValueError:
            return
        await self._work(lambda filesystem: _remove(filesystem, path))

    def local_file(self, location: str) -> None:
        return None

    async def size(self, location: str) -> int | None:
        try:
            path = self._path(location)
        except ValueError:
            return None
        found = await self._work(lambda filesystem: _unless_missing(filesystem.info, path))
        return int(found["size"]) if found and found["type"] == "file" else None

    async def read(self, location: str, start: int, stop: int) -> bytes:
        path = self._path(location)
        content: bytes = await self._work(lambda filesystem: filesystem.cat_file(path, start=start, end=stop))
        return content

    def _path(self, location: str) -> str:
        return "/".join([self._root, *parts_of(location)])

    async def _work(self, act: Callable[[Any], T]) -> T:
        try:
            return await asyncio.to_thread(lambda: act(self._open()))
        except OSError:
            raise
        except Exception as error:
            # Each file system has errors of its own kind, of which nothing here can know.
            raise StorageError(f"{type(error).__name__}: {error}") from error


def _open(url: str, connected: bool) -> tuple[Any, str]:
    # Listings that were remembered would hide what a recorder has brought meanwhile, and connections that were
    # remembered be handed out again long after the server has ended them.
    filesystem, root = fsspec.core.url_to_fs(url, use_listings_cache=False, skip_instance_cache=connected)
    return filesystem, root


def _protocols(filesystem: Any) -> frozenset[str]:
    names = filesystem.protocol
    return frozenset((names,) if isinstance(names, str) else names)


def _remove(filesystem: Any, path: str) -> None:
    try:
        filesystem.rm_file(path)
    except FileNotFoundError:
        return
    except Exception:
        # FTP has one error for all that cannot be done.
        if filesystem.exists(path):
            raise


def _unless_missing(act: Callable[[str], T], path: str) -> T | None:
    try:
        return act(path)
    except FileNotFoundError:
        return None

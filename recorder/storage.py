"""The archive's storage: a folder, S3, FTP, Azure, or whatever else fsspec has a backend for."""

import asyncio
import hashlib
import os
import posixpath
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import fsspec.core
import fsspec.utils
from fsspec.implementations.local import LocalFileSystem

CHUNK = 1 << 20
PARALLEL = 2
"""Uploads at the same time."""
_RENAMING = frozenset({"file", "local", "memory", "ftp", "sftp", "ssh", "smb", "webdav", "hdfs"})
"""Where a file shows while it is written: it gets its name when it is whole. Object stores do so by themselves."""
_CONNECTED = frozenset({"ftp", "sftp", "ssh"})
"""File systems that are one connection, which threads cannot share and which servers end when nothing is said."""


class StorageError(Exception):
    """The archive cannot be used, or did not take a file; the text says why. Trying again may help."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a file: where it is in the archive, its size in bytes, its SHA-256 in hexadecimal digits."""

    location: str
    size: int
    sha256: str


class ArchiveStorage:
    """Files at locations such as `CONF-100001/segment-1.mp4` below a URL.

    Credentials come from the URL or from what the backend itself reads (AWS_*, AZURE_*, FSSPEC_* variables).
    """

    def __init__(self, url: str) -> None:
        """Raises StorageError when there is no backend for this URL here. Nothing is connected to yet."""
        self._url = url
        self._shared: Any = None
        try:
            kind = fsspec.get_filesystem_class(fsspec.utils.get_protocol(url))
            names = frozenset((kind.protocol,) if isinstance(kind.protocol, str) else kind.protocol)
            if names & _CONNECTED:
                self._root = kind._strip_protocol(url)
            else:
                self._shared, self._root = _open(url, connected=False)
        except ImportError as error:
            raise StorageError(f"a package is missing for it: {error}") from error
        except Exception as error:  # each backend has its own errors
            raise StorageError(f"it cannot be used: {error}") from error
        self._renaming = bool(_RENAMING & names)
        self._threads = ThreadPoolExecutor(PARALLEL, "archive")
        self._closing = threading.Event()

    async def put(self, path: Path, location: str) -> Stored:
        """Copy a file to the archive, in place of one that was there, and check that it arrived.

        Nobody sees half a file. Raises StorageError.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._put, path, location)

    def close(self) -> None:
        """Give up what is under way, which the next start does again."""
        self._closing.set()
        self._threads.shutdown()

    def _put(self, path: Path, location: str) -> Stored:
        final = posixpath.join(self._root, location)
        folder, name = posixpath.split(final)
        written = posixpath.join(folder, f".{name}.{secrets.token_hex(4)}") if self._renaming else final
        try:
            fs = self._shared or _open(self._url, connected=True)[0]
            if self._renaming:
                fs.makedirs(folder, exist_ok=True)
            try:
                size, sha256 = self._copy(fs, path, written)
                _check(fs, written, size)
                if self._renaming:
                    _rename(fs, written, final)
            except BaseException:
                if self._renaming:
                    with suppress(Exception):  # it may not be there, and the first error is the one to tell
                        fs.rm_file(written)
                raise
        except StorageError:
            raise
        except Exception as error:  # each backend has its own errors, which have no common base
            raise StorageError(f"{name} could not be stored: {str(error) or type(error).__name__}") from error
        return Stored(location, size, sha256)

    def _copy(self, fs: Any, path: Path, target: str) -> tuple[int, str]:
        """Size and SHA-256 of what was written."""
        digest = hashlib.sha256()
        size = 0
        with path.open("rb") as source:
            written = fs.open(target, "wb")
            try:
                while chunk := source.read(CHUNK):
                    if self._closing.is_set():
                        raise StorageError("the recorder stops")
                    written.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
            except BaseException:
                self._discard(written)
                raise
            written.close()
        if isinstance(fs, LocalFileSystem):
            # The only other copy is deleted soon.
            with Path(target).open("rb") as file:
                os.fsync(file.fileno())
        return size, digest.hexdigest()

    def _discard(self, written: Any) -> None:
        with suppress(Exception):  # the error that led here is the one to tell
            if self._renaming:
                written.close()
            else:
                # Closing it, even when it is collected, would show what there is of it as the file.
                written.discard()
                written.closed = True


def _open(url: str, connected: bool) -> tuple[Any, str]:
    # Listings are not kept: what others write there, signalling above all, would be missed. Neither are connections,
    # which fsspec would otherwise hand out again long after the server has ended them.
    fs, root = fsspec.core.url_to_fs(url, use_listings_cache=False, skip_instance_cache=connected)
    return fs, root


def _rename(fs: Any, written: str, final: str) -> None:
    """In place of a file that may be there, as after a crash. Some FTP servers want that one deleted first."""
    try:
        fs.mv(written, final)
    except Exception:  # each backend has its own errors
        if not fs.exists(final):
            raise
        fs.rm_file(final)
        fs.mv(written, final)


def _check(fs: Any, target: str, size: int) -> None:
    fs.invalidate_cache()
    found = fs.info(target)["size"]
    if found != size:
        raise StorageError(f"the archive has {found} bytes of {posixpath.basename(target)} instead of {size}")

"""The archive on file systems of fsspec: in memory, and in S3 as moto serves it, over FTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from signalling.archive import LocalStorage, Storage, StorageError, open_storage
from tests.support.ftp import ftp_server
from tests.support.s3 import s3_server


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with s3_server(monkeypatch):
        yield


@pytest.fixture(params=["memory", "s3", "ftp"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "s3":
        request.getfixturevalue("s3")
        yield open_storage(f"s3://{tmp_path.name.replace('_', '-')[:50].strip('-')}/meetings")
        return
    if request.param == "ftp":
        with ftp_server(tmp_path / "ftp") as server:
            yield open_storage(f"{server.url}/meetings")
        return
    yield open_storage(f"memory://{tmp_path.name}")
    MemoryFileSystem.store.clear()


async def test_what_was_put_is_read_in_parts_replaced_and_deleted(storage: Storage) -> None:
    stored = await storage.put("CONF-100001/chat.json", b"0123456789", 1.0)
    assert (stored.location, stored.size) == ("CONF-100001/chat.json", 10)
    assert storage.local_file(stored.location) is None
    assert await storage.size(stored.location) == 10
    assert await storage.read(stored.location, 3, 6) == b"345"
    await storage.put("CONF-100001/chat.json", b"another", 2.0)
    assert await storage.size(stored.location) == 7
    await storage.delete(stored.location)
    await storage.delete(stored.location)
    assert await storage.size(stored.location) is None


@pytest.mark.parametrize("location", ["", "/", "../secret", "a/../../secret", "a/\0"])
async def test_no_location_leads_elsewhere(location: str) -> None:
    storage = open_storage("memory://archive")
    assert await storage.size(location) is None
    await storage.delete(location)
    with pytest.raises(ValueError, match="location"):
        await storage.put(location, b"", 1.0)


async def test_whatever_a_file_system_raises_is_an_os_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no connection")

    storage = open_storage("memory://archive")
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", fail)
    with pytest.raises(OSError, match="no connection"):
        await storage.put("a/b", b"", 1.0)


def test_a_folder_is_used_as_one(tmp_path: Path) -> None:
    assert isinstance(open_storage(f"file://{tmp_path}"), LocalStorage)


@pytest.mark.parametrize("url", ["nonsense://bucket", "dropbox-that-is-missing://x"])
def test_a_url_that_nothing_serves_is_refused(url: str) -> None:
    with pytest.raises(StorageError):
        open_storage(url)

"""The archive's storage: a folder, memory, and real S3 and FTP servers."""

import asyncio
import errno
import hashlib
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry

from recorder.storage import CHUNK, ArchiveStorage, StorageError
from tests.support.ftp import ftp_server
from tests.support.s3 import s3_server
from tests.support.server import free_port

CONTENT = os.urandom(3 * CHUNK + 17)


@asynccontextmanager
async def storage_at(url: str) -> AsyncIterator[ArchiveStorage]:
    storage = ArchiveStorage(url)
    try:
        yield storage
    finally:
        storage.close()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "ada-1.mkv"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder in a bucket that is there."""
    with s3_server(monkeypatch):
        bucket = f"recordings-{secrets.token_hex(4)}"
        fsspec.filesystem("s3").mkdir(bucket)
        yield f"{bucket}/archive"


async def test_a_folder_gets_the_file_whole_and_nothing_besides(tmp_path: Path, source: Path) -> None:
    folder = tmp_path / "archive with a space"
    async with storage_at(f"file://{folder}") as storage:
        for _ in range(2):
            stored = await storage.put(source, "CONF-1/segment-1-ada-1.mkv")
    assert (stored.location, stored.size) == ("CONF-1/segment-1-ada-1.mkv", len(CONTENT))
    assert stored.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert [path.name for path in (folder / "CONF-1").iterdir()] == ["segment-1-ada-1.mkv"]
    assert (folder / stored.location).read_bytes() == CONTENT


async def test_s3_gets_the_file(s3: str, source: Path) -> None:
    async with storage_at(f"s3://{s3}") as storage:
        stored = await storage.put(source, "CONF-1/film.mp4")
        assert (stored.size, stored.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    found = fsspec.filesystem("s3", skip_instance_cache=True)
    assert found.find(s3) == [f"{s3}/CONF-1/film.mp4"]
    assert found.cat_file(f"{s3}/CONF-1/film.mp4") == CONTENT


async def test_s3_shows_nothing_of_an_upload_that_broke_off(
    s3: str, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with storage_at(f"s3://{s3}") as storage:
        monkeypatch.setattr(hashlib, "sha256", FailingDigest)
        with pytest.raises(StorageError, match=r"film\.mp4"):
            await storage.put(source, "CONF-1/film.mp4")
    assert fsspec.filesystem("s3", skip_instance_cache=True).find(s3) == []


async def test_a_bucket_that_is_not_there_is_an_error_that_names_the_file(s3: str, source: Path) -> None:
    async with storage_at("s3://elsewhere/archive") as storage:
        with pytest.raises(StorageError, match=r"film\.mp4"):
            await storage.put(source, "CONF-1/film.mp4")


async def test_ftp_gets_files_at_the_same_time_each_whole_and_nothing_besides(tmp_path: Path, source: Path) -> None:
    locations = [f"CONF-1/segment-1-{name}.mkv" for name in ("ada", "bob", "eve")]
    with ftp_server(tmp_path / "ftp") as server:
        async with storage_at(f"{server.url}/archive") as storage:
            await storage.put(source, locations[0])
            for stored in await asyncio.gather(*(storage.put(source, location) for location in locations)):
                assert (stored.size, stored.sha256) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
        found = {path for path in server.folder.rglob("*") if path.is_file()}
    assert found == {server.folder / "archive" / location for location in locations}
    assert all(path.read_bytes() == CONTENT for path in found)


async def test_an_ftp_server_that_is_away_is_no_obstacle_at_the_start(source: Path) -> None:
    async with storage_at(f"ftp://ada:secret@127.0.0.1:{free_port()}/archive") as storage:
        with pytest.raises(StorageError, match=r"film\.mp4"):
            await storage.put(source, "CONF-1/film.mp4")


class Connection(MemoryFileSystem):
    """A kind of file system that is one connection, as fsspec knows SFTP."""

    protocol = "sftp"
    opened = 0

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        Connection.opened += 1


async def test_a_connection_that_the_server_may_have_ended_is_not_used_again(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_registry, "sftp", Connection)
    monkeypatch.setattr(Connection, "store", {})
    async with storage_at("sftp://archive.example/films") as storage:
        for number in range(4):
            await storage.put(source, f"CONF-1/film-{number}.mp4")
    assert Connection.opened == 4


class FailingDigest:
    """A fault after the second chunk."""

    def __init__(self) -> None:
        self.chunks = 0

    def update(self, chunk: bytes) -> None:
        self.chunks += 1
        if self.chunks == 2:
            raise OSError(errno.ENOSPC, "No space left on device")


async def test_a_folder_keeps_nothing_of_a_copy_that_broke_off(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with storage_at(f"file://{tmp_path}/archive") as storage:
        await storage.put(source, "CONF-1/film.mp4")
        monkeypatch.setattr(hashlib, "sha256", FailingDigest)
        source.write_bytes(b"another one" * CHUNK)
        with pytest.raises(StorageError, match="No space left"):
            await storage.put(source, "CONF-1/film.mp4")
    assert [path.name for path in (tmp_path / "archive" / "CONF-1").iterdir()] == ["film.mp4"]
    assert (tmp_path / "archive/CONF-1/film.mp4").read_bytes() == CONTENT, "the file that was there"


async def test_an_archive_that_lost_bytes_is_noticed(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with storage_at("memory://archive") as storage:
        monkeypatch.setattr(storage._shared, "info", lambda path: {"size": 5})
        with pytest.raises(StorageError, match=f"5 bytes of .* instead of {len(CONTENT)}"):
            await storage.put(source, "CONF-1/film.mp4")


async def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    async with storage_at("memory://archive") as storage:
        with pytest.raises(StorageError, match=r"film\.mp4"):
            await storage.put(tmp_path / "gone", "CONF-1/film.mp4")


async def test_whoever_stops_does_not_wait_for_a_long_copy(source: Path) -> None:
    storage = ArchiveStorage("memory://archive")
    storage._closing.set()
    with pytest.raises(StorageError, match="stops"):
        await storage.put(source, "CONF-1/film.mp4")
    storage.close()


@pytest.mark.parametrize(
    ("url", "mentions"), [("gopher://host/archive", "gopher"), ("abfs://container/archive", "package")]
)
def test_a_storage_that_is_not_to_be_had_is_said_at_once(url: str, mentions: str) -> None:
    with pytest.raises(StorageError, match=mentions):
        ArchiveStorage(url)

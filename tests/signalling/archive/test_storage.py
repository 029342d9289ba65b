import hashlib
import os
from pathlib import Path

import pytest

from signalling.archive import LocalStorage


async def test_a_file_is_whole_private_and_of_whole_seconds(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "archive")
    stored = await storage.put("CONF-100001/chat.json", b"{}", 1_800_000_000.9)
    assert (stored.location, stored.size) == ("CONF-100001/chat.json", 2)
    assert stored.sha256 == hashlib.sha256(b"{}").hexdigest()
    file = storage.local_file(stored.location)
    assert file is not None
    assert (file.read_bytes(), file.stat().st_mtime) == (b"{}", 1_800_000_000)
    assert os.listdir(file.parent) == ["chat.json"]


async def test_a_file_takes_the_place_of_one_that_was_there(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put("a/b", b"first", 1.0)
    await storage.put("a/b", b"second", 2.0)
    assert (tmp_path / "a" / "b").read_bytes() == b"second"


async def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put("a/b", b"first", 1.0)

    def full(_fd: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        await storage.put("a/b", b"second", 2.0)
    assert (os.listdir(tmp_path / "a"), (tmp_path / "a" / "b").read_bytes()) == (["b"], b"first")


@pytest.mark.parametrize(
    "location", ["", "/", "/etc/passwd", "../secret", "a/../../secret", "a/\0", "link/secret", "."]
)
async def test_no_location_leaves_the_folder(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    (tmp_path / "secret").write_text("secret")
    (folder / "link").symlink_to(tmp_path)
    storage = LocalStorage(folder)
    assert storage.local_file(location) is None
    if location != ".":
        with pytest.raises(ValueError, match="location"):
            await storage.put(location, b"", 1.0)


async def test_a_file_that_is_gone_is_none(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put("a/b", b"", 1.0)
    assert storage.local_file("a") is None
    (tmp_path / "a" / "b").unlink()
    assert storage.local_file("a/b") is None


async def test_a_part_of_a_file_is_read(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put("a/b", b"0123456789", 1.0)
    assert await storage.size("a/b") == 10
    assert await storage.read("a/b", 3, 6) == b"345"
    assert await storage.size("a/c") is None


async def test_the_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    for location in ("a/b", "a/c"):
        await storage.put(location, b"", 1.0)
    await storage.delete("a/b")
    assert os.listdir(tmp_path / "a") == ["c"]
    await storage.delete("a/c")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("location", ["a/b", "../secret", "/etc/passwd", "link/secret", ""])
async def test_deleting_what_is_not_in_the_archive_does_nothing(tmp_path: Path, location: str) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "archive" / "link").symlink_to(tmp_path)
    await LocalStorage(tmp_path / "archive").delete(location)
    assert (tmp_path / "secret").read_text() == "secret"

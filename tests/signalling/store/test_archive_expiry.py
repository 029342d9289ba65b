"""Files of the archive, on both databases."""

from signalling.store import ArchiveFile, Store

NOW = 1_800_000_000.123456


async def _kept(store: Store, name: str, *, app_id: str = "app", expires_at: float | None = None) -> ArchiveFile:
    """A file of a session of its own."""
    room = await store.rooms.create(app_id, "Standup", "owner", now=NOW)
    conf_num = await store.sessions.open(room.room_id, NOW)
    file = ArchiveFile(name, conf_num, "recording", name, f"{conf_num}/{name}", "video/x", 1, "", NOW, expires_at)
    await store.archive_files.keep(file)
    return file


async def test_the_latest_sessions_come_first_and_expired_files_not_at_all(store: Store) -> None:
    files = [await _kept(store, name) for name in ("a", "b", "c")]
    await _kept(store, "expired", expires_at=NOW)
    await _kept(store, "other", app_id="other")
    latest = await store.archive_files.latest("app", NOW, 2)
    assert [found for _, found in latest] == [[files[2]], [files[1]]]
    rest = await store.archive_files.latest("app", NOW, 2, before=latest[-1][0].conf_num)
    assert [found for _, found in rest] == [[files[0]]]


async def test_what_has_expired_is_found_piece_by_piece(store: Store) -> None:
    for name, expires_at in (("a", NOW), ("b", NOW - 5), ("c", NOW + 1), ("d", None)):
        await _kept(store, name, expires_at=expires_at)
    first = await store.archive_files.expired(NOW, 1)
    rest = await store.archive_files.expired(NOW, 9, after=first[-1].file_id)
    assert [file.name for file in first + rest] == ["a", "b"]


async def test_a_file_that_was_deleted_is_forgotten(store: Store) -> None:
    file = await _kept(store, "a")
    await store.archive_files.forget(file)
    assert await store.archive_files.get("a", "app", NOW) is None

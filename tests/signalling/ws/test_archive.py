"""From what people do in a session to the files of its archive."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from signalling.store import SessionSelection
from tests.support.signalling import CREDENTIALS, PATIENCE, running_signalling


async def archived(folder: Path) -> Any:
    """The metadata of the first session, as soon as it is there."""
    file = folder / "archive" / "CONF-100001" / "session-meta.json"
    async with asyncio.timeout(PATIENCE):
        while not file.exists():
            await asyncio.sleep(0.02)
    return json.loads(file.read_text())


async def test_an_ended_session_leaves_its_chat_and_what_happened(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, archive_dir=tmp_path / "archive") as server, server.client() as ann:
        room = await server.room()
        joined = await ann.call("join", token=server.token(room, "Ann", "moderator"))
        async with server.client() as bob:
            other = await bob.call("join", token=server.token(room, "Bob"))
            await ann.call("lock")
            await ann.call("send-message", text="hello all")
            await bob.call("send-message", text="psst", to=[joined["client_id"]])
            await ann.call("drop-user", client_ids=[other["client_id"]])
        await ann.call("leave")
        metadata = await archived(tmp_path)
    assert [event["name"] for event in metadata["events"]] == [
        "user-connected",
        "user-connected",
        "room-locked",
        "room-disconnected",
        "user-disconnected",
        "user-disconnected",
    ]
    assert [(one["name"], one["left_reason"]) for one in metadata["participants"]] == [
        ("Ann", "left"),
        ("Bob", "disconnected-by-moderator"),
    ]
    chat = json.loads((tmp_path / "archive" / "CONF-100001" / "chat.json").read_text())
    assert [(one["name"], one["to"], one["text"]) for one in chat["messages"]] == [
        ("Ann", None, "hello all"),
        ("Bob", [joined["client_id"]], "psst"),
    ]


async def test_a_session_that_the_end_of_the_server_ended_is_archived_too(tmp_path: Path) -> None:
    async with running_signalling(tmp_path, archive_dir=tmp_path / "archive") as server, server.client() as ann:
        await ann.call("join", token=server.token(await server.room(), "Ann", "moderator"))
    assert (await archived(tmp_path))["participants"][0]["left_reason"] == "server-restart"


async def test_a_session_that_was_never_archived_is_so_at_the_next_start(tmp_path: Path) -> None:
    async with running_signalling(tmp_path) as server, server.client() as ann:
        await ann.call("join", token=server.token(await server.room(), "Ann", "moderator"))
    async with running_signalling(tmp_path, archive_dir=tmp_path / "archive"):
        await archived(tmp_path)


async def test_files_expire_after_so_many_days_and_are_deleted_at_the_next_look(tmp_path: Path) -> None:
    settings = {"archive_dir": tmp_path / "archive", "archive_days": 7}
    async with running_signalling(tmp_path, **settings) as server, server.client() as ann:
        await ann.call("join", token=server.token(await server.room(), "Ann", "moderator"))
        await ann.call("leave")
        await archived(tmp_path)
        while not (found := await server.store.archive_files.find(SessionSelection(CREDENTIALS.app_id), 0.0, 1)):
            await asyncio.sleep(0.02)
        [(_, [file])] = found
        assert file.expires_at == file.ready_at + 7 * 86_400
        await server.store.archive_files.keep(replace(file, expires_at=file.ready_at))
    async with running_signalling(tmp_path, **settings), asyncio.timeout(PATIENCE):
        while (tmp_path / "archive" / "CONF-100001").exists():
            await asyncio.sleep(0.02)


async def test_the_archive_may_be_in_any_storage(tmp_path: Path) -> None:
    url = f"file://{tmp_path / 'archive'}"
    async with running_signalling(tmp_path, archive_url=url) as server, server.client() as ann:
        await ann.call("join", token=server.token(await server.room(), "Ann", "moderator"))
    assert await archived(tmp_path)

"""Signalling with a real recorder process, which records a tap port with a real voice and a real picture."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import SimpleNamespace

from sfu.link_messages import DeleteTap, TapAddress
from signalling.store import ArchiveFile, SessionSelection
from tests.support.link_node import link_node
from tests.support.link_recorder import until
from tests.support.offers import MEETING, small_offer
from tests.support.recorder_process import RecorderProcess, recorder_process
from tests.support.signalling import SECRET, RpcClient, Signalling, running_signalling
from tests.support.tap_port import TapPort, tap_port

PATIENCE = 60.0


def recorder(server: Signalling, folder: Path) -> AbstractAsyncContextManager[RecorderProcess]:
    dialled = SimpleNamespace(url=server.url.replace("http", "ws", 1) + "/link/recorder")
    return recorder_process(folder, dialled, link_secret=SECRET)


def address(tap: TapPort) -> TapAddress:
    return TapAddress(host=tap.target.host, port=tap.target.port, fingerprint=tap.target.fingerprint)


async def begin(server: Signalling, ann: RpcClient, tap: TapPort) -> None:
    async with asyncio.timeout(PATIENCE):
        while not server.recording.available:
            await asyncio.sleep(0.05)
    token = server.token(await server.room(quality="LD"), "Ann", "moderator")
    await ann.call("join", token=token, offer=small_offer(MEETING))
    await ann.call("start-record")
    await until(lambda: tap.connections > 0)


async def archived(server: Signalling, number: int) -> list[ArchiveFile]:
    """The files of the only session, when there are so many."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await server.store.archive_files.find(SessionSelection("app"), server.clock.wall(), 1)
            if found and len(found[0][1]) >= number:
                return found[0][1]
            await asyncio.sleep(0.05)


async def test_what_was_recorded_comes_into_the_archive(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path) as server,
        tap_port() as tap,
        recorder(server, tmp_path) as process,
        link_node(server.url, secret=SECRET, tap=address(tap)) as node,
        server.client() as ann,
    ):
        await begin(server, ann, tap)
        await process.recorded(1.0)
        await ann.call("stop-record")
        await node.told(DeleteTap)
        files = await archived(server, 2)
        assert [(file.kind, file.name) for file in files] == [
            ("recording", "segment-1-ada-1.mkv"),
            ("transcoded", "segment-1.mp4"),
        ]
        for file in files:
            assert (process.archive / file.location).stat().st_size == file.size
        # It is told of nothing twice once signalling has it.
        await until(lambda: not process.segments())


async def test_a_killed_recorder_delivers_what_it_had_when_it_is_back(tmp_path: Path) -> None:
    async with (
        running_signalling(tmp_path) as server,
        tap_port() as tap,
        link_node(server.url, secret=SECRET, tap=address(tap)),
        server.client() as ann,
    ):
        async with recorder(server, tmp_path) as process:
            await begin(server, ann, tap)
            await process.recorded(1.0)
            await process.kill()
            assert (await ann.event("room-record-failed"))["reason"] == "recorder-gone"
        async with recorder(server, tmp_path):
            assert [file.kind for file in await archived(server, 2)] == ["recording", "transcoded"]
            await ann.call("ping")

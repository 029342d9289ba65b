"""What closes is freed at once, without the collector, which may not look at everything while packets wait."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from sfu import garbage
from tests.support.forwarding import AudioSource, Session, VideoSource, camera, microphone, slots
from tests.support.media_peer import connected_peer, eventually, make_ice, open_node, udp_link


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()


@pytest.mark.parametrize("ends", ["node", "peer"])
async def test_a_transport_that_closed_is_freed(ends: str) -> None:
    async with open_node() as node:
        async with connected_peer(node) as (_, transport):
            parts = weakref.ref(transport), weakref.ref(transport._dtls), weakref.ref(transport._dtls._session)
            if ends == "node":
                transport.close()
        del transport
        await eventually(lambda: [part() for part in parts] == [None, None, None])


async def test_a_transport_whose_peer_never_shook_hands_is_freed() -> None:
    async with open_node() as node, connected_peer(node, "b") as (peer, _):
        transport = node.add(peer.certificate)
        link = await udp_link(node)
        await link.check(make_ice())
        known = weakref.ref(transport)
        transport.close()
        del transport
        link.close()
        await eventually(lambda: known() is None)


def test_a_participant_who_left_is_freed_once_nobody_can_ask_for_their_packets() -> None:
    session = Session()
    stayer = session.join("s", slots=slots(audio=2, video=2))
    leaver = session.join("p", tracks=(camera("p"), microphone("p")), slots=slots(audio=2, video=2))
    leaver.send(*VideoSource(1).frame(key=True), AudioSource(2).packet())
    session.decide()
    parts = [weakref.ref(part) for part in (leaver.peer, *leaver.peer.ingress.tracks.values())]
    session.router.remove_transport("p")
    del leaver
    session.now += 1.0
    session.decide()
    for _ in range(2):
        session.now += 10.0
        stayer.peer.reports(session.now, session.now)
    assert [part() for part in parts] == [None, None, None]


def test_full_collections_are_never_begun_by_themselves() -> None:
    gc.enable()
    try:
        garbage.tame()
        assert not gc.isenabled()
        known = weakref.ref(Cycle())
        before = gc.get_freeze_count()
        kept: list[list[int]] = []
        for _ in range(garbage.AGEING + 2):
            kept += [[number] for number in range(2 * garbage.YOUNG)]
            garbage.put_aside()
        assert known() is None
        assert gc.get_freeze_count() - before > 2 * garbage.YOUNG
        garbage.collect_all()
    finally:
        gc.unfreeze()


class Cycle:
    def __init__(self) -> None:
        self.itself = self


def test_all_is_collected_when_nobody_waits_or_memory_runs_away() -> None:
    keeper = garbage.Keeper(memory=100)

    def look(transports: int, packets: int, memory: int = 100) -> bool:
        due = keeper.look(transports=transports, packets=packets, memory=memory)
        if due:
            keeper.collected(memory)
        return due

    assert not look(0, 0)
    assert [look(1, 5), look(1, 9), look(0, 9), look(0, 9)] == [False, False, True, False]
    # Some are there, of whom nobody sends anything.
    assert [look(2, 9) for _ in range(garbage.SELDOM)].index(True) == garbage.SELDOM - 2
    assert [look(2, 10, memory=garbage.RUN_AWAY), look(2, 11, memory=garbage.RUN_AWAY + 201)] == [False, True]
    assert not look(2, 12, memory=garbage.RUN_AWAY + 201)

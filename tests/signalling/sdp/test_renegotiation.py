"""Answers after the first: what stays, what changes."""

import pytest

from signalling.sdp import MediaUse, Negotiated, SdpError, answer, continues, parse_offer
from signalling.sdp.parser import parse_description
from tests.signalling.sdp.offers import local_end, offer, offer_text

STEPS = ("", "-screen-added", "-screen-removed", "-ice-restart")


def call(browser: str) -> list[Negotiated]:
    """The whole course of a call, in which a screen comes and goes and ICE is restarted at the end."""
    local = local_end()
    course: list[Negotiated] = []
    for step in STEPS:
        course.append(answer(offer(browser + step), [], local, course[-1] if course else None))
    return course


@pytest.fixture(params=["chromium", "firefox"])
def course(request: pytest.FixtureRequest) -> list[Negotiated]:
    return call(request.param)


def test_slots_stay_for_the_whole_call(course: list[Negotiated]) -> None:
    first, *later = course
    assert len(first.slots) == 23
    for negotiated in later:
        assert negotiated.slots == first.slots


def test_a_screen_comes_and_goes(course: list[Negotiated]) -> None:
    first, added, removed, restarted = course
    assert [track.source for track in added.tracks] == ["microphone", "camera", "screen"]
    assert added.tracks[:2] == first.tracks
    assert removed.tracks == restarted.tracks == first.tracks
    screen = added.tracks[2].mid
    assert removed.refused == (screen,)
    assert screen not in parse_description(removed.sdp).bundle


def test_credentials_stay_until_the_client_restarts_ice(course: list[Negotiated]) -> None:
    first, added, removed, restarted = course
    assert first.ice == added.ice == removed.ice
    assert (added.ice_restarted, removed.ice_restarted, restarted.ice_restarted) == (False, False, True)
    assert restarted.ice.local_ufrag == "serv1"
    assert restarted.ice.remote_ufrag != first.ice.remote_ufrag
    assert "a=ice-ufrag:serv1\r\n" in restarted.sdp


def test_the_origin_keeps_its_session_and_counts_versions(course: list[Negotiated]) -> None:
    origins = [parse_description(negotiated.sdp) for negotiated in course]
    assert len({origin.session_id for origin in origins}) == 1
    assert [origin.version for origin in origins] == [1, 2, 3, 4]


def test_an_offer_of_another_peer_connection_does_not_continue() -> None:
    first = answer(offer("chromium"), [], local_end())
    assert continues(first, offer("chromium-screen-added"))
    assert not continues(first, offer("chromium-lean"))
    with pytest.raises(SdpError) as caught:
        answer(offer("chromium-lean"), [], local_end(), first)
    assert caught.value.code == "new-connection"


def test_uses_are_remembered() -> None:
    local = local_end()
    first = answer(offer("chromium"), [MediaUse("1", "screen"), MediaUse("7", "screen-slot")], local)
    second = answer(offer("chromium-screen-added"), [], local, first)
    assert [track.source for track in second.tracks] == ["microphone", "screen", "camera"]
    assert second.slots == first.slots


def test_a_publisher_that_only_receives_for_now_does_not_become_a_slot() -> None:
    local = local_end()
    both_ways = offer_text("aiortc").replace("a=sendonly", "a=sendrecv")
    first = answer(parse_offer(both_ways), [], local)
    second = answer(parse_offer(both_ways.replace("a=sendrecv", "a=recvonly")), [], local, first)
    assert second.tracks == ()
    assert second.slots == first.slots
    third = answer(parse_offer(both_ways), [], local, second)
    assert third.tracks == first.tracks


def test_the_height_of_a_slot_is_that_of_the_latest_wish() -> None:
    local = local_end()
    first = answer(offer("chromium"), [MediaUse("7", "video-slot", max_height=180)], local)
    second = answer(offer("chromium"), [MediaUse("7", "video-slot", max_height=360)], local, first)
    assert second.slots[5].max_height == 360
    assert second.slots[5].ssrc == first.slots[5].ssrc


def test_known_slots_keep_their_index_and_new_ones_take_free_ones() -> None:
    local = local_end()
    few = [MediaUse(str(mid), "video-slot", allowed=mid > 8) for mid in range(7, 23)]
    first = answer(offer("chromium"), few, local)
    assert {slot.mid: slot.index for slot in first.slots if slot.use == "video"}["9"] == 0
    # The client lets 9 rest, and what was refused comes into use.
    session, *media = offer_text("chromium").split("\r\nm=")
    media[9] = media[9].replace("a=recvonly", "a=inactive")
    second = answer(parse_offer("\r\nm=".join([session, *media])), [], local, first)
    indexes = {slot.mid: slot.index for slot in second.slots if slot.use == "video"}
    kept = {slot.mid: slot.index for slot in first.slots if slot.use == "video" and slot.mid != "9"}
    assert indexes.items() >= kept.items()
    assert "9" not in indexes
    assert indexes["7"] == 0
    assert len(set(indexes.values())) == len(indexes)


def test_a_slot_of_another_use_is_another_slot() -> None:
    local = local_end()
    first = answer(offer("chromium"), [], local)
    second = answer(offer("chromium"), [MediaUse("7", "screen-slot")], local, first)
    before, after = (next(slot for slot in one.slots if slot.mid == "7") for one in (first, second))
    assert before.slot_id != after.slot_id
    assert before.ssrc != after.ssrc

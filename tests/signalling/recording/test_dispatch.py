"""Which recorder records what, and what happens when one is lost."""

from dataclasses import replace

import pytest

from sfu.link_messages import PutTap
from sfu.recording_messages import (
    LIVE_WEIGHT,
    FinishSegment,
    PutPeople,
    PutSegment,
    PutStage,
    RecorderLoad,
    SegmentFailed,
)
from signalling.domain.effects import WebLayout
from signalling.domain.recording import RecordingFailed, RecordingMoved
from signalling.recording.job import PACE
from signalling.recording.orders import PlaceTap, RemoveTap
from signalling.recording.recorders import NEEDED_BYTES
from signalling.recording.scene import Scene, Someone, Stage
from tests.support.dispatching import (
    BOB,
    PLACE,
    SCENE,
    hello,
    linked,
    outcomes,
    recording,
    tap_ready,
    task,
    told,
)
from tests.support.link_node import CANDIDATE, TAP

MOVED = [RecordingMoved("individual", 1)]
GONE = [RecordingFailed("individual", 1, "recorder-gone", "The recorder is gone, and there is no other.")]


def load(free_bytes: int = NEEDED_BYTES, cpu: float = 0.0, waiting: int = 0) -> RecorderLoad:
    return RecorderLoad(segments=0, composites_waiting=waiting, cpu=cpu, free_bytes=free_bytes)


def test_the_tap_is_there_before_the_recorder_is_told_to_dial_it() -> None:
    dispatch, given = linked("r1"), task()
    orders = dispatch.begin(given, SCENE, 0.0)
    (placed,) = orders
    assert isinstance(placed, PlaceTap)
    assert placed.command == PutTap(
        request_id=0, router_id=given.conf_num, tap_id=given.segment_id, token=given.token, exclude={}
    )
    ((recorder_id, put),) = told(tap_ready(dispatch, orders), PutSegment)
    assert recorder_id == "r1"
    assert (put.segment_id, put.segment, put.room_name, put.quality) == (given.segment_id, 1, "Weekly", "HD")
    assert (put.tap.host, put.tap.port, put.tap.tap_id, put.tap.token) == (
        "127.0.0.1", 50_000, given.segment_id, given.token,
    )  # fmt: skip
    assert {client_id: one.name for client_id, one in put.people.items()} == {"ann": "Ann", "bob": "Bob"}
    assert put.composite and not put.webm and put.web_view is None


@pytest.mark.parametrize(
    ("settings", "kind", "composite", "webm", "watermark"),
    [
        ({"watermark": True}, "individual", True, False, True),
        ({"single_file_recording": True}, "individual", False, True, False),
        ({"watermark": True, "single_file_recording": True}, "live", False, False, False),
    ],
)
def test_the_recorder_is_told_what_the_room_wants(
    settings: dict[str, bool], kind: str, composite: bool, webm: bool, watermark: bool
) -> None:
    dispatch = linked("r1")
    ((_, put),) = told(tap_ready(dispatch, dispatch.begin(task(settings=settings, kind=kind), SCENE, 0.0)), PutSegment)
    assert (put.kind, put.composite, put.webm, put.watermark) == (kind, composite, webm, watermark)


def test_a_session_without_media_is_recorded_as_soon_as_it_has_some() -> None:
    dispatch, given = linked("r1"), task()
    assert dispatch.begin(given, replace(SCENE, place=None), 0.0) == []
    orders = dispatch.follow(given.conf_num, SCENE, 1.0)
    assert len(told(tap_ready(dispatch, orders), PutSegment)) == 1


def test_a_recording_that_is_stopped_before_there_was_media_never_was() -> None:
    dispatch, given = linked("r1"), task()
    dispatch.begin(given, replace(SCENE, place=None), 0.0)
    assert dispatch.finish(given.conf_num, "individual") == []
    assert dispatch.follow(given.conf_num, SCENE, 1.0) == []


def test_finishing_ends_segment_and_tap() -> None:
    dispatch = linked("r1", capacity=1)
    given = recording(dispatch)
    assert not dispatch.available
    orders = dispatch.finish(given.conf_num, "individual")
    assert told(orders, FinishSegment) == [("r1", FinishSegment(request_id=0, segment_id=given.segment_id))]
    assert [order.node_id for order in orders if isinstance(order, RemoveTap)] == ["n1"]
    assert dispatch.available and not dispatch.is_recording(given.conf_num)


def test_jobs_go_to_the_least_loaded_recorder_that_can() -> None:
    dispatch = linked("r1", "r2", capacity=2)
    for number, expected in enumerate(("r1", "r2", "r1", "r2"), 1):
        conf_num = f"CONF-10000{number}"
        orders = tap_ready(dispatch, dispatch.begin(task(conf_num=conf_num), SCENE, 0.0))
        assert [recorder_id for recorder_id, _ in told(orders, PutSegment)] == [expected]
    assert not dispatch.available
    assert outcomes(dispatch.begin(task(conf_num="CONF-100009"), SCENE, 0.0)) == [
        RecordingFailed(
            "individual",
            1,
            "recorder-failed",
            "No recorder can take this on: all have too much to do, or too little space.",
        )
    ]


def test_recorders_of_the_zone_are_preferred_but_others_do() -> None:
    dispatch = linked("far", zone="US")
    dispatch.link(hello("any"), 0.0, is_local=True)
    dispatch.link(hello("near", zone="IN", capacity=1), 0.0, is_local=True)
    chosen = []
    for number in range(1, 4):
        given = task(conf_num=f"CONF-10000{number}", settings={"media_zone": "IN"})
        chosen += told(tap_ready(dispatch, dispatch.begin(given, SCENE, 0.0)), PutSegment)
    assert [recorder_id for recorder_id, _ in chosen] == ["near", "any", "any"]


def test_a_recorder_with_a_full_disk_gets_nothing() -> None:
    dispatch = linked("r1")
    dispatch.reported("r1", load(NEEDED_BYTES - 1))
    assert not dispatch.available
    dispatch.reported("r1", load(NEEDED_BYTES))
    assert dispatch.available


def test_a_recorder_that_makes_composites_is_less_free() -> None:
    dispatch = linked("r1", "r2")
    dispatch.reported("r1", load(waiting=3))
    ((recorder_id, _),) = told(tap_ready(dispatch, dispatch.begin(task(), SCENE, 0.0)), PutSegment)
    assert recorder_id == "r2"


def test_people_and_stage_are_told_when_they_change_but_not_too_often() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    more = {**SCENE.people, "eve": Someone("Eve", "participant")}
    stages = [Stage(("bob",), ()), Stage(("bob", "ann"), ("ann",)), Stage(("ann",), ("ann",))]
    first = dispatch.follow(given.conf_num, Scene(more, stages[0], PLACE), 1.0)
    assert [set(put.people) for _, put in told(first, PutPeople)] == [{"ann", "bob", "eve"}]
    assert [put.stage for _, put in told(first, PutStage)] == [("bob",)]
    assert dispatch.follow(given.conf_num, Scene(more, stages[0], PLACE), 1.05) == []
    for stage in stages[1:]:
        assert dispatch.follow(given.conf_num, Scene(more, stage, PLACE), 1.1) == []
    assert dispatch.next_deadline() == pytest.approx(1.0 + PACE)
    last = dispatch.tick(1.0 + PACE)
    assert [(put.stage, put.speaking) for _, put in told(last, PutStage)] == [(("ann",), ("ann",))]
    assert dispatch.next_deadline() is None


def test_of_some_roles_only_the_sound_is_recorded() -> None:
    dispatch = linked("r1")
    given = task(settings={"role_based_recording": {"moderator": "audiovideo", "participant": "audio"}})
    orders = dispatch.begin(given, SCENE, 0.0)
    excluded = [order.command.exclude for order in orders if isinstance(order, PlaceTap)]
    recorded = tap_ready(dispatch, orders)
    switched = Scene({"ann": BOB, "bob": SCENE.people["ann"]}, SCENE.stage, PLACE)
    changed = dispatch.follow(given.conf_num, switched, 0.01)
    excluded += [order.command.exclude for order in changed if isinstance(order, PlaceTap)]
    assert excluded == [{"bob": ("video",)}, {"ann": ("video",), "bob": ()}], "first all, then what changes"
    # The tap is where it was: the recorder need not dial again.
    assert len(told(recorded, PutSegment)) == 1 and told(tap_ready(dispatch, changed), PutSegment) == []


def test_pages_as_layouts_need_a_recorder_with_a_browser() -> None:
    page = WebLayout("https://example.com/", True, {"columns": 2})
    dispatch = linked("r1")
    (failed,) = outcomes(dispatch.begin(task(kind="live", layout=page), SCENE, 0.0))
    assert isinstance(failed, RecordingFailed) and failed.reason == "layout-failed"
    dispatch.link(hello("r2", web_views=True), 0.0, is_local=True)
    ((recorder_id, put),) = told(
        tap_ready(dispatch, dispatch.begin(task(kind="live", layout=page), SCENE, 0.0)), PutSegment
    )
    assert recorder_id == "r2" and put.web_view is not None
    assert put.web_view.model_dump() == {"url": page.url, "chat_overlay": True, "layout": {"columns": 2}}


def test_both_kinds_are_recorded_beside_each_other() -> None:
    dispatch = linked("r1")
    recording(dispatch)
    recording(dispatch, task(kind="live"))
    assert len(told(dispatch.finish("CONF-100001", "live"), FinishSegment)) == 1
    assert dispatch.is_recording("CONF-100001")


def test_a_session_that_moves_to_another_node_goes_on_in_the_same_segment() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    assert dispatch.follow(given.conf_num, replace(SCENE, place=None), 1.0) == []
    elsewhere = replace(PLACE, node_id="n2", tap=TAP.model_copy(update={"host": "192.0.2.7", "port": 7000}))
    orders = dispatch.follow(given.conf_num, replace(SCENE, place=elsewhere), 2.0)
    assert [order.place.node_id for order in orders if isinstance(order, PlaceTap)] == ["n2"]
    ((_, put),) = told(tap_ready(dispatch, orders, 2.0), PutSegment)
    assert (put.segment_id, put.tap.host, put.tap.port) == (given.segment_id, "192.0.2.7", 7000)


def test_a_session_that_has_no_node_for_long_goes_on_in_another_segment_of_the_same_recorder() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    nowhere = replace(SCENE, place=None)
    dispatch.follow(given.conf_num, nowhere, 1.0)
    broke = SegmentFailed(segment_id=given.segment_id, reason="tap-lost", message="nothing for ten seconds")
    assert outcomes(dispatch.segment_failed("r1", broke, 1.0)) == MOVED
    assert dispatch.begin(task(2), nowhere, 11.0) == []
    orders = tap_ready(dispatch, dispatch.follow(given.conf_num, SCENE, 20.0))
    assert [put.segment for _, put in told(orders, PutSegment)] == [2]


def test_a_node_that_returns_gets_its_tap_again() -> None:
    dispatch = linked("r1")
    given = recording(dispatch)
    orders = dispatch.node_returned(given.conf_num, SCENE, 1.0)
    assert len([order for order in orders if isinstance(order, PlaceTap)]) == 1
    # As the address is the same, it is the same process: the recorder's connection goes on.
    assert told(tap_ready(dispatch, orders, 1.0), PutSegment) == []
    anew = replace(PLACE, tap=TAP.model_copy(update={"port": 50_001}))
    orders = dispatch.node_returned(given.conf_num, replace(SCENE, place=anew), 2.0)
    assert [put.tap.port for _, put in told(tap_ready(dispatch, orders, 2.0), PutSegment)] == [50_001]


def test_an_answer_about_a_tap_that_is_elsewhere_by_now_is_old_news() -> None:
    dispatch, given = linked("r1"), task()
    first = dispatch.begin(given, SCENE, 0.0)
    second = dispatch.follow(given.conf_num, replace(SCENE, place=replace(PLACE, node_id="n2")), 0.0)
    assert tap_ready(dispatch, first) == []
    assert dispatch.tap_answered(given.segment_id, PLACE, False, 0.0) == []
    assert len(told(tap_ready(dispatch, second), PutSegment)) == 1


@pytest.mark.parametrize(
    "place", [replace(PLACE, tap=None), replace(PLACE, candidates=())], ids=["no tap", "no address"]
)
def test_a_node_that_lets_no_recorder_in_cannot_be_recorded(place: object) -> None:
    dispatch = linked("r1")
    (failed,) = outcomes(dispatch.begin(task(), replace(SCENE, place=place), 0.0))
    assert isinstance(failed, RecordingFailed) and failed.reason == "recorder-failed"
    assert not dispatch.recorders["r1"].segments


def test_a_node_that_refuses_the_tap_fails_the_recording() -> None:
    dispatch, given = linked("r1", "r2"), task()
    dispatch.begin(given, SCENE, 0.0)
    (failed,) = outcomes(dispatch.tap_answered(given.segment_id, PLACE, False, 0.0))
    assert isinstance(failed, RecordingFailed)


def test_loopback_is_for_recorders_on_the_same_machine() -> None:
    place = replace(PLACE, candidates=(CANDIDATE.model_copy(update={"ip": "192.0.2.7"}), CANDIDATE))
    hosts = []
    for is_local in (True, False):
        dispatch = linked()
        dispatch.link(hello("r1"), 0.0, is_local=is_local)
        orders = tap_ready(dispatch, dispatch.begin(task(), replace(SCENE, place=place), 0.0))
        hosts += [put.tap.host for _, put in told(orders, PutSegment)]
    assert hosts == ["127.0.0.1", "192.0.2.7"]


def test_what_costs_a_recorder_more_counts_for_more() -> None:
    dispatch = linked("r1", "r2", capacity=LIVE_WEIGHT)
    chosen = []
    for number, kind in enumerate(("live", "individual", "individual", "live"), 1):
        given = task(number, f"CONF-10000{number}", kind=kind)
        orders = tap_ready(dispatch, dispatch.begin(given, SCENE, 0.0))
        chosen += [recorder_id for recorder_id, _ in told(orders, PutSegment)]
    assert chosen == ["r1", "r2", "r2"], "the second film has no room beside the others"

"""Inputs of a `Dispatch`, and the sorts of orders that come of them."""

from dataclasses import replace
from typing import Any, TypeVar

from sfu.recording_messages import RecorderCommand, RecorderHello, RecorderReply
from signalling.domain.room import Room, RoomSettings
from signalling.recording.dispatch import Dispatch
from signalling.recording.job import Task
from signalling.recording.orders import Order, PlaceTap, TellRecorder, TellSession
from signalling.recording.scene import NOBODY, Place, Scene, Someone
from tests.support.link_node import CANDIDATE, TAP

GRACE = 2.0
PATIENCE = 20.0
PLACE = Place("n1", TAP, (CANDIDATE,))
ANN, BOB = Someone("Ann", "moderator"), Someone("Bob", "participant")
SCENE = Scene({"ann": ANN, "bob": BOB}, NOBODY, PLACE)

C = TypeVar("C", bound=RecorderCommand)


def hello(recorder_id: str = "r1", *segments: str, capacity: int = 10, **more: Any) -> RecorderHello:
    return RecorderHello(recorder_id=recorder_id, capacity=capacity, encoder="libx264", segments=segments, **more)


def task(segment: int = 1, conf_num: str = "CONF-100001", **changes: Any) -> Task:
    settings = changes.pop("settings", {})
    room = Room("64f3a1b2c8e94d001f2e3a77", "app", "Weekly", "owner", 0.0, RoomSettings(**settings))
    given = Task(f"{conf_num}-{segment}", 32 * "t", conf_num, "individual", segment, room)
    return replace(given, **{"segment_id": f"{conf_num}-{changes.get('kind', 'individual')}-{segment}", **changes})


def linked(*recorders: str, **more: Any) -> Dispatch:
    dispatch = Dispatch(GRACE, PATIENCE)
    for recorder_id in recorders:
        assert dispatch.link(hello(recorder_id, **more), 0.0, is_local=True) == []
    return dispatch


def tap_ready(dispatch: Dispatch, orders: list[Order], now: float = 0.0) -> list[Order]:
    """The node does what the orders say of taps; what follows."""
    following: list[Order] = []
    for order in orders:
        if isinstance(order, PlaceTap):
            following += dispatch.tap_answered(order.command.tap_id, order.place, True, now)
    return following


def recording(dispatch: Dispatch, given: Task | None = None, scene: Scene = SCENE) -> Task:
    """A segment that is being recorded."""
    given = given or task()
    following = tap_ready(dispatch, dispatch.begin(given, scene, 0.0))
    (put,) = [order for order in following if isinstance(order, TellRecorder)]
    assert dispatch.replied(put.recorder_id, put.command, RecorderReply(request_id=0)) == []
    return given


def told(orders: list[Order], kind: type[C]) -> list[tuple[str, C]]:
    """The commands of a kind, and which recorder each is for."""
    return [
        (order.recorder_id, order.command)
        for order in orders
        if isinstance(order, TellRecorder) and isinstance(order.command, kind)
    ]


def outcomes(orders: list[Order]) -> list[object]:
    return [order.outcome for order in orders if isinstance(order, TellSession)]

"""What a room allows, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signalling.domain.room import Room, RoomSettings, is_room_id

START = 1_800_000_000.0
MINUTE = 60


def make(first_session_at: float | None = None, **settings: object) -> Room:
    return Room(
        room_id="0" * 24,
        app_id="app",
        name="n",
        owner_ref="o",
        created_at=START,
        settings=RoomSettings.model_validate(settings),
        first_session_at=first_session_at,
    )


@pytest.fixture
def scheduled() -> Room:
    return make(kind="scheduled", starts_at=START, duration=30)


@pytest.mark.parametrize(
    ("now", "refusal"),
    [
        (START - 30 * MINUTE - 1, "too-early"),
        (START - 30 * MINUTE, None),
        (START + 30 * MINUTE - 1, None),
        (START + 30 * MINUTE, "over"),
    ],
)
def test_a_scheduled_room_gives_tokens_from_30_minutes_before_until_its_end(
    scheduled: Room, now: float, refusal: str | None
) -> None:
    assert scheduled.token_refusal(now) == refusal


def test_a_scheduled_room_opens_15_minutes_before(scheduled: Room) -> None:
    assert scheduled.join_refusal(START - 15 * MINUTE - 1) == "too-early"
    assert scheduled.join_refusal(START - 15 * MINUTE) is None


def test_a_scheduled_room_can_change_until_30_minutes_before(scheduled: Room) -> None:
    assert scheduled.can_change(START - 30 * MINUTE)
    assert not scheduled.can_change(START - 30 * MINUTE + 1)


@given(st.floats(min_value=0, max_value=1e11))
def test_a_permanent_room_is_always_there(now: float) -> None:
    room = make(duration=30, starts_at=START)
    assert room.token_refusal(now) is None
    assert room.join_refusal(now) is None
    assert room.can_change(now)
    assert not room.is_used_up(now)


def test_an_adhoc_room_with_a_duration_is_over_that_long_after_its_first_session() -> None:
    assert make(kind="adhoc", duration=10).token_refusal(START + 1e9) is None
    used = make(kind="adhoc", duration=10, first_session_at=START)
    assert used.token_refusal(START + 10 * MINUTE - 1) is None
    assert used.token_refusal(START + 10 * MINUTE) == "over"
    assert not used.is_used_up(START + 10 * MINUTE - 1)
    assert used.is_used_up(START + 10 * MINUTE)


def test_an_adhoc_room_without_a_duration_is_used_up_by_one_session() -> None:
    assert not make(kind="adhoc").is_used_up(START)
    assert make(kind="adhoc", first_session_at=START).is_used_up(START)


@pytest.mark.parametrize(
    "settings",
    [
        {"kind": "scheduled"},
        {"kind": "scheduled", "starts_at": START},
        {"kind": "scheduled", "duration": 30},
        {"participants": 301},
        {"participants": 0},
        {"participants": True},
        {"participants": 1.5},
        {"moderators": -1},
        {"duration": 9},
        {"max_active_talkers": 0},
        {"max_active_talkers": 17},
        {"mode": "Lecture", "participants": 10},
        {"quality": "4K"},
        {"media_zone": "EU"},
        {"knock": 1},
        {"role_based_recording": {"viewer": "audio"}},
        {"unknown": 1},
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RoomSettings.model_validate(settings)


def test_a_lecture_takes_a_thousand_participants() -> None:
    assert RoomSettings(mode="lecture", participants=1000).participants == 1000


@given(st.text() | st.from_regex("[0-9a-fA-F]{23,25}"))
def test_only_24_hexadecimal_digits_are_a_room_id(text: str) -> None:
    assert is_room_id(text) == (len(text) == 24 and set(text) <= set("0123456789abcdef"))

"""Several people are seen and heard at the same time."""

from functools import partial

from bench.adapters.server import Seat, Server
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.measuring import measure
from bench.scenarios.scenario import Scenario, fill
from bench.scenarios.webinar import told
from bench.windows import Windows

VIDEO_SLOTS, AUDIO_SLOTS = 16, 5
"""What the SDK negotiates."""
_PEOPLE_IN_A_SMALL_ROOM = 4


def meeting(people: int, talkers: int, burst: Burst) -> Scenario:
    """`talkers` publish; everyone has 16 slots for video and 5 for audio."""
    talking, listening = Seat(True, True, AUDIO_SLOTS, VIDEO_SLOTS), Seat(False, False, AUDIO_SLOTS, VIDEO_SLOTS)
    seats = [talking] * talkers + [listening] * (people - talkers)
    return Scenario(
        f"meeting-{people}-{talkers}",
        f"meeting, {people} people, {talkers} of them with camera and microphone, {told(burst)}",
        partial(_run, rooms=1, seats=seats, talkers=VIDEO_SLOTS, burst=burst),
        people,
    )


def audio(listeners: int, talkers: int = 3) -> Scenario:
    """Some talk to many, without pictures."""
    seats = [Seat(publishes_audio=True)] * talkers + [Seat(audio_slots=talkers)] * listeners
    return Scenario(
        f"audio-{listeners}",
        f"audio, {talkers} talkers → {listeners}, one packet each 20 ms",
        partial(_run, rooms=1, seats=seats, talkers=talkers, burst=Burst()),
        len(seats),
    )


def rooms(number: int, burst: Burst) -> Scenario:
    """Many small rooms, in which everyone sees and hears everyone."""
    others = _PEOPLE_IN_A_SMALL_ROOM - 1
    seat = Seat(publishes_video=True, publishes_audio=True, audio_slots=others, video_slots=others)
    return Scenario(
        f"rooms-{number}",
        f"rooms, {number} of {_PEOPLE_IN_A_SMALL_ROOM} people each, {told(burst)}",
        partial(_run, rooms=number, seats=[seat] * _PEOPLE_IN_A_SMALL_ROOM, talkers=16, burst=burst),
        number * _PEOPLE_IN_A_SMALL_ROOM,
    )


async def _run(
    server: Server, windows: Windows, *, rooms: int, seats: list[Seat], talkers: int, burst: Burst
) -> list[Round]:
    async with Engine(burst=burst) as engine:
        created = [await server.create_room(len(seats), talkers) for _ in range(rooms)]
        places = [(room, seat) for room in created for seat in seats]
        _, joined = await fill(server, engine, places, windows)
        return [(await measure(engine, server, windows)).with_figures(joined) for _ in range(windows.number)]

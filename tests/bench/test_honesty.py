"""What a server does wrong is reported as such: the harness would be worth nothing otherwise."""

import asyncio

import pytest

from bench.adapters.server import Seat, Stall
from bench.client.engine import Engine
from bench.client.traffic import Burst
from bench.figures import Round
from bench.measuring import measure
from bench.windows import Windows
from tests.support.faulty_server import Fault, faithful, running_faulty_server

BURST = Burst(5, 0.01, 600)
PATIENCE = 60.0


async def measured(fault: Fault, packets: int = 1200) -> Round:
    """What the harness says of a server with this fault, after so many packets of video and sound."""
    async with running_faulty_server(fault) as server, Engine(burst=BURST) as engine:
        publisher = await server.join(engine, "room", Seat(publishes_video=True, publishes_audio=True))
        engine.publish(publisher.publishing)
        for _ in range(2):
            await server.join(engine, "room", Seat(audio_slots=1, video_slots=1))
        async with asyncio.timeout(PATIENCE):
            # A window in which enough came, however slow the machine is.
            looking = asyncio.create_task(measure(engine, server, Windows(1.0)))
            while int(engine.intake.tally.received.sum()) < packets:
                if looking.done():
                    looking = asyncio.create_task(measure(engine, server, Windows(1.0)))
                await asyncio.sleep(0.05)
            return await looking


def wrong(outcome: Round, name: str) -> bool:
    return any(name in fault for fault in outcome.faults)


async def test_a_faithful_server_gets_no_bad_word():
    outcome = await measured(faithful)
    assert outcome.faults == []
    assert outcome.figures["loss"] == 0.0
    assert outcome.figures["latency_p50"] > 0.0
    assert outcome.figures["cpu_per_packet"] > 0.0


async def test_one_lost_packet_in_a_hundred_is_told_as_one_percent():
    outcome = await measured(lambda packet, number: None if number % 100 == 0 else packet)
    assert wrong(outcome, "packets were lost")
    # Sound is not lost, so it is a little less than 1 % of everything.
    assert 0.3 < outcome.figures["loss"] < 1.7


async def test_a_damaged_payload_is_told():
    def damaging(packet: bytearray, number: int) -> bytearray:
        packet[-20] ^= 1
        return packet

    assert wrong(await measured(damaging), "× payload")


async def test_loss_that_is_hidden_by_numbering_anew_is_told():
    lost = 0

    def hiding(packet: bytearray, number: int) -> bytearray | None:
        nonlocal lost
        if number % 20 == 0:
            lost += 1
            return None
        sequence = (int.from_bytes(packet[2:4], "big") - lost) & 0xFFFF
        packet[2:4] = sequence.to_bytes(2, "big")
        return packet

    outcome = await measured(hiding)
    assert outcome.figures["loss"] == 0.0
    assert wrong(outcome, "× sequence-number")


@pytest.mark.parametrize(
    ("place", "name"), [(slice(4, 8), "timestamp"), (slice(1, 2), "marker")], ids=["timestamp", "marker"]
)
async def test_wrong_numbers_in_the_header_are_told(place: slice, name: str):
    def changing(packet: bytearray, number: int) -> bytearray:
        if number % 2:
            value = int.from_bytes(packet[place], "big") ^ (0x80 if name == "marker" else 0x1000)
            packet[place] = value.to_bytes(place.stop - place.start, "big")
        return packet

    assert wrong(await measured(changing), f"× {name}")


async def test_a_server_that_forwards_nothing_is_told():
    async with running_faulty_server(lambda packet, number: None) as server, Engine(burst=BURST) as engine:
        await server.join(engine, "room", Seat(publishes_video=True))
        await server.join(engine, "room", Seat(video_slots=1))
        outcome = await measure(engine, server, Windows(0.2))
    assert outcome.faults == ["nothing arrived"]


async def test_the_worst_stall_that_a_server_tells_of_is_the_one_that_counts():
    async with running_faulty_server(faithful) as server, Engine(burst=BURST) as engine:
        server.stalls = [Stall(0.004, 0.002)]
        outcome = await measure(engine, server, Windows(0.05))
        silent = await measure(engine, server, Windows(0.05))
    assert (outcome.figures["stall"], outcome.figures["turn"]) == (4.0, 2.0)
    assert "stall" not in silent.figures

"""Compiled code finds in a batch what Python finds in it."""

import random

import numpy as np
import pytest
from aiortc.rtcdtlstransport import RTCCertificate
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.client.answers import CompiledAnswers
from bench.client.compiled import library
from bench.client.compiled_intake import CompiledIntake
from bench.client.datagrams import Datagrams
from bench.client.description import SEQUENCE, Section
from bench.client.endpoint import Endpoint
from bench.client.intake import Intake
from bench.client.traffic import SEQUENCE_ID, Burst
from sfu.rtp.extensions import write_extensions

ENDPOINTS, SSRCS = 3, (0x9234_5678, 77)
UNKNOWN = 999
CERTIFICATE = RTCCertificate.generateCertificate()

pytestmark = pytest.mark.skipif(library() is None, reason="there is no compiler")


def intake(*, compiled: bool) -> Intake:
    functions = CompiledIntake(library(), CompiledAnswers(library())) if compiled else None
    found = Intake(Burst(), seed=1, drop=0.0, switching=False, compiled=functions)
    for number in range(1, ENDPOINTS + 1):
        section = Section("video", 9, ssrcs=list(SSRCS), extensions={SEQUENCE: SEQUENCE_ID}, lines=["a=rtcp-rsize"])
        endpoint = Endpoint(number, found.tally, CERTIFICATE, "active", found.counters.__delitem__)
        endpoint.expect([section])
        found.add(endpoint)
    return found


def packet(ssrc: int, sequence: int, transport: int | None) -> bytes:
    head = bytes([0x90 if transport is not None else 0x80, 96]) + sequence.to_bytes(2, "big") + bytes(4)
    block = write_extensions([(1, b"x"), (SEQUENCE_ID, transport.to_bytes(2, "big"))]) if transport is not None else b""
    return head + ssrc.to_bytes(4, "big") + block + bytes(30)


def fill(datagrams: Datagrams, batch: list[tuple[int, bytes]]) -> None:
    datagrams.clear()
    for row, (owner, data) in enumerate(batch):
        datagrams.bytes_[row, : len(data)] = np.frombuffer(data, np.uint8)
        datagrams.owners[row] = owner
        datagrams._headers[row, 7] = len(data)
        datagrams._control[row, 2:4] = (5, row)
    datagrams.count = len(batch)


def counted(found: Intake) -> dict[str, object]:
    """What is known of all streams; `late` and gaps depend on the order within a batch, what they come to does not."""
    tally = found.tally
    numbers = {name: array.tolist() for name, array in tally.arrays.items()}
    told = [one.build_reports(1) for one in found.endpoints.values() if one.build_reports is not None]
    missing = {stream: set(one) for stream, one in tally.missing.items() if one}
    return numbers | {"lost": tally.lost, "missing": missing, "told": told, "unknown": found.counters["unknown-ssrc"]}


@given(st.integers(0, 2**32), st.integers(0, 65535))
@settings(max_examples=10, deadline=None)
def test_both_count_the_same_whatever_is_lost_repeated_or_out_of_order(seed: int, start: int):
    rand = random.Random(seed)
    plain, compiled = intake(compiled=False), intake(compiled=True)
    datagrams = Datagrams()
    for turn in range(4):
        batch = []
        for owner in range(1, ENDPOINTS + 1):
            turns = range(20 * turn, 20 * turn + 20)
            numbers = [number for number in turns if number == 0 or rand.random() < 0.9]
            swapped = rand.randrange(1, max(2, len(numbers)))
            numbers[swapped : swapped + 2] = reversed(numbers[swapped : swapped + 2])
            numbers += rand.sample(numbers, min(2, len(numbers)))
            for number in numbers:
                ssrc = rand.choice((*SSRCS, UNKNOWN)) if rand.random() < 0.1 else SSRCS[owner % 2]
                transport = (start + number) & 0xFFFF if owner != 2 else None
                batch.append((owner, packet(ssrc, (start + number) & 0xFFFF, transport)))
        for one in (plain, compiled):
            one._always[:] = False
            fill(datagrams, batch)
            one.take(datagrams)
            assert datagrams.count == 0
    assert counted(compiled) == counted(plain)

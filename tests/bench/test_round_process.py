import os
import signal
import time

import pytest

from bench.adapters.server import ServerError
from bench.figures import Round
from bench.round_process import FAILED, run_apart
from bench.windows import Windows

PATIENCE = 60.0
WINDOWS = Windows(1.0, 2)


def faults(rounds: list[Round]) -> list[str]:
    assert all(one.figures == {} and one.is_broken for one in rounds)
    return [fault.removeprefix(FAILED) for one in rounds for fault in one.faults]


def test_what_the_work_gives_comes_back_and_what_it_tells_is_passed_on():
    told: list[str] = []

    def work(windows: Windows) -> list[Round]:
        windows.tell("measuring")
        return [Round({"loss": float(os.getpid())})] * windows.number

    rounds = run_apart(work, Windows(1.0, 3, told.append), PATIENCE)
    assert len(rounds) == 3
    assert rounds[0].figures["loss"] != os.getpid()
    assert told == ["measuring"]


def test_a_round_that_hangs_is_ended_and_says_where_it_was():
    def work(windows: Windows) -> list[Round]:
        windows.tell("12 of 500 joined")
        time.sleep(PATIENCE)
        return []

    began = time.monotonic()
    found = faults(run_apart(work, WINDOWS, 0.5))
    assert len(found) == 2
    assert "(12 of 500 joined)" in found[0]
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize(
    ("error", "told"),
    [(ServerError("it refuses"), "it refuses (starting)"), (ZeroDivisionError("odd"), "ZeroDivisionError: odd")],
)
def test_a_round_that_fails_says_why(error: Exception, told: str):
    def work(windows: Windows) -> list[Round]:
        raise error

    assert told in faults(run_apart(work, WINDOWS, PATIENCE))[0]


def test_a_load_client_that_dies_is_told():
    def work(windows: Windows) -> list[Round]:
        os.kill(os.getpid(), signal.SIGKILL)
        return []

    assert "died" in faults(run_apart(work, WINDOWS, PATIENCE))[0]

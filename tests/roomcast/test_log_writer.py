"""A log that nobody reads holds nobody up."""

import logging
import os
import threading
from collections.abc import Iterator

import pytest

from roomcast.log_writer import MAX_WAITING, PatientHandler


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read_end, write_end = os.pipe()
    yield read_end, write_end
    os.close(read_end)


def record(number: int) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, "", 0, "line %d %s", (number, "x" * 100), None)


def test_a_blocked_pipe_stalls_nobody_and_what_is_left_out_is_told(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    with open(write_end, "w") as stream:
        handler = PatientHandler(stream)
        # More than a pipe and the queue hold: with a handler that waits this would never end.
        for number in range(MAX_WAITING + 3_000):
            handler.emit(record(number))
        chunks: list[bytes] = []
        reader = threading.Thread(target=lambda: chunks.extend(iter(lambda: os.read(read_end, 1 << 16), b"")))
        reader.start()
        handler.close()
    reader.join()
    text = b"".join(chunks).decode()
    assert text.startswith("line 0 ")
    assert "lines were left out" in text


def test_what_was_logged_is_written_by_the_end(pipe: tuple[int, int]) -> None:
    read_end, write_end = pipe
    with open(write_end, "w") as stream:
        handler = PatientHandler(stream)
        handler.emit(record(1))
        handler.emit(record(2))
        handler.close()
    assert os.read(read_end, 4096).decode().splitlines() == [record(1).getMessage(), record(2).getMessage()]

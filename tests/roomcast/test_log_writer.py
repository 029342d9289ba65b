"""A log that nobody reads holds nobody up."""

import io
import logging
import os
import threading
from collections.abc import Iterator

import pytest

from roomcast import log_writer
from roomcast.log_writer import MAX_WAITING, PatientHandler


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine may take its time."""
    monkeypatch.setattr(log_writer, "LAST_WAIT", 60.0)


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


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_what_cannot_be_formatted_is_no_error_of_who_logs_it(
    pipe: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    read_end, write_end = pipe
    with open(write_end, "w") as stream:
        handler = PatientHandler(stream)
        handler.emit(logging.LogRecord("test", logging.INFO, "", 0, "%s", (Unprintable(),), None))
        handler.emit(record(1))
        handler.close()
    assert os.read(read_end, 4096).decode().splitlines() == [record(1).getMessage()]
    assert "no words" in capsys.readouterr().err


class FullAtFirst(io.StringIO):
    """A terminal that somebody else made non-blocking."""

    def __init__(self) -> None:
        super().__init__()
        self.is_full = True

    def write(self, text: str) -> int:
        if self.is_full:
            self.is_full = False
            raise BlockingIOError
        return super().write(text)


def test_a_stream_that_is_full_for_a_moment_does_not_end_the_log() -> None:
    stream = FullAtFirst()
    handler = PatientHandler(stream)
    handler.emit(record(1))
    handler.emit(record(2))
    handler.close()
    assert stream.getvalue().startswith(record(2).getMessage())
    assert "1 lines were left out" in stream.getvalue()

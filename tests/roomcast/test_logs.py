"""Logs for people and for machines, without secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from roomcast import logs

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJyb29tIjoiMSJ9.c2lnbmF0dXJl"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_for_machines_each_event_is_one_line_of_json(output: io.StringIO) -> None:
    logs.configure("json", "info", output)
    structlog.get_logger("here").info("joined", room="r\n1", count=3)
    (line,) = lines(output)
    assert (line["event"], line["room"], line["count"], line["level"], line["logger"]) == (
        "joined",
        "r\n1",
        3,
        "info",
        "here",
    )
    assert "timestamp" in line


def test_what_is_not_a_terminal_gets_json(output: io.StringIO) -> None:
    logs.configure("auto", "info", output)
    structlog.get_logger().info("joined")
    assert lines(output)[0]["event"] == "joined"


def test_a_terminal_gets_text(output: io.StringIO) -> None:
    output = Terminal()
    logs.configure("auto", "info", output)
    structlog.get_logger().info("joined", room="r1")
    assert not output.getvalue().startswith("{")
    assert "joined" in output.getvalue()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_are_struck_out(output: io.StringIO, log_format: str) -> None:
    logs.configure(log_format, "info", output)
    log = structlog.get_logger()
    log.info("a", token=TOKEN, app_key="sesame", link_secret="sesame", Authorization="Basic c2VzYW1lc2VzYW1l")
    log.info("b", text=f"join with {TOKEN}, please", header=["Bearer sesame-sesame"], inner={"password": "sesame"})
    log.info("c", url="postgresql://user:sesame@host/name")
    log.info(f"d {TOKEN}")
    logging.getLogger("library").warning("sent %s", TOKEN)
    try:
        raise ValueError(f"bad token {TOKEN}")
    except ValueError:
        log.exception("e")
    text = output.getvalue()
    assert "sesame" not in text
    assert "eyJ" not in text
    assert "bad token" in text


def test_less_important_messages_are_left_out(output: io.StringIO) -> None:
    logs.configure("json", "warning", output)
    structlog.get_logger().info("small")
    structlog.get_logger().warning("large")
    logging.getLogger("library").info("small")
    assert [line["event"] for line in lines(output)] == ["large"]


def test_libraries_are_logged_in_the_same_form(output: io.StringIO) -> None:
    logs.configure("json", "info", output)
    logging.getLogger("aiohttp.server").error("failed: %s", "why")
    logging.getLogger("alembic.runtime").info("chatter")
    (line,) = lines(output)
    assert (line["event"], line["level"], line["logger"]) == ("failed: why", "error", "aiohttp.server")


def test_an_exception_comes_with_its_traceback(output: io.StringIO) -> None:
    logs.configure("json", "info", output)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
    assert "ZeroDivisionError" in str(lines(output)[0]["exception"])

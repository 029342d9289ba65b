"""Structured logs: for people on a terminal, one JSON object per line otherwise. Secrets are struck out."""

import logging
import re
import sys
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from roomcast.log_writer import PatientHandler

_HIDDEN = "[hidden]"
_SECRET_NAMES = re.compile(r"token|secret|password|authorization|app_key|private|ice_pwd|database_url", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*"  # a JWT
    r"|\b(?:Basic|Bearer)\s+[\w.~+/=-]{8,}"  # HTTP credentials (RFC 9110 section 11)
    r"|(?<=://)[^\s/@]+:[^\s/@]+(?=@)"  # user and password in a URL
)


def configure(log_format: str, level: str, stream: TextIO | None = None, *, patient: bool = False) -> None:
    """Set up structlog, and the standard library's logging, which dependencies use, behind it.

    `log_format` is auto, console or json; `level` debug, info, warning or error; `stream` is standard error
    unless given. `patient` is for processes that may wait for nobody who reads the log. Calling it again replaces
    everything.
    """
    stream = stream or sys.stderr
    people = log_format == "console" or (log_format == "auto" and stream.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[Processor] = (
        [
            structlog.processors.ExceptionRenderer(),
            strike_secrets,
            structlog.dev.ConsoleRenderer(colors=stream.isatty()),
        ]
        if people
        else [structlog.processors.ExceptionRenderer(), strike_secrets, structlog.processors.JSONRenderer(default=str)]
    )
    handler: logging.Handler = PatientHandler(stream) if patient else logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    for old in root.handlers:
        if isinstance(old, PatientHandler):
            old.close()
    root.handlers[:] = [handler]
    root.setLevel(number)
    # These tell about every packet, statement or migration; it takes `debug` to see them.
    for chatty in ("aioice", "aiortc", "aiosqlite", "alembic", "asyncio", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(number if level == "debug" else max(number, logging.WARNING))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def strike_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace what must not be in a log: values with telling names, and tokens and credentials inside of texts."""
    return {name: _HIDDEN if _SECRET_NAMES.search(name) else _struck(value) for name, value in event.items()}


def _struck(value: object) -> object:
    match value:
        case str():
            return _SECRET_TEXT.sub(_HIDDEN, value)
        case dict():
            return {
                key: _HIDDEN if isinstance(key, str) and _SECRET_NAMES.search(key) else _struck(item)
                for key, item in value.items()
            }
        case list() | tuple():
            return [_struck(item) for item in value]
        case _:
            return value

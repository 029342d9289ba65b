"""Reading a JSON object out of a request. What comes in is hostile until it is checked here."""

import json
import math
from typing import NoReturn

from aiohttp import web
from pydantic import JsonValue

MAX_BODY = 65_536
_MAX_DEPTH = 32


class BodyError(ValueError):
    """A body that cannot be used. `status` is the HTTP status that fits, the text a sentence for people."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def read_object(request: web.Request, limit: int = MAX_BODY) -> dict[str, JsonValue]:
    """The JSON object that the request carries. Raises BodyError (400, 413 or 415).

    The content type must be JSON: a page of another origin cannot send that without asking first (CORS).
    """
    if request.content_type != "application/json":
        raise BodyError(415, "Send the body as JSON, with the header Content-Type: application/json.")
    return parse_object(await _read(request, limit))


async def _read(request: web.Request, limit: int) -> bytes:
    body = bytearray()
    if (request.content_length or 0) <= limit:
        try:
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    break
            else:
                return bytes(body)
        except (web.RequestPayloadError, ConnectionError) as error:
            raise BodyError(400, "The body did not arrive whole: check its length and its encoding.") from error
    raise BodyError(413, f"The body is too large: send at most {limit} bytes.")


def parse_object(body: bytes) -> dict[str, JsonValue]:
    """The object that the bytes hold. Raises BodyError (400) for anything that is not one JSON object.

    Refused too is what cannot be stored or written again as JSON: NUL characters, lone surrogates, infinite numbers.
    """
    try:
        value = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise BodyError(400, "The body is not valid JSON: check its quotes, commas, numbers and encoding.") from error
    if not isinstance(value, dict):
        raise BodyError(400, 'The body must be a JSON object, such as {"name": "Weekly"}.')
    _check(value, _MAX_DEPTH)
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("the number is too large")
    return number


def _check(value: JsonValue, depth: int) -> None:
    if depth < 0:
        raise BodyError(400, f"The body nests too deeply: use at most {_MAX_DEPTH} levels.")
    match value:
        case str():
            _check_text(value)
        case list():
            for item in value:
                _check(item, depth - 1)
        case dict():
            for key, item in value.items():
                _check_text(key)
                _check(item, depth - 1)
        case _:
            return


def _check_text(text: str) -> None:
    if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
        raise BodyError(400, "Text in the body must not hold NUL characters or halves of surrogate pairs.")

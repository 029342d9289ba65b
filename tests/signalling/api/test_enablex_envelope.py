"""What holds for every request of the video API: credentials, paths, methods, bodies, the envelope."""

import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from signalling.api.enablex import ErrorCode

ROOM = {"name": "n", "owner_ref": "o"}
NO_ROOM = "64f3a1b2c8e94d001f2e3a77"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Basic /////w==",
        "Bearer abc",
        aiohttp.encode_basic_auth("wrong", "pair"),
    ],
)
@pytest.mark.parametrize("path", ["/rooms", f"/rooms/{NO_ROOM}", "/nothing"])
async def test_without_the_right_credentials_nothing_is_told(api: Any, header: str | None, path: str) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await api.raw("GET", f"/video/v2{path}", headers=headers)
    assert (answer.status, answer.json["result"]) == (401, ErrorCode.UNAUTHORISED)
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


async def test_the_right_id_with_a_wrong_key_is_refused(api: Any) -> None:
    header = aiohttp.encode_basic_auth(api.credentials.app_id, api.credentials.app_key + "x")
    assert (await api.call("GET", "/rooms", headers={"Authorization": header})).status == 401


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/rooms/x/y/z", "//rooms", "/archive/conf"])
async def test_an_unknown_path_is_answered_in_the_envelope(api: Any, path: str) -> None:
    answer = await api.call("GET", path)
    assert (answer.status, answer.json["result"]) == (404, ErrorCode.UNKNOWN_PATH)
    assert set(answer.json) == {"result", "error"}


@pytest.mark.parametrize(
    "room_id", [NO_ROOM, "x", NO_ROOM.upper(), "%00", "%ED%A0%80", "..%2Frooms", "a" * 5000, "%F0%9F%98%80"]
)
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/users")])
async def test_an_unknown_room_is_answered_in_the_envelope(api: Any, room_id: str, method: str, path: str) -> None:
    body = {"name": "n"} if method == "PATCH" else None
    answer = await api.call(method, f"/rooms/{room_id}{path}", body)
    assert (answer.status, answer.json["result"]) == (404, ErrorCode.UNKNOWN_ROOM)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/rooms", "GET, POST"),
        ("PUT", f"/rooms/{NO_ROOM}", "GET, PATCH, DELETE"),
        ("GET", f"/rooms/{NO_ROOM}/tokens", "POST"),
        ("POST", f"/rooms/{NO_ROOM}/users", "GET"),
        ("OPTIONS", "/rooms/", "GET, POST"),
    ],
)
async def test_a_wrong_method_is_told_which_are_right(api: Any, method: str, path: str, allowed: str) -> None:
    answer = await api.call(method, path)
    assert (answer.status, answer.json["result"]) == (405, ErrorCode.WRONG_METHOD)
    assert answer.headers["Allow"] == allowed
    assert allowed in answer.json["error"]


async def test_a_slash_at_the_end_makes_no_difference(api: Any) -> None:
    room_id = (await api.call("POST", "/rooms/", ROOM)).json["room"]["room_id"]
    token = {"name": "n", "role": "viewer", "user_ref": "u"}
    assert (await api.call("GET", "/rooms/")).json == (await api.call("GET", "/rooms")).json
    assert (await api.call("GET", f"/rooms/{room_id}/")).json == (await api.call("GET", f"/rooms/{room_id}")).json
    assert (await api.call("POST", f"/rooms/{room_id}/tokens/", token)).json["result"] == 0
    assert (await api.call("GET", f"/rooms/{room_id}/users/")).json["total"] == 0
    assert (await api.call("PATCH", f"/rooms/{room_id}/", {"name": "new"})).json == {"result": 0}
    assert (await api.call("DELETE", f"/rooms/{room_id}/")).json == {"result": 0}


async def test_head_is_answered_as_get_is(api: Any) -> None:
    assert (await api.call("HEAD", "/rooms")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{'name': 'n'}",
        b'{"name": NaN}',
        b'{"name": 1e999}',
        b'{"name": "\xff"}',
        b'{"name": "\\ud800"}',
        b'{"\\u0000": 1}',
        b'{"data": ' + b"[" * 40 + b"]" * 40 + b"}",
        b"[" * 60_000,
        b'{"name": ' + b"9" * 5000 + b"}",
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(api: Any, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await api.call("POST", "/rooms", data=body, json=None, headers=headers)
    assert (answer.status, answer.json["result"]) == (400, ErrorCode.MALFORMED_BODY)


async def test_a_body_that_is_not_in_the_encoding_it_claims_is_refused(api: Any) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await api.call("POST", "/rooms", data=b'{"name": "n"}', json=None, headers=headers)
    assert (answer.status, answer.json["result"]) == (400, ErrorCode.MALFORMED_BODY)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "nonsense"])
async def test_a_body_of_another_type_is_refused(api: Any, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = await api.call("POST", "/rooms", data=b'{"name":"n","owner_ref":"o"}', json=None, headers=headers)
    assert (answer.status, answer.json["result"]) == (415, ErrorCode.NOT_JSON)


async def test_a_body_that_is_too_large_is_refused(api: Any) -> None:
    fits = {**ROOM, "data": {"text": "x" * 60_000}}
    assert (await api.call("POST", "/rooms", fits)).json["result"] == 0
    too_large = {**ROOM, "data": {"text": "x" * 70_000}}
    answer = await api.call("POST", "/rooms", too_large)
    assert (answer.status, answer.json["result"]) == (413, ErrorCode.BODY_TOO_LARGE)


async def test_a_body_that_does_not_say_how_large_it_is_is_refused_too(api: Any) -> None:
    async def endless() -> Any:
        for _ in range(200):
            yield b" " * 1024

    answer = await api.call("POST", "/rooms", data=endless(), json=None, headers={"Content-Type": "application/json"})
    assert (answer.status, answer.json["result"]) == (413, ErrorCode.BODY_TOO_LARGE)


async def test_a_failure_of_the_server_is_answered_in_the_envelope_without_details(api: Any) -> None:
    await api.store.close()
    api.store.rooms.list = None
    answer = await api.call("GET", "/rooms")
    assert (answer.status, answer.json["result"]) == (500, ErrorCode.INTERNAL)
    assert "NoneType" not in answer.json["error"]


def test_the_numbers_of_errors_are_stable() -> None:
    assert {code.name: code.value for code in ErrorCode} == {
        "MALFORMED_BODY": 4001,
        "INVALID_VALUE": 4002,
        "UNKNOWN_FIELD": 4003,
        "MISSING_FIELD": 4004,
        "UNAUTHORISED": 4011,
        "UNKNOWN_PATH": 4041,
        "UNKNOWN_ROOM": 4042,
        "UNKNOWN_SESSION": 4043,
        "UNKNOWN_FILE": 4044,
        "WRONG_METHOD": 4051,
        "SESSION_ACTIVE": 4091,
        "TOO_LATE_TO_CHANGE": 4092,
        "TOO_EARLY_FOR_TOKEN": 4093,
        "ROOM_OVER": 4094,
        "BODY_TOO_LARGE": 4131,
        "NOT_JSON": 4151,
        "INTERNAL": 5001,
    }


def test_every_number_is_explained_in_the_documentation_as_it_is_in_the_code() -> None:
    text = (Path(__file__).parents[3] / "docs" / "rest-api.md").read_text()
    explained = {int(number): meaning for number, meaning in re.findall(r"^\| (\d{4}) \| (.*) \|$", text, re.MULTILINE)}
    assert explained == {code.value: code.meaning for code in ErrorCode}

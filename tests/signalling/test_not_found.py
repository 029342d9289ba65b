"""What is answered outside the APIs where there is nothing."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from signalling.not_found import describe_missing


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async def here(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application(middlewares=[describe_missing])
    app.add_routes([web.get("/here", here)])
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def test_an_unknown_path_is_answered_as_json_with_a_sentence(url: str) -> None:
    async with aiohttp.request("GET", f"{url}nowhere") as response:
        assert response.status == 404
        assert await response.json() == {"error": {"reason": "not-found", "message": "There is nothing at /nowhere."}}


async def test_a_wrong_method_is_told_which_are_right(url: str) -> None:
    async with aiohttp.request("DELETE", f"{url}here") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")
        error = (await response.json())["error"]
        assert error == {"reason": "wrong-method", "message": "DELETE does nothing here: use GET, HEAD."}


async def test_what_is_there_is_left_alone(url: str) -> None:
    async with aiohttp.request("GET", f"{url}here") as response:
        assert (response.status, await response.text()) == (200, "here")

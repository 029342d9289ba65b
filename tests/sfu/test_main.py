"""The process of a media node, as signalling and a recorder see it."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from recorder.tap import Tap, TapRefusedError
from sfu.link_messages import NODE_MESSAGES, Hello, NodeLoad, NodeMessage, PutRouter
from sfu.main import serve
from sfu.options import NodeOptions
from sfu.tap_messages import TapClosed, TapCredentials
from tests.support.media_peer import PATIENCE
from tests.support.taps import TOKEN, put_tap


class Signalling:
    """Says the commands of the test, and shows what the node says."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[NodeMessage] = asyncio.Queue()
        self.socket: web.WebSocketResponse

    async def link(self, request: web.Request) -> web.StreamResponse:
        self.socket = web.WebSocketResponse()
        await self.socket.prepare(request)
        async for message in self.socket:
            if message.type is WSMsgType.TEXT:
                self.received.put_nowait(NODE_MESSAGES.validate_json(message.data))
        return self.socket

    async def next(self) -> NodeMessage:
        return await asyncio.wait_for(self.received.get(), PATIENCE)


@asynccontextmanager
async def running(**options: object) -> AsyncIterator[Signalling]:
    signalling = Signalling()
    app = web.Application()
    app.router.add_get("/link", signalling.link)
    async with TestServer(app) as server:
        values = {"link_url": str(server.make_url("/link")), "link_secret": "s", "media_host": "127.0.0.1", **options}
        node = asyncio.create_task(serve(NodeOptions.model_validate(values)))
        try:
            yield signalling
        finally:
            node.cancel()
            await asyncio.gather(node, return_exceptions=True)
            gc.unfreeze()


async def test_the_hello_tells_where_recorders_dial_and_which_taps_there_are() -> None:
    async with running() as signalling:
        hello = await signalling.next()
        assert isinstance(hello, Hello)
        assert hello.taps == ()
        assert hello.tap is not None
        place = hello.tap.host, hello.tap.port, hello.tap.fingerprint, TapCredentials(tap_id="tap", token=TOKEN)
        with pytest.raises(TapRefusedError):
            await Tap.dial(*place)
        for command in (PutRouter(request_id=1, router_id="r"), put_tap()):
            await signalling.socket.send_str(command.model_dump_json())
            await signalling.next()
        tap = await Tap.dial(*place)
        load = await signalling.next()
        while not isinstance(load, NodeLoad) or not load.taps:
            load = await signalling.next()
        assert load.counters["tap-refused"] == 1
    assert [item async for item in tap] == [TapClosed()]
    tap.close()


async def test_a_port_on_all_addresses_is_announced_without_a_host() -> None:
    async with running(tap_host="0.0.0.0") as signalling:
        hello = await signalling.next()
        assert isinstance(hello, Hello)
        assert hello.tap is not None
        assert hello.tap.host == ""

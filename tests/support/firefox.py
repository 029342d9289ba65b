"""Debian's Firefox over WebDriver BiDi, the protocol that it speaks by itself: no geckodriver is needed.

Only what the tests need of https://www.w3.org/TR/webdriver-bidi/: open a page and evaluate JavaScript in it.
"""

import asyncio
import itertools
import json
import os
import re
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.support import priorities

EXECUTABLE = "firefox-esr"
START_TIMEOUT = 60.0
PROBE = Path(__file__).with_name("page_probe.js")
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")

PREFERENCES: dict[str, bool | int | str] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    "media.autoplay.block-webaudio": False,
    # A plugin that Firefox would download before it offers H.264; the tests' machines reach no such server.
    "media.gmp-manager.updateEnabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class PageError(AssertionError):
    """JavaScript threw, or the browser refused a command."""


class FirefoxPage:
    """One tab."""

    def __init__(self, connection: "BidiConnection", context: str) -> None:
        self._connection = connection
        self._context = context

    async def goto(self, url: str) -> None:
        """Opens `url`, waits until it has loaded, and puts the probe into it."""
        await self._connection.command(
            "browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"}
        )
        await self.run(PROBE.read_text())

    async def run(self, script: str) -> None:
        """Runs statements in the page."""
        await self._evaluate(script)

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited when it is a promise; it must be possible to write it as JSON."""
        # BiDi describes values in a notation of its own; JSON made in the page needs no reader for that.
        value = await self._evaluate(f"(async () => JSON.stringify(await ({expression})) ?? 'null')()")
        return json.loads(value["value"])

    async def _evaluate(self, script: str) -> dict[str, Any]:
        result = await self._connection.command(
            "script.evaluate", {"expression": script, "target": {"context": self._context}, "awaitPromise": True}
        )
        if result["type"] == "exception":
            raise PageError(result["exceptionDetails"]["text"])
        return dict(result["result"])


class BidiConnection:
    """Commands and their answers on the WebSocket; events are not asked for, so none come."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def command(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Sends a command and waits for its result; raises PageError when the browser says no or is gone."""
        number = next(self._ids)
        future = self._pending[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        answer = await future
        if answer["type"] == "error":
            raise PageError(f"{method}: {answer['error']}: {answer['message']}")
        return dict(answer["result"])

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            answer = json.loads(message.data)
            future = self._pending.pop(answer.get("id"), None)
            if future is not None and not future.done():
                future.set_result(answer)
        for future in self._pending.values():
            if not future.done():
                future.set_exception(PageError("Firefox closed the connection"))


async def _listening_address(process: Process) -> str:
    """Waits for the line in which Firefox says where it listens, then goes on emptying its output."""
    assert process.stderr is not None
    said = []
    async for line in process.stderr:
        said.append(line.decode(errors="replace"))
        if found := LISTENING.search(said[-1]):
            return found[1]
    raise PageError("Firefox ended before it listened:\n" + "".join(said[-20:]))


async def _drain(process: Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(65536):
        pass


@asynccontextmanager
async def firefox() -> AsyncIterator[BidiConnection]:
    """A running browser with a profile of its own and fake devices."""
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as profile:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        Path(profile, "user.js").write_text("\n".join(lines))
        priorities.renounce()
        process = await asyncio.create_subprocess_exec(
            EXECUTABLE, "--headless", "--no-remote", "--new-instance", "--profile", profile,
            # Port 0 lets the system choose, so that two tests never meet.
            "--remote-debugging-port", "0", "about:blank",
            stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE, start_new_session=True,
        )  # fmt: skip
        drain = None
        try:
            address = await asyncio.wait_for(_listening_address(process), START_TIMEOUT)
            drain = asyncio.create_task(_drain(process))
            async with ClientSession() as session, session.ws_connect(f"{address}/session", max_msg_size=0) as socket:
                connection = BidiConnection(socket)
                await connection.command("session.new", {"capabilities": {}})
                yield connection
                await connection.close()
        finally:
            # With its content processes, which would keep its output open.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            if drain is not None:
                await drain


async def open_page(connection: BidiConnection, url: str) -> FirefoxPage:
    """A new tab at `url`."""
    created = await connection.command("browsingContext.create", {"type": "tab"})
    page = FirefoxPage(connection, created["context"])
    await page.goto(url)
    return page

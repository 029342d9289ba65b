"""A page whose browser does odd things fails, instead of being shown for ever as it was. Without a browser."""

import asyncio
from typing import Any, cast

import pytest

from recorder.layouts import Size
from recorder.web_view import view as web_view
from recorder.web_view.browser import BrowserProcess
from recorder.web_view.errors import WebViewError
from recorder.web_view.proxy import EgressProxy
from recorder.web_view.view import WebView
from sfu import recording_messages


class Silence:
    """DevTools of a browser that answers nothing by itself; `tell` says what it says."""

    def __init__(self) -> None:
        self.handlers: dict[str, Any] = {}

    def on(self, event: str, handler: Any) -> None:
        self.handlers[event] = handler

    def tell(self, event: str, params: dict[str, Any]) -> None:
        self.handlers[event](params)

    def send(self, method: str, **_: object) -> None:
        pass

    async def call(self, method: str, **_: object) -> dict[str, Any]:
        return await asyncio.get_running_loop().create_future()


class Process:
    def __init__(self) -> None:
        self.devtools = Silence()
        self.complaints: list[str] = []
        self._gone = asyncio.Event()

    async def ended(self) -> None:
        await self._gone.wait()

    async def close(self) -> None:
        self._gone.set()


class Proxy:
    refused = None

    async def close(self) -> None:
        pass


def view_of(process: Process) -> WebView:
    return WebView(cast(BrowserProcess, process), cast(EgressProxy, Proxy()), Size(64, 36))


async def test_pictures_that_make_no_sense_fail_the_page() -> None:
    process = Process()
    view = view_of(process)
    filming = asyncio.create_task(view._film())
    process.devtools.tell("Page.screencastFrame", {"data": "", "metadata": {"timestamp": "noon"}})
    async with asyncio.timeout(60):
        assert "pictures cannot be read" in await view.until_failed()
        await filming
    await view.close()


async def test_a_browser_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_view, "START_TIMEOUT", 0.05)
    view = view_of(Process())
    page = recording_messages.WebView.model_validate({"url": "https://example.com/"})
    with pytest.raises(WebViewError) as raised:
        await view._prepare(page, "CONF-1")
    assert raised.value.code == "no-browser"
    await view.close()

"""A page that is shown, and its latest picture."""

import asyncio
import json
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self

import av
import ifaddr
import structlog

from recorder.layouts import Size
from recorder.web_view.browser import START_TIMEOUT, Browser, BrowserProcess
from recorder.web_view.devtools import DevTools, Params
from recorder.web_view.egress import Egress, IpAddress, is_page
from recorder.web_view.errors import WebViewError
from recorder.web_view.proxy import EgressProxy
from recorder.web_view.screencast import Screencast
from sfu import recording_messages

LOAD_TIMEOUT = 15.0
"""Seconds until a page has loaded and is seen."""
_FIRST_ERROR_STATUS = 400

log = structlog.get_logger()


@dataclass(frozen=True)
class Surroundings:
    """Of a page: `conf_num` is the session's, which it is told; `hosts` are those that the operator allows, wherever
    they are, see `Egress`."""

    conf_num: str
    hosts: Collection[str] = ()


class WebView:
    """`picture`, `picture_at` and `failed` may be asked from one other thread; the rest belongs to one event loop."""

    def __init__(self, process: BrowserProcess, proxy: EgressProxy, size: Size) -> None:
        self._process = process
        self._proxy = proxy
        self._size = size
        self._screencast = Screencast(process.devtools, size)
        self._failed: str | None = None
        self._has_failed = asyncio.Event()
        self._closing = False
        self._loaded = asyncio.Event()
        self._tasks = [asyncio.create_task(self._watch())]

    @classmethod
    async def open(
        cls, browser: Browser, page: recording_messages.WebView, size: Size, surroundings: Surroundings
    ) -> Self:
        """Show the page in a window of that size, once it has loaded and is seen. Raises WebViewError."""
        if not is_page(page.url):
            raise WebViewError("bad-url", "the layout's URL is no page of http or https")
        proxy = EgressProxy(Egress.of(surroundings.hosts, _own_addresses()))
        try:
            port = await proxy.start()
            process = await BrowserProcess.start(browser, size, port)
        except OSError as error:
            raise WebViewError("no-browser", f"the browser's proxy cannot be started: {error}") from error
        except BaseException:
            await proxy.close()
            raise
        view = cls(process, proxy, size)
        try:
            await view._prepare(page, surroundings.conf_num)
            async with asyncio.timeout(LOAD_TIMEOUT):
                await view._show(page.url)
        except TimeoutError as error:
            await view.close()
            raise WebViewError(
                "not-loaded", f"the page has not loaded within {LOAD_TIMEOUT:g} seconds{view._kept_from()}"
            ) from error
        except BaseException:
            await view.close()
            raise
        return view

    def picture(self) -> av.VideoFrame | None:
        """The latest picture: yuv420p of the view's size, the same object as long as nothing has changed."""
        return self._screencast.picture

    def picture_at(self, at: float) -> av.VideoFrame | None:
        """The picture to be seen at a time of `time.monotonic`, None before the first one. Times that do not decrease,
        and are not long ago."""
        return self._screencast.picture_at(at)

    @property
    def failed(self) -> str | None:
        """Why there will be no further picture; None while all is well."""
        return self._failed

    async def until_failed(self) -> str:
        """Wait for `failed`."""
        await self._has_failed.wait()
        return self._failed or ""

    async def close(self) -> None:
        """End the browser: no process, no connection and no folder is left."""
        self._closing = True
        await self._process.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._proxy.close()

    async def _watch(self) -> None:
        await self._process.ended()
        if not self._closing:
            log.warning("the browser of a recording has ended", said=self._process.complaints)
        self._fail("the browser has ended")

    def _fail(self, why: str) -> None:
        if self._failed is None and not self._closing:
            self._failed = why
            for awaited in (self._has_failed, self._loaded, self._screencast.shown):
                awaited.set()

    async def _show(self, url: str) -> None:
        devtools = self._process.devtools
        answer = await devtools.call("Page.navigate", url=url)
        if "errorText" in answer:
            raise WebViewError("not-loaded", f"the page cannot be loaded: {answer['errorText']}{self._kept_from()}")
        await self._reached(self._loaded)
        status = await devtools.call(
            "Runtime.evaluate", expression="performance.getEntriesByType('navigation')[0].responseStatus"
        )
        code = status.get("result", {}).get("value", 0)
        if isinstance(code, int) and code >= _FIRST_ERROR_STATUS:
            raise WebViewError("not-loaded", f"the page cannot be loaded: its server answers {code}")
        self._tasks.append(asyncio.create_task(self._film()))
        await self._reached(self._screencast.shown)

    async def _film(self) -> None:
        try:
            await self._screencast.run()
        except Exception:
            # What a browser can send is not for us to list; without this the film would show one picture for ever.
            log.exception("the pictures of a page met a fault of this program")
            self._fail("the recorder has a fault: the page's pictures cannot be read")

    async def _reached(self, event: asyncio.Event) -> None:
        await event.wait()
        if self._failed is not None:
            raise WebViewError("crashed", self._failed)

    async def _prepare(self, page: recording_messages.WebView, conf_num: str) -> None:
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await self._attach(page, conf_num)
        except TimeoutError as error:
            raise WebViewError("no-browser", "the recorder's browser does not answer") from error

    async def _attach(self, page: recording_messages.WebView, conf_num: str) -> None:
        """Take the browser's only page, and make rules for it."""
        devtools = self._process.devtools
        targets = await devtools.call("Target.getTargets", page=False)
        own = next((one["targetId"] for one in targets["targetInfos"] if one["type"] == "page"), None)
        if own is None:
            raise WebViewError("no-browser", "the browser has started without a window")
        attached = await devtools.call("Target.attachToTarget", page=False, targetId=own, flatten=True)
        devtools.session = attached["sessionId"]
        self._obey(devtools, own)
        await devtools.call("Browser.setDownloadBehavior", page=False, behavior="deny")
        await devtools.call("Target.setDiscoverTargets", page=False, discover=True)
        await devtools.call("Page.enable")
        await devtools.call("Inspector.enable")
        await devtools.call(
            "Emulation.setDeviceMetricsOverride",
            width=self._size.width,
            height=self._size.height,
            deviceScaleFactor=1,
            mobile=False,
        )
        await devtools.call("Page.addScriptToEvaluateOnNewDocument", source=_script(page, conf_num))

    def _obey(self, devtools: DevTools, own: str) -> None:
        def close_others(event: Params) -> None:
            other = event["targetInfo"]
            if other["type"] == "page" and other["targetId"] != own:
                devtools.send("Target.closeTarget", page=False, targetId=other["targetId"])

        devtools.on("Page.loadEventFired", lambda _: self._loaded.set())
        # A question would stop the page until somebody answers.
        devtools.on(
            "Page.javascriptDialogOpening", lambda _: devtools.send("Page.handleJavaScriptDialog", accept=False)
        )
        devtools.on("Target.targetCreated", close_others)
        devtools.on("Inspector.targetCrashed", lambda _: self._fail("the page has crashed"))
        devtools.on("Target.detachedFromTarget", lambda _: self._fail("the page has closed itself"))

    def _kept_from(self) -> str:
        if self._proxy.refused is None:
            return ""
        return f"; it may not reach {self._proxy.refused}, which recording_web_hosts does not name"


def _script(page: recording_messages.WebView, conf_num: str) -> str:
    """What the page finds before its own scripts run; frames of others inside it do not."""
    told = {"layout": page.layout, "chatOverlay": page.chat_overlay, "confNum": conf_num}
    return f"if (window === window.top) window.roomcastLayout = {json.dumps(told)};"


def _own_addresses() -> list[IpAddress]:
    """Of this machine, on whatever interface."""
    return [
        ip_address(found.ip if isinstance(found.ip, str) else found.ip[0])
        for adapter in ifaddr.get_adapters()
        for found in adapter.ips
    ]

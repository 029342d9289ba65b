"""Headless Chromium as a process: found, started with a profile of its own, and ended without leaving anything."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from recorder.layouts import Size
from recorder.web_view.devtools import MAX_MESSAGE, DevTools
from recorder.web_view.errors import WebViewError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE = Path("none")
START_TIMEOUT = 60.0
"""Seconds, for a machine that is busy with other recordings; a browser that cannot start ends at once."""
STOP_TIMEOUT = 3.0
_COMPLAINTS = 5
"""Lines of the browser's own complaints that are kept, to tell why it ended."""

# The browser talks through file descriptors 3 and 4; asyncio gives pipes as 0 and 1. When this process is killed the
# browser ends by itself, as its pipes break, and the shell is still there to take its profile away.
_START = 'profile=$1; shift; "$@" 3<&0 4>&1 </dev/null >/dev/null; rm -rf "$profile"'
# What a browser needs to know of its surroundings, and no secret of ours.
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH")

_FLAGS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    # In containers /dev/shm is small.
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    # The film's sound is that of the meeting.
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--deny-permission-prompts",
    # Nothing but the page itself is to use the network.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    # Nobody looks at the window, and the page must not fall asleep for that.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    # Calls go through the proxy too, over TCP; the second is the option's older name.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    # Hosts that the operator listed are reached without a question; all others of our network by no means.
    "--disable-features=LocalNetworkAccessChecks,Translate,MediaRouter,OptimizationHints",
    # Loopback too.
    "--proxy-bypass-list=<-loopback>",
)

log = structlog.get_logger()


@dataclass(frozen=True)
class Browser:
    """A Chromium, or a browser made of it, that is installed here."""

    path: Path


def find_browser(path: Path | None) -> Browser | None:
    """The browser at `path`, or the first one found in PATH; none for the path `none`.

    Raises WebViewError (no-browser) when `path` is no program.
    """
    if path is None:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        return Browser(Path(found)) if found else None
    if path == NONE:
        return None
    if not path.is_file() or not os.access(path, os.X_OK):
        raise WebViewError("no-browser", f"{path} is no program: name Chromium, or none")
    return Browser(path.absolute())


class BrowserProcess:
    """A running browser. It ends when this process does, however that happens."""

    def __init__(self, process: asyncio.subprocess.Process, profile: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.devtools = DevTools(process.stdout, process.stdin)
        self._process = process
        self._profile = profile
        self._complaints: deque[str] = deque(maxlen=_COMPLAINTS)
        self._tasks = [asyncio.create_task(self.devtools.run()), asyncio.create_task(self._listen())]

    @classmethod
    async def start(cls, browser: Browser, size: Size, proxy_port: int) -> Self:
        """With an empty window of that size, whose connections all go through the proxy. Raises WebViewError
        (no-browser)."""
        try:
            # Not in a folder of the recorder's: paths of sockets in it must stay under 108 bytes.
            profile = Path(tempfile.mkdtemp(prefix="web-view-"))
        except OSError as error:
            raise WebViewError("no-browser", f"no folder for the browser's profile: {error}") from error
        try:
            process = await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", _START, "sh", str(profile), str(browser.path), *_arguments(size, proxy_port, profile),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=MAX_MESSAGE,
                # A group of its own, so that all of it can be ended.
                start_new_session=True,
                env=_environment(profile),
            )  # fmt: skip
        except BaseException as error:
            shutil.rmtree(profile, ignore_errors=True)
            if isinstance(error, OSError):
                raise WebViewError("no-browser", f"the browser cannot be started: {error}") from error
            raise
        running = cls(process, profile)
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await running.devtools.call("Browser.getVersion", page=False)
        except (TimeoutError, WebViewError) as error:
            await running.close()
            log.warning("the browser does not start", browser=str(browser.path), said=running.complaints)
            raise WebViewError("no-browser", "the recorder's browser does not start: its log says why") from error
        except BaseException:
            await running.close()
            raise
        return running

    @property
    def complaints(self) -> list[str]:
        """The browser's last ones."""
        return list(self._complaints)

    async def ended(self) -> None:
        """Returns when the browser is gone."""
        await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """End it. No process of it is left afterwards, and no profile."""
        self.devtools.send("Browser.close", page=False)
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await self._process.wait()
        except TimeoutError:
            log.debug("the browser is killed: it does not close")
        # Its helpers may outlive it for a moment.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        # A helper that left the group would keep the pipes open.
        _, reading = await asyncio.wait(self._tasks, timeout=STOP_TIMEOUT)
        for task in reading:
            task.cancel()
        await asyncio.to_thread(shutil.rmtree, self._profile, ignore_errors=True)

    async def _listen(self) -> None:
        assert self._process.stderr is not None
        with suppress(OSError, ValueError):  # a line without end
            async for line in self._process.stderr:
                self._complaints.append(line.decode(errors="replace").strip()[:200])


def _arguments(size: Size, proxy_port: int, profile: Path) -> list[str]:
    return [
        *_FLAGS,
        # Its sandbox refuses to work for root.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        f"--user-data-dir={profile}",
        f"--window-size={size.width},{size.height}",
        # SOCKS rather than HTTP: the proxy then resolves all names and sees no content.
        f"--proxy-server=socks5://127.0.0.1:{proxy_port}",
        "about:blank",
    ]


def _environment(profile: Path) -> dict[str, str]:
    """Whatever the browser writes goes into its profile."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return kept | {"HOME": str(profile), "TMPDIR": str(profile)}

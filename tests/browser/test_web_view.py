"""Pages as pictures of live recordings, in a real browser of the recorder."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest

from recorder.layouts import Size
from recorder.web_view import view as web_view
from recorder.web_view.browser import Browser, find_browser
from recorder.web_view.errors import WebViewError
from recorder.web_view.view import Surroundings, WebView
from sfu import recording_messages
from tests.support import priorities
from tests.support.web_site import DEADLINE, Site, site

SIZE = Size(640, 360)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
TOLERANCE = 12

HALVES = "<body style='margin:0;background:linear-gradient(to right, #f00 50%, #00f 50%)'>"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """For temporary files; pytest's own folders have names too long for sockets in them."""
    with tempfile.TemporaryDirectory(prefix="roomcast-") as made:
        monkeypatch.setattr(tempfile, "tempdir", made)
        yield Path(made)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For machines that do other things too; and no process of the tests raises its priority."""
    monkeypatch.setattr(web_view, "LOAD_TIMEOUT", DEADLINE)
    priorities.renounce()


def chromium() -> Browser:
    found = find_browser(None)
    assert found is not None
    return found


@asynccontextmanager
async def shown(at: Site, path: str = "", **told: object) -> AsyncIterator[WebView]:
    """The page of a site that the operator allows."""
    page = recording_messages.WebView.model_validate({"url": at.url + path, **told})
    view = await WebView.open(chromium(), page, SIZE, Surroundings("CONF-1", (at.host,)))
    try:
        yield view
    finally:
        await view.close()


def colour(frame: av.VideoFrame, x: int, y: int) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in frame.to_ndarray(format="rgb24")[y, x])
    return red, green, blue


def is_coloured(view: WebView, x: int, expected: tuple[int, int, int]) -> bool:
    picture = view.picture()
    assert picture is not None
    return all(abs(one - other) <= TOLERANCE for one, other in zip(colour(picture, x, 180), expected, strict=True))


async def becomes(view: WebView, expected: tuple[int, int, int]) -> None:
    await eventually(lambda: is_coloured(view, 320, expected))


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not true():
            await asyncio.sleep(0.05)


def processes_of(folder: Path) -> set[int]:
    """All that were started with such a folder for their files: the browser's, and the shell that started it."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder / "web-view-") in told:
            found.add(int(process.name))
    return found


async def test_the_picture_is_the_page_and_closing_leaves_nothing(folder: Path) -> None:
    async with site(index=HALVES) as at, shown(at) as view:
        picture = view.picture()
        assert picture is not None
        assert (picture.width, picture.height, picture.format.name) == (640, 360, "yuv420p")
        await eventually(lambda: is_coloured(view, 100, RED) and is_coloured(view, 540, BLUE))
        assert len(processes_of(folder)) > 1
        assert view.failed is None
    assert view.failed is None
    await eventually(lambda: not processes_of(folder))
    assert list(folder.iterdir()) == []


async def test_pictures_change_with_the_page_and_only_then(folder: Path) -> None:
    """However fast it changes, the last picture is what the page looks like when it comes to rest."""
    moving = """<body style="margin:0"><script>
        let frames = 0;
        const change = () => {
          const rests = ++frames > 40;
          document.body.style.background = rests ? "#0f0" : frames % 2 ? "#f00" : "#00f";
          if (!rests) requestAnimationFrame(change);
        };
        change();
    </script>"""
    async with site(index=moving) as at, shown(at) as view:
        first = view.picture()
        await becomes(view, GREEN)
        last = view.picture()
        assert last is not first
        await asyncio.sleep(1.0)
        assert view.picture() is last


async def test_the_page_is_told_what_to_show_and_frames_in_it_are_not(folder: Path) -> None:
    tells = "<script>fetch(`/told?${JSON.stringify(window.roomcastLayout ?? null)}`)</script>"
    async with (
        site(index=f"{tells}<iframe src=/frame></iframe>", frame=tells.replace("/told", "/frame-told")) as at,
        shown(at, "?room=1", layout={"columns": 2}, chat_overlay=True),
    ):
        await at.was_asked('/told?{"layout":{"columns":2},"chatOverlay":true,"confNum":"CONF-1"}')
        await at.was_asked("/frame-told?null")
        assert at.asked[0] == "/?room=1"


async def test_nothing_in_the_page_reaches_the_network_behind_the_recorder(folder: Path) -> None:
    """Whichever way: frames, images, redirects, fetch, workers, WebSockets and calls."""
    tries = """<body style="margin:0;background:#f00"><iframe src="INSIDE/frame"></iframe><img src="INSIDE/image">
    <img src="/redirect?to=INSIDE/redirected"><iframe src="file:///etc/passwd"></iframe><a ping href="/"></a>
    <script>
      const done = (what, how) => fetch(`/done?${what}=${how}`);
      const refused = (what, promise) => promise.then(() => done(what, "reached"), () => done(what, "refused"));
      refused("fetch", fetch("INSIDE/fetch", {mode: "no-cors"}));
      refused("file", fetch("file:///etc/passwd"));
      const code = `fetch("INSIDE/worker", {mode: "no-cors"}).then(() => "reached", () => "refused").then(postMessage)`;
      new Worker(URL.createObjectURL(new Blob([code]))).onmessage = ({data}) => done("worker", data);
      const socket = new WebSocket("INSIDE/socket".replace("http", "ws"));
      socket.onerror = () => done("socket", "refused");
      navigator.sendBeacon("INSIDE/beacon");
      const call = new RTCPeerConnection({iceServers: [{urls: "INSIDE".replace("http://", "stun:")}]});
      call.createDataChannel("");
      call.setLocalDescription();
      call.onicecandidate = ({candidate}) => candidate ?? done("call", "gathered");
      Notification.requestPermission().then((answer) => done("permission", answer));
      window.open("/popup");
      onload = () => location.assign("/download");
    </script>"""
    async with site(index="<p>secret") as inside, site() as at:
        at.pages["/"] = tries.replace("INSIDE", inside.url.rstrip("/"))
        loop = asyncio.get_running_loop()
        heard: list[bytes] = []
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Listener(heard), ("127.0.0.1", int(inside.host.split(":")[1]))
        )
        async with shown(at) as view:
            for what in ("fetch", "file", "worker", "socket"):
                await at.was_asked(f"/done?{what}=refused")
            await at.was_asked("/done?permission=denied")
            await at.was_asked("/done?call=gathered")
            await at.was_asked("/download")
            await eventually(lambda: is_coloured(view, 600, RED))
            assert view.failed is None
            assert not list(folder.rglob("abc*")), "downloads are refused"
        transport.close()
        assert (inside.asked, heard) == ([], [])


class Listener(asyncio.DatagramProtocol):
    def __init__(self, heard: list[bytes]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._heard.append(data)


async def failure(at: Site, folder: Path, path: str = "") -> WebViewError:
    with pytest.raises(WebViewError) as raised:
        async with shown(at, path):
            pass
    await eventually(lambda: not processes_of(folder))
    assert list(folder.iterdir()) == []
    return raised.value


async def test_a_redirect_into_the_network_is_a_failure_with_the_reason(folder: Path) -> None:
    async with site(index=HALVES) as inside, site() as at:
        error = await failure(at, folder, f"redirect?to={inside.url}")
        assert error.code == "not-loaded"
        assert inside.host in str(error)
        assert inside.asked == []


async def test_a_page_that_its_server_does_not_have_is_a_failure(folder: Path) -> None:
    async with site() as at:
        error = await failure(at, folder, "missing")
        assert (error.code, "404" in str(error)) == ("not-loaded", True)


async def test_a_page_that_never_loads_is_a_failure(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_view, "LOAD_TIMEOUT", 2.0)
    async with site(index="<img src=/never>") as at:
        assert (await failure(at, folder)).code == "not-loaded"


async def test_a_page_that_hangs_keeps_its_last_picture(folder: Path) -> None:
    hangs = HALVES + "<script>onload = () => setTimeout(() => { fetch('/hangs'); for (;;); }, 1000)</script>"
    async with site(index=hangs, hangs="") as at, shown(at) as view:
        await eventually(lambda: is_coloured(view, 100, RED))
        await at.was_asked("/hangs")
        assert is_coloured(view, 100, RED)
        assert view.failed is None
    await eventually(lambda: not processes_of(folder))


async def test_a_page_that_asks_goes_on_by_itself(folder: Path) -> None:
    asks = "<body><script>alert('well?'); document.body.style.background = '#0f0'</script>"
    async with site(index=asks) as at, shown(at) as view:
        await becomes(view, GREEN)


async def test_a_killed_browser_is_a_failure_and_keeps_the_last_picture(folder: Path) -> None:
    async with site(index=HALVES) as at, shown(at) as view:
        picture = view.picture()
        # The shell was first, the browser itself second; all others are its children.
        os.kill(sorted(processes_of(folder))[1], signal.SIGKILL)
        await eventually(lambda: view.failed is not None)
        assert view.failed == "the browser has ended"
        assert view.picture() is picture
    await eventually(lambda: not processes_of(folder))
    assert list(folder.iterdir()) == []

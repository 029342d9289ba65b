"""The pages and the SDK over HTTP."""

import gzip
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from signalling.static import AssetFolder, StaticDirError, find_static_dirs, routes
from signalling.static_headers import content_security_policy


@pytest.fixture
def static_dirs(tmp_path: Path) -> dict[str, Path]:
    dirs = {"sdk": tmp_path / "sdk", "web": tmp_path / "web"}
    for folder in dirs.values():
        folder.mkdir()
    (dirs["sdk"] / "roomcast.js").write_text("export const Roomcast = {};\n")
    (dirs["sdk"] / "roomcast.d.ts").write_text("export {};\n")
    (dirs["web"] / "index.html").write_text("<!doctype html>start")
    (dirs["web"] / "room.html").write_text("<!doctype html>room")
    (dirs["web"] / "recordings.html").write_text("<!doctype html>recordings")
    (dirs["web"] / "css").mkdir()
    (dirs["web"] / "css" / "base.css").write_text("body { color: red }")
    (dirs["web"] / ".secret.js").write_text("hidden")
    (dirs["web"] / "notes.txt").write_text("not served")
    (tmp_path / "outside.js").write_text("outside")
    return dirs


@pytest.fixture
async def server(static_dirs: dict[str, Path]):
    app = web.Application()
    app.add_routes(routes(static_dirs, local_mode=True))
    async with TestServer(app) as server:
        yield server


@pytest.fixture
async def client(server: TestServer):
    async with ClientSession(server.make_url("/"), auto_decompress=False) as session:
        yield session


@pytest.mark.parametrize(
    ("path", "content_type", "text"),
    [
        ("/", "text/html", "start"),
        ("/room/abc123", "text/html", "room"),
        ("/recordings", "text/html", "recordings"),
        ("/sdk/roomcast.js", "text/javascript", "Roomcast"),
        ("/sdk/roomcast.d.ts", "text/plain", "export"),
        ("/web/css/base.css", "text/css", "color"),
    ],
)
async def test_files_have_the_type_that_browsers_want(client, path, content_type, text) -> None:
    async with client.get(path, headers={"Accept-Encoding": "identity"}) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == f"{content_type}; charset=utf-8"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert text in await response.text()


@pytest.mark.parametrize(
    "path",
    [
        "/web/.secret.js",
        "/web/notes.txt",
        "/web/missing.js",
        "/web/css",
        "/web/css/",
        "/web/../outside.js",
        "/web/%2e%2e/outside.js",
        "/web/css/%2e%2e/%2e%2e/outside.js",
        "/web/..%2foutside.js",
        "/web/%2Fetc/passwd.js",
        "/web/css\\..\\..\\outside.js",
        "/web/%00.js",
        "/sdk/" + "a" * 5000 + ".js",
    ],
)
async def test_whatever_is_not_meant_to_be_served_is_not_found(server: TestServer, path) -> None:
    from yarl import URL

    async with ClientSession() as session:
        url = URL(f"http://{server.host}:{server.port}{path}", encoded=True)
        async with session.get(url) as response:
            assert response.status == 404


async def test_a_browser_that_has_the_file_is_told_that_it_is_still_good(client, static_dirs) -> None:
    async with client.get("/web/css/base.css") as first:
        etag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
    async with client.get("/web/css/base.css", headers={"If-None-Match": f'"other", {etag}'}) as again:
        assert again.status == 304
        assert await again.read() == b""
        assert again.headers["ETag"] == etag
    (static_dirs["web"] / "css" / "base.css").write_text("body { color: green; margin: 0 }")
    async with client.get("/web/css/base.css", headers={"If-None-Match": etag}) as changed:
        assert changed.status == 200
        assert changed.headers["ETag"] != etag


async def test_compressed_and_plain_are_two_representations(client) -> None:
    async with client.get("/sdk/roomcast.js", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        body = gzip.decompress(await packed.read())
    async with client.get("/sdk/roomcast.js", headers={"Accept-Encoding": "identity"}) as plain:
        assert "Content-Encoding" not in plain.headers
        assert await plain.read() == body
        assert plain.headers["ETag"] != packed.headers["ETag"]


async def test_head_tells_the_same_without_the_body(client) -> None:
    async with client.head("/room/abc") as response:
        assert response.status == 200
        assert response.headers["ETag"]
        assert await response.read() == b""


async def test_pages_allow_no_script_but_the_servers_own(client, server: TestServer) -> None:
    async with client.get("/room/abc") as response:
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert f"ws://{server.host}:{server.port}" in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "camera=(self)" in response.headers["Permissions-Policy"]


async def test_other_origins_may_import_the_sdk_and_nothing_else(client) -> None:
    async with client.get("/sdk/roomcast.js") as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    async with client.get("/web/css/base.css") as response:
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"


async def test_the_pages_learn_whether_this_is_local_mode(client) -> None:
    async with client.get("/web/config.json", headers={"Accept-Encoding": "identity"}) as response:
        assert await response.json() == {"local_mode": True}


@pytest.mark.parametrize("host", ["evil; script-src *", "a b", "x'", "", "host:port", "a,b"])
def test_a_strange_host_header_adds_nothing_to_the_policy(host: str) -> None:
    policy = content_security_policy(host)
    assert "connect-src 'self';" in policy


@pytest.mark.parametrize("host", ["meet.example.org", "127.0.0.1:8080", "[::1]:8080", "[fd00::2]"])
def test_websockets_of_the_same_host_are_allowed(host: str) -> None:
    assert f"connect-src 'self' ws://{host} wss://{host};" in content_security_policy(host)


def test_the_folders_of_the_checkout_are_found_and_complete() -> None:
    found = find_static_dirs()
    assert (found["sdk"] / "roomcast.js").is_file()
    assert AssetFolder(found["web"]).get("index.html") is not None


def test_a_missing_folder_is_refused_at_the_start(static_dirs: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(StaticDirError):
        routes({"sdk": static_dirs["sdk"]})
    with pytest.raises(StaticDirError):
        routes({**static_dirs, "web": tmp_path / "nowhere"})


def test_every_file_that_the_pages_name_is_served() -> None:
    """Links, scripts and imports of the real pages lead to files that exist."""
    import re

    dirs = find_static_dirs()
    folders = {name: AssetFolder(folder) for name, folder in dirs.items()}
    named: set[str] = set()
    for name, folder in dirs.items():
        for file in [*folder.rglob("*.html"), *folder.rglob("*.js")]:
            text = file.read_text()
            named.update(re.findall(r"""["'(]/((?:sdk|web)/[^"')#]+)["')]""", text))
            for relative in re.findall(r"""from "(\.[^"]+)";""", text):
                target = (file.parent / relative).resolve()
                named.add(f"{name}/{target.relative_to(folder.resolve()).as_posix()}")
    named.discard("web/config.json")
    assert len(named) > 30
    for path in named:
        folder_name, _, rest = path.partition("/")
        assert folders[folder_name].get(rest) is not None, path

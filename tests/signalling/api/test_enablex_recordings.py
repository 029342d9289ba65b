"""The operator's endpoints: the list of recordings, links for players, deletion."""

from typing import Any

import pytest

from sfu.recording_messages import CompositeFailed, CompositeProgress
from signalling.archive import open_storage
from signalling.archive.links import LIFETIME
from signalling.store import ArchiveFile, FileKind
from tests.signalling.api.conftest import NOW, Api
from tests.support.journal import end

NO_FILE = 32 * "0"
FILM = b"0123456789"


async def recorded(api: Api, *names: str, app_id: str | None = None, kind: FileKind = "transcoded") -> str:
    """A session with these files, whose ids are their names, with zeros for what is no letter."""
    room = await api.store.rooms.create(app_id or api.credentials.app_id, "Weekly", "owner", now=NOW)
    conf_num = await api.store.sessions.open(room.room_id, NOW)
    for name in names:
        stored = await api.storage.put(f"{conf_num}/{name}", FILM, NOW)
        file_id = name.replace(".", "0").replace(" ", "0")
        await api.store.archive_files.keep(
            ArchiveFile(file_id, conf_num, kind, name, stored.location, "video/mp4", stored.size, stored.sha256, NOW)
        )
    await end(api.store, conf_num, NOW + 60)
    return conf_num


async def sessions(api: Api, query: str = "") -> Any:
    answer = await api.call("GET", f"/recordings{query}")
    assert answer.status == 200, answer.json
    return answer.json["sessions"]


async def link(api: Api, file_id: str) -> str:
    answer = await api.call("POST", f"/recordings/files/{file_id}/link")
    assert answer.status == 200, answer.json
    return str(answer.json["url"])


async def get(api: Api, url: str, **headers: str) -> tuple[int, bytes, Any]:
    async with api.client.get(url, headers=headers) as response:
        return response.status, await response.read(), response.headers


async def test_a_session_is_listed_with_its_room_its_times_and_its_files(api: Api) -> None:
    conf_num = await recorded(api, "a.mp4")
    [session] = await sessions(api)
    [file] = session.pop("files")
    del session["room_id"]
    assert session == {
        "conf_num": conf_num,
        "room_name": "Weekly",
        "opened_at": "2027-01-15T08:00:00.000Z",
        "closed_at": "2027-01-15T08:01:00.000Z",
        "progress": [],
    }
    assert file == {
        "file_id": "a0mp4",
        "kind": "transcoded",
        "name": "a.mp4",
        "content_type": "video/mp4",
        "size": 10,
        "sha256": "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882",
        "ready_at": "2027-01-15T08:00:00.000Z",
    }


async def test_the_list_begins_with_the_last_session_and_comes_in_pages(api: Api) -> None:
    conf_nums = [await recorded(api, f"{number}.mp4") for number in range(3)]
    await recorded(api)
    await recorded(api, "x.mp4", app_id="other")
    first = (await api.call("GET", "/recordings?limit=2")).json
    rest = (await api.call("GET", f"/recordings?limit=2&after={first['next']}")).json
    assert [one["conf_num"] for one in first["sessions"] + rest["sessions"]] == conf_nums[::-1]
    assert "next" not in rest


async def test_what_is_being_made_is_shown_with_how_far_it_is(api: Api) -> None:
    conf_num = await recorded(api, "a.mkv")
    api.composites.progressed(CompositeProgress(conf_num=conf_num, segment=1, percent=42.5))
    api.composites.failed(CompositeFailed(conf_num=conf_num, segment=2, message="There is no space."))
    [session] = await sessions(api)
    assert session["progress"] == [
        {"segment": 1, "percent": 42.5},
        {"segment": 2, "percent": 0.0, "failure": "There is no space."},
    ]


async def test_a_link_opens_the_file_without_credentials_and_in_parts(api: Api) -> None:
    await recorded(api, "a b.mp4")
    url = await link(api, "a0b0mp4")
    assert url.startswith(f"{api.url}/files/")
    status, body, headers = await get(api, url)
    assert (status, body, headers["Content-Type"]) == (200, FILM, "video/mp4")
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''a%20b.mp4"
    status, body, headers = await get(api, url, Range="bytes=3-5")
    assert (status, body, headers["Content-Range"]) == (206, b"345", "bytes 3-5/10")


async def test_a_link_is_for_one_file_one_name_and_one_hour(api: Api) -> None:
    await recorded(api, "a.mp4", "b.mp4")
    url = await link(api, "a0mp4")
    for changed, status, reason in (
        (url.replace("a0mp4", "b0mp4"), 403, "link-invalid"),
        (url.replace("signature=", "signature=x"), 403, "link-invalid"),
        (url.partition("?")[0], 403, "link-invalid"),
        (url.replace("a.mp4", "b.mp4"), 404, "unknown-file"),
    ):
        answer = await api.raw("GET", changed.removeprefix(api.url))
        assert (answer.status, answer.json["error"]["reason"]) == (status, reason)
    api.now += LIFETIME
    answer = await api.raw("GET", url.removeprefix(api.url))
    assert (answer.status, answer.json["error"]["reason"]) == (403, "link-expired")


async def test_a_link_to_what_was_deleted_opens_nothing(api: Api) -> None:
    await recorded(api, "a.mp4")
    url = await link(api, "a0mp4")
    await api.call("DELETE", "/recordings/files/a0mp4")
    answer = await api.raw("GET", url.removeprefix(api.url))
    assert (answer.status, answer.json["error"]["reason"]) == (404, "unknown-file")


async def test_a_file_is_deleted_and_the_others_stay(api: Api) -> None:
    conf_num = await recorded(api, "a.mp4", "b.mp4")
    assert (await api.call("DELETE", "/recordings/files/a0mp4")).json == {"result": 0}
    assert [file["name"] for file in (await sessions(api))[0]["files"]] == ["b.mp4"]
    assert api.storage.local_file(f"{conf_num}/a.mp4") is None
    assert api.storage.local_file(f"{conf_num}/b.mp4") is not None
    assert (await api.call("DELETE", "/recordings/files/a0mp4")).json["result"] == 4044


async def test_all_files_of_a_session_are_deleted_at_once_and_its_reports_stay(api: Api) -> None:
    conf_num, other = await recorded(api, "a.mp4", "b.mp4"), await recorded(api, "c.mp4")
    for _ in range(2):
        assert (await api.call("DELETE", f"/recordings/{conf_num}")).json == {"result": 0}
    assert [session["conf_num"] for session in await sessions(api)] == [other]
    assert api.storage.local_file(f"{conf_num}/a.mp4") is None
    assert (await api.call("GET", f"/cdr/conf/{conf_num}")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("DELETE", "/recordings/CONF-999999", 4043),
        ("DELETE", "/recordings/x", 4043),
        ("DELETE", f"/recordings/files/{NO_FILE}", 4044),
        ("DELETE", "/recordings/files/..%2Fx", 4044),
        ("POST", f"/recordings/files/{NO_FILE}/link", 4044),
        ("GET", f"/recordings/files/{NO_FILE}/link", 4051),
        ("GET", "/recordings?limit=0", 4002),
        ("GET", "/recordings?after=x", 4002),
    ],
)
async def test_what_is_wrong_is_refused(api: Api, method: str, path: str, code: int) -> None:
    answer = await api.call(method, path)
    assert (answer.status, answer.json["result"]) == (code // 10, code)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", "/CONF-100001"), ("DELETE", "/files/a0mp4"), ("POST", "/files/a0mp4/link")],
)
async def test_without_credentials_nothing_is_shown_or_deleted(api: Api, method: str, path: str) -> None:
    conf_num = await recorded(api, "a.mp4")
    answer = await api.raw(method, f"/video/v2/recordings{path}")
    assert (answer.status, answer.json["result"]) == (401, 4011)
    assert api.storage.local_file(f"{conf_num}/a.mp4") is not None


async def test_what_another_application_has_is_neither_shown_nor_deleted(api: Api) -> None:
    conf_num = await recorded(api, "a.mp4", app_id="other")
    assert (await api.call("POST", "/recordings/files/a0mp4/link")).json["result"] == 4044
    assert (await api.call("DELETE", "/recordings/files/a0mp4")).json["result"] == 4044
    assert (await api.call("DELETE", f"/recordings/{conf_num}")).json["result"] == 4043
    assert api.storage.local_file(f"{conf_num}/a.mp4") is not None


@pytest.fixture
async def remote(api: Api, tmp_path: Any) -> Api:
    """The API with the archive in no folder of this machine."""
    await api.server.close()
    api.storage = open_storage(f"memory://{tmp_path.name}")
    await api.start()
    return api


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 200, FILM),
        ({"Range": "bytes=3-5"}, 206, b"345"),
        ({"Range": "bytes=7-"}, 206, b"789"),
        ({"Range": "bytes=-2"}, 206, b"89"),
        ({"Range": "bytes=8-99"}, 206, b"89"),
        ({"Range": "bytes=10-"}, 416, b""),
        ({"Range": "nonsense"}, 416, b""),
        ({"Range": "bytes=0-1,4-5"}, 200, FILM),
        ({"Range": "bytes=3-5", "If-Range": '"another"'}, 200, FILM),
    ],
)
async def test_a_remote_file_is_sent_in_parts_too(
    remote: Api, headers: dict[str, str], status: int, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signalling.archive.downloads._CHUNK", 4)
    await recorded(remote, "a.mp4")
    found = await get(remote, await link(remote, "a0mp4"), **headers)
    assert found[:2] == (status, body)


async def test_a_remote_file_that_is_known_already_is_not_sent_again(remote: Api) -> None:
    await recorded(remote, "a.mp4")
    url = await link(remote, "a0mp4")
    _, _, headers = await get(remote, url)
    assert (await get(remote, url, **{"If-None-Match": headers["ETag"]}))[:2] == (304, b"")
    assert (await get(remote, url, **{"Range": "bytes=3-5", "If-Range": headers["ETag"]}))[:2] == (206, b"345")
    async with remote.client.head(url) as response:
        assert (response.status, response.headers["Content-Length"]) == (200, "10")


async def test_a_remote_file_that_is_gone_is_answered_in_the_envelope(remote: Api) -> None:
    conf_num = await recorded(remote, "a.mp4")
    await remote.storage.delete(f"{conf_num}/a.mp4")
    answer = await remote.call("GET", "/archive/files/a0mp4/a.mp4")
    assert (answer.status, answer.json["result"]) == (404, 4044)


async def test_a_remote_download_that_breaks_off_is_no_whole_file(remote: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await recorded(remote, "a.mp4")
    url = await link(remote, "a0mp4")

    async def fail(*_: object) -> bytes:
        raise OSError("no connection")

    monkeypatch.setattr(remote.storage, "read", fail)
    with pytest.raises(Exception, match=r"(?i)payload|closed|disconnected|aborted|reset"):
        await get(remote, url)

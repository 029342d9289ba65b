"""The archive over the video API: its records, and downloads of its files."""

from typing import Any

import aiohttp
import pytest

from signalling.archive import Archivist
from signalling.journal import Journal
from signalling.journal.entries import Happened
from signalling.store import ArchiveFile, SessionSelection
from tests.signalling.api.conftest import NOW, Api
from tests.support.journal import end, join

NO_ROOM = "64f3a1b2c8e94d001f2e3a77"


async def archived(api: Api, room_id: str, *, chat: bool = True) -> str:
    """A session that has ended, with its archive."""
    conf_num = await api.store.sessions.open(room_id, NOW)
    await join(api.store, conf_num, f"c-{conf_num}", NOW, name="Ann")
    if chat:
        said = Happened(
            conf_num=conf_num,
            at=NOW + 1,
            event_id=f"e-{conf_num}",
            name="message-received",
            client_id=f"c-{conf_num}",
            details={"text": "hello", "to": None},
        )
        await api.store.chronicle.keep([said])
    await end(api.store, conf_num, NOW + 60)
    journal = Journal(api.store.chronicle.keep)
    assert await Archivist(api.store, api.storage, journal, lambda: NOW + 61).make_awaited()
    return conf_num


async def records(api: Api, path: str) -> Any:
    answer = await api.call("GET", f"/archive{path}")
    assert answer.status == 200, answer.json
    assert answer.json["result"] == "0"
    return answer.json["archive"]


async def chat_url(api: Api) -> str:
    await archived(api, await api.room())
    return str((await records(api, "/period/2027-01-15/2027-01-15"))[0]["chatdata"])


async def get(api: Api, url: str, method: str = "GET", **headers: str) -> tuple[aiohttp.ClientResponse, bytes]:
    given = {**api.authorization, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with api.client.request(method, url, headers=given) as response:
        return response, await response.read()


async def test_a_record_has_the_documented_structure(api: Api) -> None:
    room_id = await api.room()
    conf_num = await archived(api, room_id)
    [record] = await records(api, f"/conf/{conf_num}")
    chat, metadata = record.pop("chatdata"), record.pop("metadata")
    assert record == {
        "_id": "000000000000000000000001",
        "trans_date": "2027-01-15T08:01:00.000Z",
        "conf_num": conf_num,
        "app_id": api.credentials.app_id,
        "room_id": room_id,
        "recording": [],
        "transcoded": [],
    }
    base = f"{api.url}/video/v2/archive/files/"
    assert chat.startswith(base) and chat.endswith("/chat.json")
    assert metadata.startswith(base) and metadata.endswith("/session-meta.json")


async def test_a_session_without_chat_has_an_empty_link_to_it(api: Api) -> None:
    conf_num = await archived(api, await api.room(), chat=False)
    assert (await records(api, f"/conf/{conf_num}"))[0]["chatdata"] == ""


async def test_recordings_are_lists_of_links(api: Api) -> None:
    conf_num = await archived(api, await api.room())
    for kind, name in (("recording", "a.mkv"), ("recording", "b.mkv"), ("transcoded", "s.mp4")):
        file = ArchiveFile(f"id{name[0]}", conf_num, kind, name, f"{conf_num}/{name}", "video/x", 1, "", NOW)
        await api.store.archive_files.keep(file)
    [record] = await records(api, f"/conf/{conf_num}")
    assert [link["url"].rpartition("/")[2] for link in record["recording"]] == ["a.mkv", "b.mkv"]
    assert [link["url"].rpartition("/")[2] for link in record["transcoded"]] == ["s.mp4"]


async def test_the_four_filters_find_the_same_session(api: Api) -> None:
    room_id = await api.room()
    conf_num = await archived(api, room_id)
    await archived(api, await api.room())
    days = "2027-01-15/2027-01-15"
    for path in (f"/conf/{conf_num}", f"/room/{room_id}", f"/room-period/{room_id}/{days}"):
        assert [record["conf_num"] for record in await records(api, path)] == [conf_num]
    assert len(await records(api, f"/period/{days}")) == 2
    assert await records(api, "/period/2027-01-16/2027-01-17") == []
    assert await records(api, f"/room-period/{room_id}/2027-01-16/2027-01-17") == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/conf/CONF-999999", 4043),
        ("/conf/x", 4043),
        (f"/room/{NO_ROOM}", 4042),
        ("/room/x", 4042),
        (f"/room-period/{NO_ROOM}/2027-01-15/2027-01-15", 4042),
        ("/period/2027-01-16/2027-01-15", 4002),
        ("/period/15-01-2027/2027-01-15", 4002),
        ("/period/2027-01-15/2027-01-15?limit=0", 4002),
        ("/period/2027-01-15/2027-01-15?from=x", 4003),
        ("/period/2027-01-15", 4041),
    ],
)
async def test_a_filter_that_is_wrong_is_refused(api: Api, path: str, code: int) -> None:
    answer = await api.call("GET", f"/archive{path}")
    assert (answer.status, answer.json["result"]) == (code // 10, code)


async def test_archives_of_a_deleted_room_stay(api: Api) -> None:
    room_id = await api.room()
    conf_num = await archived(api, room_id)
    await api.call("DELETE", f"/rooms/{room_id}")
    [record] = await records(api, f"/room/{room_id}")
    assert record["conf_num"] == conf_num
    assert (await get(api, record["metadata"]))[0].status == 200


async def test_a_session_that_goes_on_has_no_record_yet(api: Api) -> None:
    room_id = await api.room()
    conf_num = await api.store.sessions.open(room_id, NOW)
    assert await records(api, f"/conf/{conf_num}") == []
    assert await records(api, f"/room/{room_id}") == []


async def test_long_lists_come_in_pages(api: Api) -> None:
    room_id = await api.room()
    conf_nums = [await archived(api, room_id) for _ in range(3)]
    first = (await api.call("GET", f"/archive/room/{room_id}?limit=2")).json
    rest = (await api.call("GET", f"/archive/room/{room_id}?limit=2&after={first['next']}")).json
    assert [record["conf_num"] for record in first["archive"] + rest["archive"]] == conf_nums
    assert "next" not in rest


async def test_urls_are_those_by_which_the_proxy_was_asked(api: Api) -> None:
    conf_num = await archived(api, await api.room())
    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "meet.example.com"}
    record = (await api.call("GET", f"/archive/conf/{conf_num}", headers=headers)).json["archive"][0]
    assert record["metadata"].startswith("https://meet.example.com/video/v2/archive/files/")


async def test_a_host_that_is_none_is_refused(api: Api) -> None:
    answer = await api.call("GET", "/archive/period/2027-01-15/2027-01-15", headers={"X-Forwarded-Host": "a b"})
    assert (answer.status, answer.json["result"]) == (400, 4002)


async def test_a_file_is_downloaded_with_the_credentials_of_the_api(api: Api) -> None:
    url = await chat_url(api)
    response, body = await get(api, url)
    assert (response.status, response.content_type) == (200, "application/json")
    assert b'"text": "hello"' in body
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''chat.json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "private, no-cache"


async def test_without_credentials_there_is_no_download(api: Api) -> None:
    async with api.client.get(await chat_url(api)) as response:
        assert (response.status, (await response.json())["result"]) == (401, 4011)


async def test_head_tells_the_size_without_the_file(api: Api) -> None:
    url = await chat_url(api)
    _, whole = await get(api, url)
    response, body = await get(api, url, "HEAD")
    assert (response.status, response.headers["Content-Length"], body) == (200, str(len(whole)), b"")


async def test_a_download_goes_on_where_it_broke_off(api: Api) -> None:
    url = await chat_url(api)
    complete, whole = await get(api, url)
    for condition in ("", complete.headers["ETag"], complete.headers["Last-Modified"]):
        response, part = await get(api, url, Range="bytes=10-", **({"If_Range": condition} if condition else {}))
        assert (response.status, part) == (206, whole[10:])
        assert response.headers["Content-Range"] == f"bytes 10-{len(whole) - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=10-", "If_Range": '"another"'},
        {"Range": "bytes=10-", "If_Range": 'W/"another"'},
        {"Range": "bytes=10-", "If_Range": "Mon, 01 Jan 2024 00:00:00 GMT"},
        {"Range": "bytes=0-1,5-6"},
    ],
)
async def test_the_whole_file_comes_where_a_part_of_it_would_be_wrong(api: Api, headers: dict[str, str]) -> None:
    url = await chat_url(api)
    _, whole = await get(api, url)
    response, body = await get(api, url, **headers)
    assert (response.status, body) == (200, whole)


async def test_what_is_known_already_is_not_sent_again(api: Api) -> None:
    url = await chat_url(api)
    etag = (await get(api, url))[0].headers["ETag"]
    response, body = await get(api, url, If_None_Match=etag)
    assert (response.status, body) == (304, b"")


async def test_a_part_that_there_is_not_is_refused(api: Api) -> None:
    assert (await get(api, await chat_url(api), Range="bytes=100000-"))[0].status == 416


@pytest.mark.parametrize("change", ["name", "id", "gone", "expired", "dots"])
async def test_a_file_that_there_is_not_is_answered_in_the_envelope(api: Api, change: str) -> None:
    url = await chat_url(api)
    conf_num = (await records(api, "/period/2027-01-15/2027-01-15"))[0]["conf_num"]
    local = api.storage.local_file(f"{conf_num}/chat.json")
    assert local is not None
    match change:
        case "name":
            url = url.replace("chat.json", "other.json")
        case "id":
            url = url.replace("/chat.json", "0/chat.json")
        case "gone":
            local.unlink()
        case "expired":
            old = ArchiveFile("x", conf_num, "chat", "chat.json", f"{conf_num}/chat.json", "a/b", 1, "", NOW, NOW - 1)
            await api.store.archive_files.keep(old)
        case "dots":
            url = url.replace("chat.json", "..%2F..%2Fapi.db")
    answer = await api.raw("GET", url.removeprefix(api.url), headers=api.authorization)
    assert (answer.status, answer.json["result"]) == (404, 4044)


async def test_a_location_outside_the_archive_is_never_sent(api: Api) -> None:
    conf_num = await archived(api, await api.room())
    for location in ("../api.db", "/etc/passwd"):
        await api.store.archive_files.keep(
            ArchiveFile("stray", conf_num, "recording", "a.mkv", location, "video/x", 1, "", NOW)
        )
        answer = await api.call("GET", "/archive/files/stray/a.mkv")
        assert (answer.status, answer.json["result"]) == (404, 4044)


async def test_another_applications_file_is_never_sent(api: Api) -> None:
    room = await api.store.rooms.create("other", "Room", "owner", now=NOW)
    conf_num = await archived(api, room.room_id)
    [(_, files)] = await api.store.archive_files.find(SessionSelection("other"), NOW, 10)
    answer = await api.call("GET", f"/archive/files/{files[0].file_id}/{files[0].name}")
    assert (answer.status, answer.json["result"]) == (404, 4044)
    assert (await api.call("GET", f"/archive/conf/{conf_num}")).json["result"] == 4043

"""Pages that may be opened, composites under way, names of files."""

import pytest

from sfu.recording_messages import CompositeFailed, CompositeProgress, FileStored
from signalling.recording import composites as module
from signalling.recording.composites import Composites, CompositeState
from signalling.recording.files import archive_file, is_file_name
from signalling.recording.web_pages import is_allowed_page

HOSTS = ("Layouts.example.com", "10.0.0.7:8080", "[::1]:80")
STORED = FileStored(
    file_id="f1",
    conf_num="CONF-100001",
    segment=1,
    kind="transcoded",
    name="1.mp4",
    location="CONF-100001/1.mp4",
    content_type="video/mp4",
    size=7,
    sha256=64 * "a",
)


@pytest.mark.parametrize(
    "url",
    [
        "https://layouts.example.com",
        "https://LAYOUTS.example.com/a?b=c#d",
        "http://layouts.example.com:80/",
        "https://layouts.example.com:443?x",
        "http://10.0.0.7:8080/grid.html",
        "http://[::1]:80/",
    ],
)
def test_pages_of_named_hosts_are_opened(url: str) -> None:
    assert is_allowed_page(url, HOSTS)
    assert not is_allowed_page(url, ())


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/",
        "https://layouts.example.com.evil.example/",
        "https://evil.example/layouts.example.com",
        "https://layouts.example.com:8443/",
        "http://layouts.example.com:443/",
        "http://10.0.0.7/",
        "https://layouts.example.com@evil.example/",
        "https://evil.example\\@layouts.example.com/",
        "https://layouts.example.com\\.evil.example/",
        "file://layouts.example.com/etc/passwd",
        "javascript://layouts.example.com/%0aalert(1)",
        "//layouts.example.com/",
        "https://layouts.example.com/\nx",
        "",
    ],
)
def test_no_other_page_is_opened(url: str) -> None:
    assert not is_allowed_page(url, HOSTS)


def test_a_composite_is_shown_until_it_is_done() -> None:
    composites = Composites()
    for segment, percent in ((2, 0.0), (1, 10.0), (1, 42.5)):
        composites.progressed(CompositeProgress(conf_num="CONF-100001", segment=segment, percent=percent))
    composites.failed(CompositeFailed(conf_num="CONF-100001", segment=2, message="no encoder"))
    assert composites.of("CONF-100001") == [CompositeState(1, 42.5), CompositeState(2, 0.0, "no encoder")]
    composites.stored(STORED.model_copy(update={"kind": "recording"}))
    assert len(composites.of("CONF-100001")) == 2
    composites.stored(STORED)
    composites.stored(STORED.model_copy(update={"segment": 2}))
    composites.stored(STORED)
    assert composites.of("CONF-100001") == []


def test_composites_of_too_many_sessions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SESSIONS", 2)
    composites = Composites()
    for conf_num in ("CONF-100001", "CONF-100002", "CONF-100001", "CONF-100003"):
        composites.progressed(CompositeProgress(conf_num=conf_num, segment=1, percent=1.0))
    assert [len(composites.of(f"CONF-10000{number}")) for number in (1, 2, 3)] == [1, 0, 1]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b.mkv", "..\\b.mkv", "a\0.mkv", "a\n.mkv", 201 * "a"])
def test_what_is_no_name_of_a_file(name: str) -> None:
    assert not is_file_name(name)


def test_the_same_file_has_the_same_id_in_the_archive() -> None:
    assert is_file_name(STORED.name)
    ids = {archive_file(STORED, at, 0).file_id for at in (1.0, 2.0)}
    assert len(ids) == 1 and all(one.isalnum() and len(one) == 32 for one in ids)
    assert archive_file(STORED.model_copy(update={"conf_num": "CONF-100002"}), 1.0, 0).file_id not in ids

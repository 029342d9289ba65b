import pytest
from hypothesis import given
from hypothesis import strategies as st

from signalling.archive import FileLinks, LinkError
from signalling.archive.links import LIFETIME

NOW = 1_800_000_000.5
LINKS = FileLinks(b"key")


def refusal(file_id: str, expires: str, signature: str, now: float = NOW) -> str:
    with pytest.raises(LinkError) as raised:
        LINKS.check(file_id, expires, signature, now)
    return raised.value.reason


def test_a_link_is_good_for_its_file_until_its_time_is_over() -> None:
    link = LINKS.make("f1", NOW)
    LINKS.check("f1", str(link.expires), link.signature, NOW)
    LINKS.check("f1", str(link.expires), link.signature, link.expires - 0.1)
    assert link.expires - NOW <= LIFETIME
    assert refusal("f1", str(link.expires), link.signature, link.expires) == "link-expired"


def test_a_link_is_good_for_nothing_else() -> None:
    link = LINKS.make("f1", NOW)
    assert refusal("f2", str(link.expires), link.signature) == "link-invalid"
    assert refusal("f1", str(link.expires + 1), link.signature) == "link-invalid"
    assert refusal("f1", f"0{link.expires}", link.signature) == "link-invalid"
    assert refusal("f1", str(link.expires), FileLinks(b"other").make("f1", NOW).signature) == "link-invalid"


@given(st.text(), st.text(), st.text())
def test_whatever_else_comes_is_invalid(file_id: str, expires: str, signature: str) -> None:
    assert refusal(file_id, expires, signature) == "link-invalid"

"""Application ids and keys."""

from hypothesis import given
from hypothesis import strategies as st

from signalling.credentials import Credentials


def test_only_the_right_pair_matches() -> None:
    credentials = Credentials("id", "key")
    assert credentials.matches("id", "key")
    assert not credentials.matches("id", "Key")
    assert not credentials.matches("ID", "key")
    assert not credentials.matches("key", "id")


@given(st.text(), st.text())
def test_no_other_text_matches(app_id: str, app_key: str) -> None:
    assert not Credentials.generate().matches(app_id, app_key)


def test_generated_credentials_differ_and_are_long() -> None:
    first, second = Credentials.generate(), Credentials.generate()
    assert first.app_id != second.app_id
    assert first.app_key != second.app_key
    assert len(first.app_key) >= 32


def test_the_key_is_not_in_the_text_of_the_object() -> None:
    credentials = Credentials.generate()
    assert credentials.app_key not in repr(credentials)
    assert credentials.app_key not in str(credentials)

"""Bodies of requests, whatever is in them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from signalling.api.json_body import BodyError, parse_object

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=4)


@given(OBJECTS)
def test_an_object_comes_out_as_it_went_in(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode()) == value


@given(st.binary())
def test_random_bytes_give_an_object_or_a_body_error(data: bytes) -> None:
    try:
        assert isinstance(parse_object(data), dict)
    except BodyError as error:
        assert error.status == 400


@given(OBJECTS, st.data())
def test_mutated_json_gives_an_object_or_a_body_error(value: dict[str, object], data: st.DataObject) -> None:
    text = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        parsed = parse_object(bytes(text))
    except BodyError as error:
        assert error.status == 400
    else:
        # Whatever is let in can be written and read again.
        assert json.loads(json.dumps(parsed, allow_nan=False).encode()) == parsed

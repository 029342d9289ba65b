"""RFC 4571 frames, cut by TCP wherever it likes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.rtp.framing import FrameReader, FramingError, frame

LIMIT = 2048


@given(st.lists(st.binary(max_size=300), max_size=10), st.lists(st.integers(0, 3000), max_size=20))
def test_frames_survive_any_cut(datagrams, cuts):
    stream = b"".join(frame(datagram) for datagram in datagrams)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = FrameReader(LIMIT)
    received = [each for start, end in pairwise(edges) for each in reader.feed(stream[start:end])]
    assert received == [datagram for datagram in datagrams if datagram]


@given(st.lists(st.binary(max_size=5000), max_size=5))
def test_random_streams_raise_nothing_else_and_hold_little(chunks):
    reader = FrameReader(LIMIT)
    try:
        for chunk in chunks:
            assert all(0 < len(each) <= LIMIT for each in reader.feed(chunk))
            assert len(reader._rest) <= LIMIT + 1
    except FramingError:
        pass


def test_frame_over_the_limit_is_refused_before_it_arrives():
    assert FrameReader(LIMIT).feed(frame(bytes(LIMIT))) == [bytes(LIMIT)]
    with pytest.raises(FramingError):
        FrameReader(LIMIT).feed((LIMIT + 1).to_bytes(2, "big"))

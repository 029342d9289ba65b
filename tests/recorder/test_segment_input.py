"""Whatever comes over a tap, a segment goes on and what it writes can be read."""

import tempfile
from pathlib import Path

import av
from hypothesis import given
from hypothesis import strategies as st

from recorder.segment import Segment
from recorder.timeline import SegmentBegan, SegmentEnded, read_timeline
from sfu.rtcp.reports import SenderReport
from tests.support.mutation import mutated
from tests.support.publishing import OPUS, VIDEO, encode_video, payloads_of, rtp

BEGAN = SegmentBegan(conf_num="1", segment=1, started_at="2026-11-22T00:00:00Z", room_name="Room")
CODECS = [OPUS, VIDEO["VP8"], VIDEO["VP9"], VIDEO["H264"]]
CLIENTS = st.sampled_from(["ada", "../bob"])
SSRCS = st.integers(0, 3)
VALID = [
    payload
    for codec in ("VP8", "VP9", "H264")
    for number, frame in enumerate(encode_video(codec, 3, 64, 48))
    for payload in payloads_of(codec, frame, number)
]


def put(ssrc, client_id, source, codec):
    def act(segment, now):
        kind = "audio" if codec is OPUS else "video"
        segment.on_track(
            ssrc=ssrc, track_id=str(ssrc), client_id=client_id, source=source, kind=kind, codec=codec, now=now
        )

    return act


def tracks():
    sources = st.sampled_from(["microphone", "camera", "screen", "canvas"])
    return st.builds(put, SSRCS, CLIENTS, sources, st.sampled_from(CODECS))


def packets():
    return st.builds(
        lambda ssrc, number, timestamp, marker, payload: (
            lambda segment, now: segment.on_rtp(rtp(CODECS[ssrc], ssrc, number, timestamp, marker, payload), now)
        ),
        SSRCS,
        st.integers(0, 12) | st.integers(0, 65535),
        st.integers(0, 2**32 - 1) | st.integers(0, 9000),
        st.booleans(),
        st.sampled_from(VALID) | mutated(VALID) | st.binary(max_size=30),
    )


def others():
    return st.one_of(
        st.builds(
            lambda ssrc, ntp, time: (
                lambda segment, now: segment.on_sender_report(SenderReport(ssrc, ntp, time, 0, 0), now)
            ),
            SSRCS,
            st.integers(0, 2**64 - 1),
            st.integers(0, 2**32 - 1),
        ),
        st.builds(
            lambda name, ssrc: lambda segment, now: getattr(segment, name)(str(ssrc), now),
            st.sampled_from(["on_paused", "on_resumed", "on_track_ended"]),
            SSRCS,
        ),
        st.builds(lambda client_id: lambda segment, now: segment.on_person_left(client_id, now), CLIENTS),
        st.just(lambda segment, now: segment.tick(now)),
    )


@given(st.lists(st.tuples(tracks() | packets() | packets() | others(), st.floats(0, 0.5)), max_size=60))
def test_any_input_leaves_files_that_can_be_read(inputs):
    with tempfile.TemporaryDirectory() as folder:
        segment = Segment(Path(folder) / "1", BEGAN, 100.0)
        now = 100.0
        for ssrc, codec in enumerate(CODECS):
            put(ssrc, "ada", ("microphone", "camera", "screen", "canvas")[ssrc], codec)(segment, now)
        for act, passed in inputs:
            now += passed
            act(segment, now)
        files = segment.finish(now)
        lines = list(read_timeline(segment.folder / "timeline.jsonl"))
        assert isinstance(lines[-1], SegmentEnded)
        assert {path.name for path in segment.folder.iterdir()} == {"timeline.jsonl", *(file.file for file in files)}
        for file in files:
            check_file(segment.folder / file.file)


def check_file(path):
    with av.open(str(path)) as container:
        last = {}
        for packet in container.demux():
            if packet.pts is not None:
                assert packet.pts > last.get(packet.stream_index, -1)
                last[packet.stream_index] = packet.pts
        assert container.streams

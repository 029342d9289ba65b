"""What is written is read back the same."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sfu.link_messages import Candidate, Fingerprint
from signalling.sdp import SessionDescription
from signalling.sdp.description import HeaderExtension, MediaSection, PayloadFormat, Rid, SsrcGroup
from signalling.sdp.parser import parse_description
from signalling.sdp.writer import write_description

names = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
directions = st.sampled_from(["sendrecv", "sendonly", "recvonly", "inactive"])
ssrcs = st.integers(0, 0xFFFFFFFF)
payloads = st.lists(
    st.builds(
        PayloadFormat,
        payload_type=st.integers(0, 127),
        encoding=names,
        clock_rate=st.integers(1, 999_999),
        channels=st.integers(1, 9),
        parameters=st.sampled_from(["", "apt=96", "minptime=10;useinbandfec=1"]),
        feedback=st.sampled_from([(), ("nack", "nack pli"), ("transport-cc",)]),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda payload: payload.payload_type,
).map(tuple)
extensions = st.lists(
    st.builds(HeaderExtension, extension_id=st.sampled_from([1, 14, 16, 255]), uri=names, direction=directions)
).map(tuple)


@st.composite
def sections(draw: st.DrawFn, mid: str) -> MediaSection:
    offered = draw(payloads)
    layers = draw(st.lists(names, max_size=3, unique=True).map(tuple))
    direction = draw(st.sampled_from(["send", "recv"]))
    named = draw(st.lists(ssrcs, max_size=3, unique=True).map(tuple))
    return MediaSection(
        kind=draw(st.sampled_from(["audio", "video"])),
        port=draw(st.sampled_from([0, 9])),
        protocol="UDP/TLS/RTP/SAVPF",
        formats=tuple(str(payload.payload_type) for payload in offered),
        mid=mid,
        direction=draw(directions),
        bundle_only=draw(st.booleans()),
        rtcp_mux=draw(st.booleans()),
        rtcp_reduced_size=draw(st.booleans()),
        extmap_allow_mixed=draw(st.booleans()),
        payloads=offered,
        extensions=draw(extensions),
        rids=tuple(Rid(layer, direction) for layer in layers),
        simulcast_send=layers if direction == "send" else (),
        simulcast_recv=layers if direction == "recv" else (),
        ssrcs=named,
        ssrc_groups=(SsrcGroup("FID", named),) if named else (),
        cname="c",
    )


@st.composite
def descriptions(draw: st.DrawFn) -> SessionDescription:
    mids = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    media = tuple(draw(sections(mid)) for mid in mids)
    in_use = tuple(section.mid for section in media if not section.stopped)
    return SessionDescription(
        session_id=draw(st.integers(0, 2**64 - 1)),
        version=draw(st.integers(0, 2**64 - 1)),
        ice_ufrag="user",
        ice_pwd="p" * 22,
        fingerprints=(Fingerprint(algorithm="sha-256", value=":".join(["0F"] * 32)),),
        setup=draw(st.sampled_from(["actpass", "active", "passive"])),
        bundle=in_use or (mids[0],),
        media=media,
        ice_lite=draw(st.booleans()),
        candidates=(Candidate(protocol="udp", ip="::1", port=1), Candidate(protocol="tcp", ip="::1", port=1)),
    )


@given(descriptions())
def test_what_is_written_is_read_back(description: SessionDescription) -> None:
    read = parse_description(write_description(description))
    unread = tuple(replace(section, cname="", msid="") for section in description.media)
    assert read == replace(description, candidates=(), media=unread)


def test_candidates_are_ordered_udp_first_and_as_given() -> None:
    section = MediaSection("audio", 9, "UDP/TLS/RTP/SAVPF", ("0",), "a")
    addresses = ("192.0.2.1", "2001:db8::1")
    text = write_description(
        SessionDescription(
            session_id=1,
            version=1,
            ice_ufrag="user",
            ice_pwd="p" * 22,
            fingerprints=(),
            setup="passive",
            bundle=("a",),
            media=(section,),
            candidates=tuple(Candidate(protocol=p, ip=ip, port=5000) for p in ("tcp", "udp") for ip in addresses),
        )
    )
    lines = [line.split() for line in text.split("\r\n") if line.startswith("a=candidate:")]
    best_first = sorted(lines, key=lambda words: -int(words[3]))
    assert [(words[2], words[4]) for words in best_first] == [
        ("udp", addresses[0]),
        ("udp", addresses[1]),
        ("tcp", addresses[0]),
        ("tcp", addresses[1]),
    ]
    assert all(0 < int(words[3]) < 2**31 for words in lines)
    assert len({words[0] for words in lines}) == 4
    assert all(words[8:] == (["tcptype", "passive"] if words[2] == "tcp" else []) for words in lines)

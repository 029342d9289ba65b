"""Which codecs are answered, and when two of them mean the same bytes."""

import pytest

from sfu.link_messages import Kind
from signalling.sdp.codecs import PUBLISHED_FEEDBACK, SLOT_FEEDBACK, negotiate_codecs
from signalling.sdp.description import PayloadFormat
from signalling.sdp.h264 import h264_profile
from tests.signalling.sdp.offers import offer

OPUS = PayloadFormat(111, "opus", 48000, 2, "minptime=10;useinbandfec=1", ("transport-cc", "nack"))
VP8 = PayloadFormat(96, "VP8", 90000)


def video(payload_type: int, encoding: str, parameters: str = "") -> PayloadFormat:
    return PayloadFormat(payload_type, encoding, 90000, 1, parameters)


def formats(*offered: PayloadFormat, kind: Kind = "video") -> list[str]:
    return [codec.format for codec in negotiate_codecs(offered, kind, frozenset())[0]]


def answered_parameters(*offered: PayloadFormat, kind: Kind = "video") -> list[str]:
    return [payload.parameters for payload in negotiate_codecs(offered, kind, frozenset())[1]]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("42e01f", "42e034"),  # Only the level differs.
        ("42e01f", "42c02a"),  # Constrained Baseline by the flag that says so.
        ("42E01F", "42e01f"),
        ("42e01f", "4d801f"),  # Main that keeps Baseline's constraints.
        ("42001f", "42000a"),
        ("42000a", None),
        ("4d001f", "4d401f"),
        ("64001f", "640034"),
    ],
)
def test_h264_profiles_that_decode_each_other_are_equal(left: str, right: str | None) -> None:
    assert h264_profile(left) is not None
    assert h264_profile(left) == h264_profile(right)


def test_h264_profiles_that_differ_are_told_apart() -> None:
    names = [h264_profile(value) for value in ("42001f", "42e01f", "4d001f", "64001f", "640c1f", "f4001f")]
    assert len(set(names)) == len(names)
    assert None not in names


@pytest.mark.parametrize("value", ["", "42e0", "42e01fff", "zzzzzz", "ff001f", "４２e01f"])
def test_an_unknown_h264_profile_is_not_served(value: str) -> None:
    assert h264_profile(value) is None
    assert formats(video(102, "H264", f"profile-level-id={value}"), VP8) == ["VP8"]


def test_h264_format_names_profile_and_packetization_mode() -> None:
    assert formats(
        video(102, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
        video(104, "H264", "packetization-mode=0; profile-level-id=42e01f"),
        video(106, "H264", "profile-level-id=42e01f"),
        video(108, "H264", "packetization-mode=2;profile-level-id=42e01f"),
    ) == ["H264/42e0/1", "H264/42e0/0", "H264/42e0/0"]


def test_vp9_and_av1_formats_name_the_profile() -> None:
    offered = [
        video(98, "VP9"),
        video(100, "VP9", "profile-id=2"),
        video(101, "VP9", "profile-id=9"),
        video(45, "AV1", "level-idx=5;profile=0;tier=0"),
        video(47, "AV1", "profile=1"),
        video(48, "AV1", "profile=x"),
    ]
    assert formats(*offered) == ["VP9/0", "VP9/2", "AV1/0", "AV1/1"]


def test_firefox_and_chromium_offer_the_same_formats_under_other_payload_types() -> None:
    chromium, firefox = (
        {
            codec.format: codec.payload_type
            for codec in negotiate_codecs(offer(name).media[1].payloads, "video", frozenset())[0]
        }
        for name in ("chromium", "firefox")
    )
    assert chromium["VP8"] != firefox["VP8"]
    assert {"VP8", "VP9/0", "AV1/0"} <= chromium.keys() & firefox.keys()


def test_offered_order_is_kept() -> None:
    assert formats(video(98, "VP9"), VP8) == ["VP9/0", "VP8"]
    assert formats(VP8, video(98, "VP9")) == ["VP8", "VP9/0"]


def test_rtx_belongs_to_the_codec_that_it_repairs() -> None:
    offered = (VP8, video(97, "rtx", "apt=96"), video(98, "VP9"), video(99, "rtx", "apt=50"), video(95, "rtx"))
    codecs, answered = negotiate_codecs(offered, "video", frozenset())
    assert [codec.rtx_payload_type for codec in codecs] == [97, None]
    assert [(payload.payload_type, payload.parameters) for payload in answered] == [(96, ""), (97, "apt=96"), (98, "")]


def test_what_is_not_served_is_left_out() -> None:
    offered = (
        video(118, "red"),
        video(119, "rtx", "apt=118"),
        video(120, "ulpfec"),
        video(49, "flexfec-03"),
        video(50, "H265"),
        PayloadFormat(51, "VP8", 8000),
    )
    assert negotiate_codecs(offered, "video", frozenset()) == ((), ())
    assert formats(PayloadFormat(13, "CN", 8000), PayloadFormat(126, "telephone-event", 8000), kind="audio") == []


def test_codecs_of_the_other_kind_are_not_served() -> None:
    assert formats(VP8, kind="audio") == []
    assert formats(OPUS, kind="video") == []


@pytest.mark.parametrize(
    ("parameters", "served"), [("111/111", True), ("111", True), ("111/0", False), ("", False), ("111/x", False)]
)
def test_red_is_served_when_every_block_is_opus(parameters: str, served: bool) -> None:
    red = PayloadFormat(63, "red", 48000, 2, parameters)
    assert formats(OPUS, red, kind="audio") == ["opus"] + ["red"] * served
    assert answered_parameters(OPUS, red, kind="audio")[1:] == [parameters] * served


def test_red_alone_is_no_codec() -> None:
    assert formats(PayloadFormat(63, "red", 48000, 2, "111/111"), kind="audio") == []


@pytest.mark.parametrize(
    ("offered", "answered"),
    [
        ("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1"),
        ("useinbandfec=1;usedtx=1", "useinbandfec=1;usedtx=1"),
        (
            "maxplaybackrate=48000;stereo=1;useinbandfec=1",
            "maxplaybackrate=48000;stereo=1;useinbandfec=1;sprop-stereo=1",
        ),
        ("sprop-stereo=1", "stereo=1;sprop-stereo=1"),
        ("stereo=0", "stereo=0"),
        ("useinbandfec=yes;evil=1;maxaveragebitrate=1", ""),
    ],
)
def test_opus_parameters_are_asked_for_as_they_are_offered(offered: str, answered: str) -> None:
    assert answered_parameters(PayloadFormat(111, "opus", 48000, 2, offered), kind="audio") == [answered]


def test_feedback_is_what_the_node_does_in_that_direction() -> None:
    everything = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli", "ccm tmmbr")
    offered = (
        PayloadFormat(96, "VP8", 90000, 1, "", everything),
        PayloadFormat(97, "rtx", 90000, 1, "apt=96", everything),
    )
    published = negotiate_codecs(offered, "video", PUBLISHED_FEEDBACK["video"])[1]
    slot = negotiate_codecs(offered, "video", SLOT_FEEDBACK["video"])[1]
    assert published[0].feedback == ("transport-cc", "ccm fir", "nack", "nack pli")
    assert slot[0].feedback == ("transport-cc", "ccm fir", "nack", "nack pli")
    assert published[1].feedback == slot[1].feedback == ()
    assert negotiate_codecs((OPUS,), "audio", PUBLISHED_FEEDBACK["audio"])[1][0].feedback == ("transport-cc", "nack")
    assert negotiate_codecs((OPUS,), "audio", SLOT_FEEDBACK["audio"])[1][0].feedback == ("transport-cc",)

"""The first answer to an offer: its text, and the typed parameters for the media node."""

from collections.abc import Sequence

import pytest

from signalling.sdp import MediaUse, Negotiated, SdpError, SessionDescription, answer, parse_offer
from signalling.sdp.description import MediaSection
from signalling.sdp.parser import parse_description
from tests.signalling.sdp.offers import NAMES, local_end, offer, offer_text


def answered(name: str, wanted: Sequence[MediaUse] = ()) -> tuple[Negotiated, SessionDescription]:
    negotiated = answer(offer(name), wanted, local_end())
    return negotiated, parse_description(negotiated.sdp)


def by_mid(description: SessionDescription) -> dict[str, MediaSection]:
    return {section.mid: section for section in description.media}


@pytest.mark.parametrize("name", NAMES)
def test_every_real_offer_is_answered_m_line_by_m_line(name: str) -> None:
    _, text = answered(name)
    assert [(section.kind, section.mid) for section in text.media] == [
        (section.kind, section.mid) for section in offer(name).media
    ]
    assert (text.ice_lite, text.setup) == (True, "passive")
    assert text.bundle == tuple(section.mid for section in text.media if not section.stopped)


@pytest.mark.parametrize("name", NAMES)
def test_transport_stands_at_session_level_and_candidates_in_the_first_m_line(name: str) -> None:
    session, *media = answer(offer(name), [], local_end()).sdp.split("\r\nm=")
    for attribute in ("ice-lite", "ice-ufrag:serv0", "ice-pwd:", "fingerprint:sha-256 AB:", "setup:passive"):
        assert f"\r\na={attribute}" in session
    assert [section.count("a=candidate:") for section in media] == [2] + [0] * (len(media) - 1)
    assert " 127.0.0.1 9 typ host tcptype passive\r\n" in media[0]


def test_candidates_stand_in_the_first_m_line_that_is_served() -> None:
    text = offer_text("chromium-publish-only").replace("BUNDLE 0 1 2", "BUNDLE 1 2").replace("audio 9", "audio 0")
    negotiated = answer(parse_offer(text), [], local_end())
    _, *media = negotiated.sdp.split("\r\nm=")
    assert ["a=candidate:" in section for section in media] == [False, True, False]


def test_the_m_line_that_stands_for_the_bundle_rests_instead_of_being_refused() -> None:
    negotiated, text = answered("chromium", [MediaUse("0", "microphone", allowed=False)])
    assert (text.media[0].port, text.media[0].direction) == (9, "inactive")
    assert text.bundle[0] == "0"
    assert negotiated.refused == ("0",)
    assert [track.source for track in negotiated.tracks] == ["camera"]
    assert "0" not in negotiated.uses


def test_simulcast_camera_is_taken_layer_by_layer() -> None:
    for browser in ("chromium", "firefox"):
        negotiated, text = answered(browser)
        camera = text.media[1]
        assert camera.direction == "recvonly"
        assert [(rid.rid, rid.direction) for rid in camera.rids] == [("q", "recv"), ("h", "recv"), ("f", "recv")]
        assert camera.simulcast_recv == ("q", "h", "f")
        track = negotiated.tracks[1]
        assert (track.source, track.kind, track.rids, track.ssrcs) == ("camera", "video", ("q", "h", "f"), ())
        assert {"mid", "rid", "repaired-rid", "transport-wide-cc"} <= track.extensions.keys()


def test_simulcast_is_not_answered_without_the_extension_that_tells_layers_apart() -> None:
    without = "\r\n".join(line for line in offer_text("chromium").split("\r\n") if "rtp-stream-id" not in line)
    negotiated = answer(parse_offer(without), [], local_end())
    assert "simulcast" not in negotiated.sdp
    assert "a=rid" not in negotiated.sdp
    assert negotiated.tracks[1].rids == ()


def test_a_microphone_is_known_by_its_ssrc() -> None:
    negotiated, _ = answered("chromium")
    microphone = negotiated.tracks[0]
    assert (microphone.source, microphone.kind) == ("microphone", "audio")
    assert microphone.ssrcs == offer("chromium").media[0].ssrcs
    assert [codec.format for codec in microphone.codecs] == ["opus", "red"]
    assert microphone.extensions.keys() == {"mid", "audio-level", "abs-send-time", "transport-wide-cc"}


def test_a_camera_without_simulcast_is_known_by_its_ssrcs() -> None:
    negotiated, text = answered("chromium-publish-only")
    camera, section = negotiated.tracks[1], offer("chromium-publish-only").media[1]
    assert (camera.ssrcs, camera.rtx_ssrcs) == (section.ssrc_groups[0].ssrcs[:1], section.ssrc_groups[0].ssrcs[1:])
    assert text.media[1].simulcast_recv == ()


def test_retransmissions_that_are_not_told_of_every_ssrc_are_not_told_at_all() -> None:
    text = offer_text("chromium-publish-only").replace("a=ssrc-group:FID", "a=ssrc:77 cname:x\r\na=ssrc-group:FID")
    camera = answer(parse_offer(text), [], local_end()).tracks[1]
    assert 77 in camera.ssrcs
    assert len(camera.ssrcs) == 2
    assert camera.rtx_ssrcs == ()


def test_slots_are_announced_with_stream_and_ssrcs() -> None:
    for browser in ("chromium", "firefox"):
        negotiated, text = answered(browser)
        assert len(negotiated.slots) == 23
        for slot in negotiated.slots:
            section = by_mid(text)[slot.mid]
            assert section.direction == "sendonly"
            if slot.use == "audio":
                assert section.ssrcs == (slot.ssrc,)
                assert slot.rtx_ssrc is None
            else:
                assert section.ssrcs == (slot.ssrc, slot.rtx_ssrc)
                assert [(group.semantics, group.ssrcs) for group in section.ssrc_groups] == [("FID", section.ssrcs)]
            assert negotiated.sdp.count(f"a=ssrc:{slot.ssrc} cname:roomcast\r\n") == 1


def test_audio_and_video_slot_of_one_index_share_their_stream() -> None:
    wanted = [MediaUse("23", "screen-slot"), MediaUse("24", "screen-slot")]
    negotiated, _ = answered("chromium", wanted)
    streams = {
        (slot.use, slot.index): section.split("a=msid:")[1].split()[0]
        for slot, section in zip(negotiated.slots, negotiated.sdp.split("\r\nm=")[3:], strict=True)
    }
    assert [use for use, _ in streams].count("video") == 16
    for index in range(5):
        assert streams["audio", index] == streams["video", index]
    assert len(set(streams.values())) == 18


def test_ssrcs_of_slots_are_used_by_nobody_else() -> None:
    numbers = iter([0, *offer("chromium").media[0].ssrcs, 7, 7, *range(8, 100)])
    local = local_end()
    negotiated = answer(offer("chromium"), [], type(local)(**{**_fields(local), "new_ssrc": lambda: next(numbers)}))
    ssrcs = [ssrc for slot in negotiated.slots for ssrc in (slot.ssrc, slot.rtx_ssrc) if ssrc is not None]
    assert len(set(ssrcs)) == len(ssrcs) == 5 + 2 * 18
    assert min(ssrcs) == 7
    assert not set(ssrcs) & set(offer("chromium").media[0].ssrcs)


def _fields(local: object) -> dict[str, object]:
    return {name: getattr(local, name) for name in local.__slots__}  # type: ignore[attr-defined]


def test_slots_carry_transport_sequence_numbers_and_ask_for_feedback_on_them() -> None:
    negotiated, text = answered("chromium")
    assert {name for slot in negotiated.slots for name in slot.extensions} == {
        "audio-level",
        "dependency-descriptor",
        "transport-wide-cc",
    }
    for slot in negotiated.slots:
        assert "transport-wide-cc" in slot.extensions
        assert "transport-cc" in by_mid(text)[slot.mid].payloads[0].feedback
        assert all("goog-remb" not in payload.feedback for payload in by_mid(text)[slot.mid].payloads)


def test_extension_ids_are_those_of_the_offer() -> None:
    for name in ("chromium", "firefox", "aiortc"):
        offered = {(e.extension_id, e.uri) for section in offer(name).media for e in section.extensions}
        _, text = answered(name)
        assert {(e.extension_id, e.uri) for section in text.media for e in section.extensions} <= offered


def test_an_extension_for_one_direction_counts_only_there() -> None:
    negotiated, text = answered("firefox")
    camera, slot = negotiated.tracks[1], next(slot for slot in negotiated.slots if slot.use == "video")
    # Firefox offers it as /sendonly on both m-lines.
    assert "dependency-descriptor" in camera.extensions
    assert "dependency-descriptor" not in slot.extensions
    directions = {extension.uri.rpartition(":")[2]: extension.direction for extension in text.media[1].extensions}
    assert directions["rtp-stream-id"] == "recvonly"
    assert directions["mid"] == "sendrecv"


def test_transport_feedback_needs_its_extension() -> None:
    without = "\r\n".join(line for line in offer_text("chromium").split("\r\n") if "transport-wide-cc" not in line)
    assert "transport-cc" not in answer(parse_offer(without), [], local_end()).sdp
    assert "transport-cc" in answered("chromium")[0].sdp


def test_payload_types_of_tracks_and_slots_are_those_of_the_m_line() -> None:
    negotiated, text = answered("firefox")
    for end in (*negotiated.tracks, *negotiated.slots):
        offered = {payload.payload_type: payload for payload in by_mid(offer("firefox"))[end.mid].payloads}
        listed = {int(payload_type) for payload_type in by_mid(text)[end.mid].formats}
        for codec in end.codecs:
            assert offered[codec.payload_type].encoding.upper() == codec.name.upper()
            assert {codec.payload_type, codec.rtx_payload_type or codec.payload_type} <= listed


def test_ice_and_fingerprints_go_to_the_media_node() -> None:
    negotiated, _ = answered("aiortc")
    read = offer("aiortc")
    assert negotiated.ice.remote_ufrag == read.ice_ufrag
    assert (negotiated.ice.local_ufrag, negotiated.ice.local_pwd) == ("serv0", "a" * 24)
    assert [fingerprint.algorithm for fingerprint in negotiated.fingerprints] == ["sha-256", "sha-384", "sha-512"]


@pytest.mark.parametrize(
    "refused",
    [
        MediaUse("1", "camera", allowed=False),
        MediaUse("1", "telepathy"),
        MediaUse("1", "microphone"),  # Of a video m-line.
        MediaUse("1", "audio-slot"),
    ],
)
def test_what_is_not_allowed_or_not_understood_is_refused(refused: MediaUse) -> None:
    negotiated, text = answered("chromium", [refused])
    camera = text.media[1]
    assert (camera.port, camera.direction, camera.mid) == (0, "inactive", "1")
    assert "1" not in text.bundle
    assert negotiated.refused == ("1",)
    assert [track.source for track in negotiated.tracks] == ["microphone"]


def test_data_channels_are_refused() -> None:
    for name in ("aiortc", "chromium-publish-only"):
        _, text = answered(name)
        assert (text.media[-1].kind, text.media[-1].port) == ("application", 0)
        assert text.media[-1].mid not in text.bundle


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=rtcp-mux\r\n", ""),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        ("VP8/90000", "H265/90000"),
        ("m=video", "m=text"),
        ("BUNDLE 0 1 2", "BUNDLE 0 2"),
    ],
)
def test_an_m_line_that_cannot_be_served_is_refused_and_no_other(old: str, new: str) -> None:
    session, microphone, camera, *others = offer_text("chromium-lean").split("\r\nm=")
    camera = ("m=" + camera).replace(old, new)[2:] if "BUNDLE" not in old else camera
    text = "\r\nm=".join([session.replace(old, new) if "BUNDLE" in old else session, microphone, camera, *others])
    assert text != offer_text("chromium-lean")
    assert answer(parse_offer(text), [], local_end()).refused == ("1",)


def test_without_bundle_only_the_first_m_line_is_served() -> None:
    text = "\r\n".join(line for line in offer_text("aiortc").split("\r\n") if not line.startswith("a=group"))
    negotiated = answer(parse_offer(text), [], local_end())
    assert negotiated.refused == ("1", "2", "3", "4")
    assert "a=group" not in negotiated.sdp
    assert "a=candidate" in negotiated.sdp


def test_uses_by_default_follow_kind_and_direction() -> None:
    negotiated, _ = answered("chromium-screen-added")
    assert [track.source for track in negotiated.tracks] == ["microphone", "camera", "screen"]
    assert [slot.use for slot in negotiated.slots] == ["audio"] * 5 + ["video"] * 18


def test_a_wish_decides_over_the_default() -> None:
    wanted = [MediaUse("1", "screen"), MediaUse("7", "screen-slot", max_height=720), MediaUse("25", "canvas")]
    negotiated, _ = answered("chromium-screen-added", wanted)
    assert [(track.mid, track.source) for track in negotiated.tracks] == [
        ("0", "microphone"),
        ("1", "screen"),
        ("25", "canvas"),
    ]
    slot = next(slot for slot in negotiated.slots if slot.mid == "7")
    assert (slot.use, slot.index, slot.max_height) == ("screen", 0, 720)
    # The next video slot is the first of its use.
    assert next(slot.index for slot in negotiated.slots if slot.mid == "8") == 0


def test_sendrecv_is_answered_by_its_use() -> None:
    text = offer_text("aiortc").replace("a=sendonly", "a=sendrecv")
    negotiated = answer(parse_offer(text), [MediaUse("1", "video-slot")], local_end())
    read = parse_description(negotiated.sdp)
    assert [section.direction for section in read.media[:2]] == ["recvonly", "sendonly"]
    assert [track.mid for track in negotiated.tracks] == ["0"]
    assert "1" in [slot.mid for slot in negotiated.slots]


@pytest.mark.parametrize("use", ["camera", "video-slot"])
def test_an_m_line_that_does_not_flow_as_used_rests_and_is_not_refused(use: str) -> None:
    text = offer_text("chromium-publish-only").replace("a=sendonly", "a=inactive")
    negotiated = answer(parse_offer(text), [MediaUse("1", use)], local_end())
    camera = parse_description(negotiated.sdp).media[1]
    assert (camera.port, camera.direction) == (9, "inactive")
    assert negotiated.tracks == negotiated.slots == ()
    assert negotiated.refused == ("2",)


def test_a_resting_camera_keeps_its_layers() -> None:
    # An answer without simulcast would take the layers from the browser's sender for ever.
    session, microphone, camera, *others = offer_text("chromium").split("\r\nm=")
    text = "\r\nm=".join([session, microphone, camera.replace("a=sendonly", "a=inactive"), *others])
    negotiated = answer(parse_offer(text), [MediaUse("1", "camera")], local_end())
    assert parse_description(negotiated.sdp).media[1].simulcast_recv == ("q", "h", "f")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ([MediaUse("99", "camera")], "unknown-mid"),
        ([MediaUse("1", "camera"), MediaUse("1", "screen")], "unknown-mid"),
        ([MediaUse("7", "video-slot", max_height=-1)], "bad-max-height"),
    ],
)
def test_wishes_that_make_no_sense_are_an_error(wanted: list[MediaUse], code: str) -> None:
    with pytest.raises(SdpError) as caught:
        answered("chromium", wanted)
    assert caught.value.code == code


def test_more_slots_of_a_use_than_there_are_indexes_are_refused() -> None:
    session, *media = offer_text("chromium-lean").split("\r\nm=")
    slot = media[-1].rstrip()
    mids = [str(mid) for mid in range(100)]
    bundle = " ".join(mids)
    session = "\r\n".join(
        f"a=group:BUNDLE {bundle}" if line.startswith("a=group") else line for line in session.split("\r\n")
    )
    text = "\r\nm=".join([session, *(slot.replace("a=mid:24", f"a=mid:{mid}") for mid in mids)]) + "\r\n"
    negotiated = answer(parse_offer(text), [], local_end())
    assert [slot.index for slot in negotiated.slots] == list(range(64))
    assert len(negotiated.refused) == 36

"""Reading offers: real ones, and the rules that each one has to obey."""

import pytest

from signalling.sdp import SdpError, parse_offer
from tests.signalling.sdp.offers import NAMES, offer, offer_text

TRANSPORT = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n"
    f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\na=setup:actpass\r\n"
)
HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
SMALL = HEAD + TRANSPORT + AUDIO


def code_of(text: str) -> str:
    with pytest.raises(SdpError) as caught:
        parse_offer(text)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


@pytest.mark.parametrize("name", NAMES)
def test_every_real_offer_is_read(name: str) -> None:
    read = offer(name)
    assert read.media
    assert read.setup == "actpass"
    assert set(read.bundle) <= {section.mid for section in read.media}


def test_chromium_offer_is_read_in_full() -> None:
    read = offer("chromium")
    assert [section.kind for section in read.media] == ["audio", "video"] + ["audio"] * 5 + ["video"] * 18
    assert [section.direction for section in read.media] == ["sendonly"] * 2 + ["recvonly"] * 23
    microphone, camera = read.media[:2]
    assert len(microphone.ssrcs) == 1
    assert camera.simulcast_send == ("q", "h", "f")
    assert camera.ssrcs == ()
    vp8 = camera.payloads[0]
    assert (vp8.encoding, vp8.clock_rate, vp8.payload_type) == ("VP8", 90000, int(camera.formats[0]))
    assert set(vp8.feedback) == {"goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"}
    # Static payload types have no rtpmap that needs reading; the others stand in the order of the m-line.
    assert [str(payload.payload_type) for payload in camera.payloads] == list(camera.formats)


def test_firefox_bundle_only_means_waiting_and_not_stopped() -> None:
    camera = offer("firefox").media[1]
    assert camera.port == 0
    assert not camera.stopped
    assert camera.sends


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_port_0_without_bundle_only_means_stopped(browser: str) -> None:
    screen = offer(f"{browser}-screen-removed").media[-1]
    assert screen.stopped
    assert not screen.sends
    assert not screen.receives


def test_session_attributes_hold_for_every_m_line() -> None:
    text = HEAD + TRANSPORT + "a=recvonly\r\na=extmap-allow-mixed\r\na=extmap:1 urn:one\r\n" + AUDIO
    section = parse_offer(text).media[0]
    assert section.direction == "recvonly"
    assert section.extmap_allow_mixed
    assert [extension.uri for extension in section.extensions] == ["urn:one"]


def test_transport_is_read_from_the_tagged_m_line_of_the_bundle() -> None:
    tagged = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:tag\r\na=ice-ufrag:mine\r\n"
    text = HEAD.replace("BUNDLE 0", "BUNDLE tag 0") + TRANSPORT + AUDIO + "a=ice-ufrag:other\r\n" + tagged
    assert parse_offer(text).ice_ufrag == "mine"


def test_line_ends_without_carriage_return_are_understood() -> None:
    assert parse_offer(SMALL.replace("\r\n", "\n")) == parse_offer(SMALL)


def test_feedback_for_all_payload_types_reaches_each() -> None:
    text = SMALL + "a=rtcp-fb:* transport-cc\r\na=rtcp-fb:111 nack\r\n"
    assert parse_offer(text).media[0].payloads[0].feedback == ("nack", "transport-cc")


def test_simulcast_takes_first_choices_paused_or_not_of_declared_rids() -> None:
    text = SMALL + "a=rid:a send\r\na=rid:b send\r\na=rid:c recv\r\na=simulcast:recv c send ~a,x;b;undeclared\r\n"
    section = parse_offer(text).media[0]
    assert section.simulcast_send == ("a", "b")
    assert section.simulcast_recv == ("c",)


def test_weak_fingerprints_are_passed_over_for_better_ones() -> None:
    weak = f"a=fingerprint:sha-1 {':'.join(['CD'] * 20)}\r\n"
    read = parse_offer(SMALL.replace("a=fingerprint", weak + "a=fingerprint"))
    assert [fingerprint.algorithm for fingerprint in read.fingerprints] == ["sha-256"]


def test_extension_ids_that_cannot_stand_in_packets_are_left_out() -> None:
    text = SMALL + "a=extmap:15 urn:a\r\na=extmap:4096 urn:b\r\na=extmap:16 urn:c\r\n"
    assert [extension.uri for extension in parse_offer(text).media[0].extensions] == ["urn:c"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("hello", "malformed"),
        ("v=0\r\n", "malformed"),
        (HEAD + TRANSPORT, "bad-bundle"),
        (HEAD.replace("a=group:BUNDLE 0\r\n", "") + TRANSPORT, "no-media"),
        (SMALL + "x" * 300_000, "too-large"),
        (HEAD + TRANSPORT + AUDIO * 129, "too-many-media"),
        (SMALL + "nonsense\r\n", "malformed"),
        (SMALL + "a=x\rb\r\n", "malformed"),
        (SMALL.replace("o=- 1 2", "o=- one 2"), "malformed"),
        (SMALL.replace("audio 9", "audio nine"), "malformed"),
        (SMALL.replace("audio 9", "audio 70000"), "malformed"),
        (SMALL.replace("SAVPF 111", "SAVPF"), "malformed"),
        (SMALL.replace("a=mid:0\r\n", ""), "bad-mid"),
        (SMALL.replace("mid:0", f"mid:{'m' * 33}").replace("BUNDLE 0", ""), "bad-mid"),
        (SMALL.replace("mid:0", "mid:ü"), "bad-mid"),
        (SMALL + AUDIO, "bad-mid"),
        (SMALL.replace("BUNDLE 0", "BUNDLE 0 1"), "bad-bundle"),
        (SMALL.replace("BUNDLE 0", "BUNDLE 0 0"), "bad-bundle"),
        (SMALL.replace("a=group:BUNDLE 0", "a=group:BUNDLE 0\r\na=group:BUNDLE 1"), "bad-bundle"),
        (SMALL.replace("ice-ufrag:abcd", "ice-ufrag:abc"), "bad-ice"),
        (SMALL.replace("ice-ufrag:abcd", "ice-ufrag:ab cd"), "bad-ice"),
        (SMALL.replace("a=ice-pwd:0123456789012345678901\r\n", ""), "bad-ice"),
        (SMALL.replace("v=0\r\n", "v=0\r\na=ice-lite\r\n"), "bad-ice"),
        (SMALL.replace("sha-256", "sha-1"), "no-fingerprint"),
        (SMALL.replace("AB:AB", "AB"), "malformed"),
        (SMALL.replace("setup:actpass", "setup:passive"), "bad-setup"),
        (SMALL.replace("setup:actpass", "setup:holdconn"), "bad-setup"),
        (SMALL + "a=sendonly\r\na=recvonly\r\n", "malformed"),
        (SMALL + "a=rtpmap:128 opus/48000/2\r\n", "malformed"),
        (SMALL + "a=rtpmap:٣ opus/48000/2\r\n", "malformed"),
        (SMALL + "a=extmap:one urn:x\r\n", "malformed"),
        (SMALL + "a=extmap:1 urn:x\r\na=extmap:1 urn:y\r\n", "bad-extension"),
        (SMALL + "a=rid:q sideways\r\n", "malformed"),
        (SMALL + "a=rid:q;h send\r\n", "malformed"),
        (SMALL + "a=simulcast:send\r\n", "malformed"),
        (SMALL + "a=simulcast:send q send h\r\n", "malformed"),
        (SMALL + "a=rid:q send\r\na=simulcast:send q;q\r\n", "malformed"),
        (SMALL + "a=ssrc:4294967296 cname:x\r\n", "malformed"),
        (SMALL + "a=ssrc-group:FID 1 x\r\n", "malformed"),
        (SMALL + "a=ssrc-group:\r\n", "malformed"),
        (SMALL + "".join(f"a=ssrc:{ssrc} cname:x\r\n" for ssrc in range(65)), "malformed"),
        (SMALL + "a=extmap:1 urn:x\r\n" * 256, "malformed"),
        (SMALL + "a=rtcp-fb:111 nack\r\n" * 65, "malformed"),
    ],
)
def test_an_offer_that_breaks_a_rule_is_refused_with_its_code(text: str, code: str) -> None:
    assert code_of(text) == code


def test_one_id_with_two_meanings_is_refused_across_m_lines_but_not_in_stopped_ones() -> None:
    def with_second(port: int) -> str:
        second = f"m=audio {port} UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=extmap:1 urn:y\r\n"
        return SMALL + "a=extmap:1 urn:x\r\n" + second

    assert code_of(with_second(9)) == "bad-extension"
    assert parse_offer(with_second(0))


def test_a_sentence_quotes_foreign_text_short_and_in_ascii() -> None:
    with pytest.raises(SdpError) as caught:
        parse_offer(SMALL + "\u2028" * 1000)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isascii()


def test_a_file_with_the_text_of_an_offer_keeps_its_line_ends() -> None:
    assert "\r\n" in offer_text("chromium")

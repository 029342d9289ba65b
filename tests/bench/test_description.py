import pytest

from bench.adapters.roomcast_client import lines_of
from bench.adapters.server import Seat
from bench.client.description import SEQUENCE, DescriptionError, Line, Local, read_description, write_description
from signalling.sdp.offer import parse_offer

LOCAL = Local("abcd", "p" * 24, ":".join(["AB"] * 32))

ANSWER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=ice-lite
a=ice-ufrag:node
a=ice-pwd:password
a=fingerprint:sha-256 AA:BB
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1 1 udp 100 192.0.2.1 5000 typ host
a=candidate:1 1 tcp 90 192.0.2.1 5000 typ host tcptype passive
a=ssrc:7 cname:x
a=ssrc:7 msid:a b
m=video 0 UDP/TLS/RTP/SAVPF 96 97
a=mid:1
a=extmap:3/sendonly http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
a=ssrc-group:FID 8 9
a=ssrc:8 cname:x
a=ssrc:9 cname:x
"""


def test_an_answer_is_read():
    remote = read_description(ANSWER.replace("\n", "\r\n"))
    assert (remote.ufrag, remote.pwd, remote.fingerprints) == ("node", "password", [("sha-256", "AA:BB")])
    assert remote.addresses == [("192.0.2.1", 5000)]
    audio, video = remote.sections
    assert (audio.kind, audio.mid, audio.port, audio.ssrcs, audio.rtx_ssrcs) == ("audio", "0", 9, [7], [])
    assert (video.port, video.ssrcs, video.rtx_ssrcs, video.payload_types) == (0, [8], [9], [96, 97])
    assert video.extensions == {SEQUENCE: 3}


@pytest.mark.parametrize("missing", ["a=ice-ufrag", "a=fingerprint", "a=candidate:1 1 udp"])
def test_an_answer_that_nobody_can_connect_to_is_refused(missing: str):
    lines = [line for line in ANSWER.splitlines() if not line.startswith(missing)]
    with pytest.raises(DescriptionError):
        read_description("\r\n".join(lines))


def test_the_server_understands_our_offer():
    lines, uses = lines_of(Seat(True, True, 2, 3))
    offer = parse_offer(write_description(5, LOCAL, lines))
    assert [section.mid for section in offer.media] == list(uses)
    assert [section.kind for section in offer.media] == ["audio", "video"] + ["audio"] * 2 + ["video"] * 3
    assert offer.bundle == tuple(uses)


def test_what_is_sent_is_announced_with_its_retransmissions():
    text = write_description(5, LOCAL, [Line("v", "video", "sendonly", (11, 12))])
    assert read_description(text + "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n").sections[0].rtx_ssrcs == [12]

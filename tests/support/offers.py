"""Small offers made to order, in the style of a browser: for tests that care what is offered and not how."""

from collections.abc import Sequence

FINGERPRINTS = tuple(":".join([f"{number:02X}"] * 32) for number in range(1, 40))

_AUDIO = "m=audio {port} UDP/TLS/RTP/SAVPF 111\r\n{shared}a=rtpmap:111 opus/48000/2\r\n"
_VIDEO = (
    "m=video {port} UDP/TLS/RTP/SAVPF 96 97\r\n{shared}a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\n"
    "a=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
)
_SHARED = (
    "c=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
)


def small_offer(media: Sequence[tuple[str, str, str]], *, connection: int = 0, ufrag: str = "abcd") -> str:
    """An offer of m-lines (mid, kind, direction). Another `connection` has another certificate."""
    mids = " ".join(mid for mid, _, _ in media)
    text = (
        f"v=0\r\no=- {1000 + connection} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
        f"a=extmap-allow-mixed\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{'p' * 24}\r\n"
        f"a=fingerprint:sha-256 {FINGERPRINTS[connection]}\r\na=setup:actpass\r\n"
    )
    for mid, kind, direction in media:
        template = _AUDIO if kind == "audio" else _VIDEO
        text += template.format(port=9, shared=_SHARED.format(mid=mid, direction=direction))
    return text


MEETING = (
    ("0", "audio", "sendonly"),
    ("1", "video", "sendonly"),
    ("2", "audio", "recvonly"),
    ("3", "video", "recvonly"),
)
"""Microphone, camera, one audio slot, one video slot."""

"""Codecs: which of the offered payload types are answered, and what their bytes mean (`Codec.format`)."""

import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

from sfu.link_messages import Codec, CodecName, Kind
from signalling.sdp.description import PayloadFormat
from signalling.sdp.h264 import h264_profile
from signalling.sdp.lines import number

Parameters = Mapping[str, str]

# What the media node sends to a publisher and understands from the receiver of a slot. No REMB: the node does not
# estimate the bandwidth of a publisher that way.
PUBLISHED_FEEDBACK: Mapping[Kind, frozenset[str]] = {
    "audio": frozenset({"nack", "transport-cc"}),
    "video": frozenset({"nack", "nack pli", "ccm fir", "transport-cc"}),
}
SLOT_FEEDBACK: Mapping[Kind, frozenset[str]] = {
    "audio": frozenset({"transport-cc"}),
    "video": frozenset({"nack", "nack pli", "ccm fir", "transport-cc"}),
}


@dataclass(frozen=True, slots=True)
class _Match:
    """An offered payload type that can be served: what its bytes mean, and the parameters to answer."""

    name: CodecName
    format: str
    parameters: str = ""


def parse_parameters(text: str) -> dict[str, str]:
    """`a=1;b=2` of a=fmtp. Names are lower-cased; pieces without `=` (as of RED) are left out."""
    pairs = (piece.partition("=") for piece in text.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}


def _write_parameters(parameters: Parameters) -> str:
    return ";".join(f"{name}={value}" for name, value in parameters.items())


def _numbers(offered: Parameters, *names: str) -> dict[str, str]:
    """Those of the named parameters that are plain numbers, in the offer's order."""
    return {name: value for name, value in offered.items() if name in names and number(value, 2**31) is not None}


def _match_opus(offered: Parameters) -> _Match:
    """RFC 7587. The answer's parameters govern what the other end encodes, so what it offers to do is asked for."""
    answered = _numbers(offered, "minptime", "useinbandfec", "usedtx", "maxplaybackrate", "stereo")
    if offered.get("sprop-stereo") == "1":
        answered["stereo"] = "1"
    if answered.get("stereo") == "1":
        # Also true of slots: a publisher in stereo is forwarded as it is.
        answered["sprop-stereo"] = "1"
    return _Match("opus", "opus", _write_parameters(answered))


def _match_vp8(offered: Parameters) -> _Match:
    return _Match("VP8", "VP8")


def _match_vp9(offered: Parameters) -> _Match | None:
    profile = number(offered.get("profile-id", "0"), 3)
    if profile is None:
        return None
    return _Match("VP9", f"VP9/{profile}", _write_parameters(_numbers(offered, "profile-id")))


def _match_h264(offered: Parameters) -> _Match | None:
    """RFC 6184. The level is no part of the format: every browser decodes more than it claims."""
    mode = number(offered.get("packetization-mode", "0"), 1)
    profile = h264_profile(offered.get("profile-level-id"))
    if mode is None or profile is None:
        return None
    answered = {
        name: value
        for name, value in offered.items()
        if name in ("level-asymmetry-allowed", "packetization-mode", "profile-level-id")
        and re.fullmatch("[0-9a-fA-F]{1,6}", value)
    }
    return _Match("H264", f"H264/{profile}/{mode}", _write_parameters(answered))


def _match_av1(offered: Parameters) -> _Match | None:
    profile = number(offered.get("profile", "0"), 2)
    if profile is None:
        return None
    return _Match("AV1", f"AV1/{profile}", _write_parameters(_numbers(offered, "profile", "level-idx", "tier")))


_MATCHERS: Mapping[tuple[Kind, str, int, int], Callable[[Parameters], _Match | None]] = {
    ("audio", "opus", 48000, 2): _match_opus,
    ("video", "vp8", 90000, 1): _match_vp8,
    ("video", "vp9", 90000, 1): _match_vp9,
    ("video", "h264", 90000, 1): _match_h264,
    ("video", "av1", 90000, 1): _match_av1,
}


@lru_cache(maxsize=64)
def negotiate_codecs(
    offered: tuple[PayloadFormat, ...], kind: Kind, feedback: frozenset[str]
) -> tuple[tuple[Codec, ...], tuple[PayloadFormat, ...]]:
    """The codecs that can be served, in the offer's order, and what the answer says of them, RTX and RED included.

    The order is the offerer's preference, and a publisher sends the first. Without a codec proper (RED alone is none)
    both are empty. Remembered, because an offer holds the same list for each of its slots, as do all clients of a kind.
    """
    retransmissions = _retransmissions(offered)
    opus = {payload.payload_type for payload in offered if kind == "audio" and _match_payload(payload, kind)}
    codecs: list[Codec] = []
    answered: list[PayloadFormat] = []
    for payload in offered:
        match = _match_payload(payload, kind) or _match_red(payload, kind, opus)
        if match is None:
            continue
        rtx = retransmissions.get(payload.payload_type)
        answered.append(_answer_payload(payload, match.parameters, feedback if match.name != "red" else frozenset()))
        if rtx:
            answered.append(_answer_payload(rtx, f"apt={payload.payload_type}", frozenset()))
        codecs.append(
            Codec(
                format=match.format,
                name=match.name,
                payload_type=payload.payload_type,
                clock_rate=payload.clock_rate,
                rtx_payload_type=rtx.payload_type if rtx else None,
            )
        )
    if all(codec.name == "red" for codec in codecs):
        return (), ()
    return tuple(codecs), tuple(answered)


def _match_payload(payload: PayloadFormat, kind: Kind) -> _Match | None:
    matcher = _MATCHERS.get((kind, payload.encoding.lower(), payload.clock_rate, payload.channels))
    return matcher(parse_parameters(payload.parameters)) if matcher else None


def _match_red(payload: PayloadFormat, kind: Kind, opus: Set[int]) -> _Match | None:
    """RFC 2198: RED of audio whose every block is Opus. RED of video only wraps ULPFEC, which is not served."""
    if kind != "audio" or payload.encoding.lower() != "red" or payload.clock_rate != 48000:
        return None
    blocks = [number(block, 127) for block in payload.parameters.split("/")]
    if not all(block in opus for block in blocks):
        return None
    return _Match("red", "red", "/".join(str(block) for block in blocks))


def _retransmissions(offered: Iterable[PayloadFormat]) -> dict[int, PayloadFormat]:
    """RTX by the payload type that it repairs (RFC 4588 section 8.1); of several the first."""
    by_repaired: dict[int, PayloadFormat] = {}
    for payload in offered:
        if payload.encoding.lower() == "rtx":
            repaired = number(parse_parameters(payload.parameters).get("apt", ""), 127)
            if repaired is not None:
                by_repaired.setdefault(repaired, payload)
    return by_repaired


def _answer_payload(payload: PayloadFormat, parameters: str, feedback: Set[str]) -> PayloadFormat:
    return PayloadFormat(
        payload_type=payload.payload_type,
        encoding=payload.encoding,
        clock_rate=payload.clock_rate,
        channels=payload.channels,
        parameters=parameters,
        feedback=tuple(kind for kind in payload.feedback if kind in feedback),
    )

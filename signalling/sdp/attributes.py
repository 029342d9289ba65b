"""The values of single attributes: rtpmap, fmtp, rtcp-fb, extmap, rid, simulcast, ssrc, ssrc-group, fingerprint.

Each function raises SdpError `malformed` for a value that breaks the attribute's grammar.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, cast

from sfu.link_messages import Fingerprint
from signalling.sdp.description import Direction, HeaderExtension, PayloadFormat, Rid, SsrcGroup
from signalling.sdp.errors import SdpError
from signalling.sdp.lines import number, quoted

TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]+")
_RTPMAP = re.compile(r"(0|[1-9][0-9]{0,2}) ([A-Za-z0-9._-]{1,32})/([0-9]{1,7})(?:/([0-9]{1,2}))?")
_EXTMAP = re.compile(r"([0-9]{1,5})(?:/(sendrecv|sendonly|recvonly|inactive))? ([!-~]{1,200})(?: .*)?")
_RID = re.compile(r"([A-Za-z0-9_-]{1,255}) (send|recv)(?: .*)?")
_FINGERPRINT = re.compile(r"([a-z0-9-]{1,16}) ([0-9a-fA-F]{2}(?::[0-9a-fA-F]{2})*)")
_DIGEST_SIZES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
MAX_SSRC = 0xFFFFFFFF
MAX_PAYLOAD_TYPE = 127
# More than anyone needs, few enough that a hostile offer costs no more time than its size.
MAX_EXTENSIONS = 255
MAX_FEEDBACK = 64
MAX_LAYERS = 16
MAX_SSRCS = 64


def _malformed(name: str, value: str) -> SdpError:
    return SdpError("malformed", f"Malformed a={name}: {quoted(value)}.")


@lru_cache(maxsize=64)
def parse_payloads(
    formats: tuple[str, ...], rtpmaps: tuple[str, ...], fmtps: tuple[str, ...], feedbacks: tuple[str, ...]
) -> tuple[PayloadFormat, ...]:
    """The payload types of an m-line in its order. Those without rtpmap (static ones) are left out.

    Remembered, because an offer holds the same lines for each of its slots, as do all clients of a kind.
    """
    parameters: dict[str, str] = {}
    for value in fmtps:
        key, _, text = value.partition(" ")
        parameters[key] = text.strip()
    feedback: dict[str, list[str]] = {}
    for value in feedbacks:
        key, _, text = value.partition(" ")
        feedback.setdefault(key, []).append(text.strip())
    if any(len(entries) > MAX_FEEDBACK for entries in feedback.values()):
        raise SdpError("malformed", f"More than {MAX_FEEDBACK} a=rtcp-fb for one payload type.")
    for_all = feedback.get("*", [])
    mapped: dict[str, PayloadFormat] = {}
    for value in rtpmaps:
        match = _RTPMAP.fullmatch(value)
        payload_type = number(match[1], MAX_PAYLOAD_TYPE) if match else None
        if match is None or payload_type is None:
            raise _malformed("rtpmap", value)
        mapped[match[1]] = PayloadFormat(
            payload_type=payload_type,
            encoding=match[2],
            clock_rate=int(match[3]),
            channels=int(match[4] or 1),
            parameters=parameters.get(match[1], ""),
            feedback=tuple(dict.fromkeys(feedback.get(match[1], []) + for_all)),
        )
    return tuple(mapped[key] for key in dict.fromkeys(formats) if key in mapped)


def parse_extensions(values: Iterable[str]) -> tuple[HeaderExtension, ...]:
    """Ids that cannot stand in a packet are left out: 15 (RFC 8285 section 4.2) and the offer-only 4096 to 4351."""
    extensions: list[HeaderExtension] = []
    for value in values:
        if len(extensions) >= MAX_EXTENSIONS:
            raise SdpError("malformed", f"More than {MAX_EXTENSIONS} a=extmap in one place.")
        match = _EXTMAP.fullmatch(value)
        if not match:
            raise _malformed("extmap", value)
        extension_id = int(match[1])
        if 1 <= extension_id <= 255 and extension_id != 15:
            extensions.append(HeaderExtension(extension_id, match[3], cast(Direction, match[2] or "sendrecv")))
    return tuple(extensions)


def parse_rids(values: Iterable[str]) -> tuple[Rid, ...]:
    rids = []
    for value in values:
        match = _RID.fullmatch(value)
        if not match:
            raise _malformed("rid", value)
        rids.append(Rid(match[1], cast(Literal["send", "recv"], match[2])))
    return tuple(rids)


def parse_simulcast(value: str | None, rids: Sequence[Rid]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The rids sent and those received (RFC 8853 section 5.1); of alternatives the first; `~` (paused) is dropped.

    A rid without an `a=rid` of the same direction is left out, as section 5.2 wants.
    """
    if value is None:
        return (), ()
    words = value.split()
    if len(words) not in (2, 4) or not {"send", "recv"} >= set(words[::2]) or len(set(words[::2])) != len(words) // 2:
        raise _malformed("simulcast", value)
    lists: dict[str, tuple[str, ...]] = {"send": (), "recv": ()}
    for direction, streams in zip(words[::2], words[1::2], strict=True):
        declared = {rid.rid for rid in rids if rid.direction == direction}
        first_choices = [stream.split(",")[0].removeprefix("~") for stream in streams.split(";")]
        if len(set(first_choices)) != len(first_choices) or len(first_choices) > MAX_LAYERS:
            raise _malformed("simulcast", value)
        lists[direction] = tuple(rid for rid in first_choices if rid in declared)
    return lists["send"], lists["recv"]


def parse_ssrcs(values: Iterable[str]) -> tuple[int, ...]:
    """The SSRCs that `a=ssrc` lines name, each once, in the text's order. What the lines say of them is not needed."""
    ssrcs: dict[int, None] = {}
    for value in values:
        ssrc = number(value.partition(" ")[0], MAX_SSRC)
        if ssrc is None:
            raise _malformed("ssrc", value)
        ssrcs[ssrc] = None
    if len(ssrcs) > MAX_SSRCS:
        raise SdpError("malformed", f"More than {MAX_SSRCS} SSRCs in one m-line.")
    return tuple(ssrcs)


def parse_ssrc_groups(values: Iterable[str]) -> tuple[SsrcGroup, ...]:
    groups = []
    for value in values:
        semantics, *words = value.split()[:64] or [""]
        ssrcs = [ssrc for word in words if (ssrc := number(word, MAX_SSRC)) is not None]
        if not TOKEN.fullmatch(semantics) or not ssrcs or len(ssrcs) != len(words):
            raise _malformed("ssrc-group", value)
        groups.append(SsrcGroup(semantics, tuple(ssrcs)))
    return tuple(groups)


def parse_fingerprint(value: str) -> Fingerprint | None:
    """None for a hash function that is too weak or unknown: another line may hold a better one (RFC 8122)."""
    algorithm, _, digest = value.partition(" ")
    match = _FINGERPRINT.fullmatch(f"{algorithm.lower()} {digest}")
    if not match:
        raise _malformed("fingerprint", value)
    if algorithm.lower() not in _DIGEST_SIZES:
        return None
    known = cast(Literal["sha-256", "sha-384", "sha-512"], algorithm.lower())
    if digest.count(":") + 1 != _DIGEST_SIZES[known]:
        raise _malformed("fingerprint", value)
    return Fingerprint(algorithm=known, value=digest.upper())

"""The little SDP that a load client needs: it writes its own kind of offer, and reads an answer or an offer.

Read independently of the server's own parser, so that a fault there is not mirrored here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from bench.client.traffic import (
    AUDIO_LEVEL_ID,
    AUDIO_PAYLOAD_TYPE,
    MID_ID,
    RTX_PAYLOAD_TYPE,
    SEQUENCE_ID,
    VIDEO_PAYLOAD_TYPE,
)

Kind = Literal["audio", "video"]
Direction = Literal["sendonly", "recvonly"]

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
SEQUENCE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

_CODECS = {
    "audio": f"a=rtpmap:{AUDIO_PAYLOAD_TYPE} opus/48000/2\r\na=rtcp-fb:{AUDIO_PAYLOAD_TYPE} transport-cc\r\n"
    f"a=extmap:{AUDIO_LEVEL_ID} {AUDIO_LEVEL}\r\n",
    "video": f"a=rtpmap:{VIDEO_PAYLOAD_TYPE} VP8/90000\r\n"
    + "".join(f"a=rtcp-fb:{VIDEO_PAYLOAD_TYPE} {kind}\r\n" for kind in ("nack", "nack pli", "ccm fir", "transport-cc"))
    + f"a=rtpmap:{RTX_PAYLOAD_TYPE} rtx/90000\r\na=fmtp:{RTX_PAYLOAD_TYPE} apt={VIDEO_PAYLOAD_TYPE}\r\n",
}
_FORMATS = {"audio": f"{AUDIO_PAYLOAD_TYPE}", "video": f"{VIDEO_PAYLOAD_TYPE} {RTX_PAYLOAD_TYPE}"}


class DescriptionError(ValueError):
    """A description that the load client cannot work with."""


@dataclass(frozen=True, slots=True)
class Line:
    """An m-line of ours. `ssrcs` are those that it sends, the retransmissions' second."""

    mid: str
    kind: Kind
    direction: Direction
    ssrcs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of a transport. `setup` is `active`, or `actpass` in offers to servers that take either."""

    ufrag: str
    pwd: str
    fingerprint: str
    setup: str = "actpass"


@dataclass(slots=True)
class Section:
    """What matters of an m-line of the server's: what it sends is in `ssrcs`, retransmissions in `rtx_ssrcs`."""

    kind: str
    port: int
    mid: str = ""
    ssrcs: list[int] = field(default_factory=list)
    rtx_ssrcs: list[int] = field(default_factory=list)
    payload_types: list[int] = field(default_factory=list)
    extensions: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Remote:
    """The server's end of a transport: the addresses are those of its UDP candidates of IPv4 and IPv6."""

    ufrag: str
    pwd: str
    fingerprints: list[tuple[str, str]]
    addresses: list[tuple[str, int]]
    sections: list[Section]


def write_description(session: int, local: Local, lines: Sequence[Line], media: Sequence[str] = ()) -> str:
    """An offer, all bundled. `media` replaces the m-lines by others that are written out, as in an answer."""
    mids = " ".join(line.mid for line in lines)
    return (
        f"v=0\r\no=- {session} 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\na=extmap-allow-mixed\r\n"
        f"a=ice-ufrag:{local.ufrag}\r\na=ice-pwd:{local.pwd}\r\na=ice-options:trickle\r\n"
        f"a=fingerprint:sha-256 {local.fingerprint}\r\na=setup:{local.setup}\r\n"
        + "".join(media or map(_write_line, lines))
    )


def _write_line(line: Line) -> str:
    text = (
        f"m={line.kind} 9 UDP/TLS/RTP/SAVPF {_FORMATS[line.kind]}\r\nc=IN IP4 0.0.0.0\r\na=mid:{line.mid}\r\n"
        f"a={line.direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n{_CODECS[line.kind]}"
        f"a=extmap:{SEQUENCE_ID} {SEQUENCE}\r\na=extmap:{MID_ID} {MID}\r\n"
    )
    if len(line.ssrcs) == 2:
        text += f"a=ssrc-group:FID {line.ssrcs[0]} {line.ssrcs[1]}\r\n"
    return text + "".join(f"a=ssrc:{ssrc} cname:load\r\na=ssrc:{ssrc} msid:load {line.mid}\r\n" for ssrc in line.ssrcs)


def read_description(text: str) -> Remote:
    """Raises DescriptionError."""
    ufrag = pwd = ""
    fingerprints: list[tuple[str, str]] = []
    addresses: list[tuple[str, int]] = []
    sections: list[Section] = []
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if line.startswith("m="):
            fields = line[2:].split()
            sections.append(
                Section(fields[0], int(fields[1]), payload_types=[int(one) for one in fields[3:] if one.isdigit()])
            )
        elif name == "a=ice-ufrag":
            ufrag = value
        elif name == "a=ice-pwd":
            pwd = value
        elif name == "a=fingerprint":
            algorithm, _, digest = value.partition(" ")
            if (algorithm, digest) not in fingerprints:
                fingerprints.append((algorithm, digest))
        elif name == "a=candidate":
            _note_candidate(value.split(), addresses)
        elif sections:
            _note_attribute(sections[-1], line, name, value)
        if sections:
            sections[-1].lines.append(line)
    if not (ufrag and pwd and fingerprints and addresses and sections):
        raise DescriptionError("the server's description lacks ICE credentials, a fingerprint or a UDP candidate")
    return Remote(ufrag, pwd, fingerprints, addresses, sections)


def _note_candidate(fields: list[str], addresses: list[tuple[str, int]]) -> None:
    """foundation component protocol priority address port typ …"""
    if fields[2].lower() == "udp" and fields[1] == "1":
        address = (fields[4], int(fields[5]))
        if address not in addresses:
            addresses.append(address)


def _note_attribute(section: Section, line: str, name: str, value: str) -> None:
    if name == "a=mid":
        section.mid = value
    elif name == "a=extmap":
        number, _, uri = value.partition(" ")
        section.extensions[uri.split(" ")[0]] = int(number.partition("/")[0])
    elif line.startswith("a=ssrc-group:FID"):
        section.rtx_ssrcs.append(int(line.split()[2]))
    elif name == "a=ssrc":
        ssrc = int(value.split()[0])
        if ssrc not in section.ssrcs and ssrc not in section.rtx_ssrcs:
            section.ssrcs.append(ssrc)

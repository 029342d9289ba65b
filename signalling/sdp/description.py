"""Typed session descriptions (RFC 8866, JSEP RFC 8829): what is read from an offer and what is written as an answer.

One transport serves a whole description (BUNDLE, RFC 8843), so ICE and DTLS parameters belong to the session. The
writer puts them there, the parser collects them from wherever the other side wrote them.
"""

from dataclasses import dataclass
from typing import Literal

from sfu.link_messages import Candidate, Fingerprint

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Setup = Literal["actpass", "active", "passive"]


@dataclass(frozen=True, slots=True)
class PayloadFormat:
    """One payload type: `a=rtpmap`, `a=fmtp` (its text as it stands) and `a=rtcp-fb` (such as `nack pli`)."""

    payload_type: int
    encoding: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeaderExtension:
    """`a=extmap` (RFC 8285). `direction` is seen by whoever wrote the description."""

    extension_id: int
    uri: str
    direction: Direction = "sendrecv"


@dataclass(frozen=True, slots=True)
class Rid:
    """`a=rid` (RFC 8851), without its restrictions."""

    rid: str
    direction: Literal["send", "recv"]


@dataclass(frozen=True, slots=True)
class SsrcGroup:
    """`a=ssrc-group` (RFC 5576), such as FID: a stream and its retransmissions."""

    semantics: str
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MediaSection:
    """One m-line with its attributes.

    `payloads` holds those of `formats` that have an `a=rtpmap`, in the m-line's order. The simulcast lists name rids
    (RFC 8853), of alternatives the first. `mid` may be empty only when the section is stopped.
    `msid`, `cname` and `bandwidth` are only written: what a client calls its streams matters to nobody.
    `bandwidth` is the most that is to be sent here, in bits per second; None for no limit.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    mid: str
    direction: Direction = "sendrecv"
    bundle_only: bool = False
    rtcp_mux: bool = False
    rtcp_reduced_size: bool = False
    extmap_allow_mixed: bool = False
    payloads: tuple[PayloadFormat, ...] = ()
    extensions: tuple[HeaderExtension, ...] = ()
    rids: tuple[Rid, ...] = ()
    simulcast_send: tuple[str, ...] = ()
    simulcast_recv: tuple[str, ...] = ()
    ssrcs: tuple[int, ...] = ()
    ssrc_groups: tuple[SsrcGroup, ...] = ()
    bandwidth: int | None = None
    msid: str = ""
    cname: str = ""

    @property
    def stopped(self) -> bool:
        """Port 0 stops an m-line, unless `a=bundle-only` says that its bundle has the port (RFC 8843 section 6)."""
        return self.port == 0 and not self.bundle_only

    @property
    def sends(self) -> bool:
        """Whether the writer of the description wants to send here."""
        return not self.stopped and self.direction in ("sendrecv", "sendonly")

    @property
    def receives(self) -> bool:
        """Whether the writer of the description wants to receive here."""
        return not self.stopped and self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole description.

    `bundle` holds the mids of the BUNDLE group, the tagged m-line first; it is empty without such a group.
    `candidates` are only written: the server is ICE-lite and never needs those of a client.
    """

    session_id: int
    version: int
    ice_ufrag: str
    ice_pwd: str
    fingerprints: tuple[Fingerprint, ...]
    setup: Setup
    bundle: tuple[str, ...]
    media: tuple[MediaSection, ...]
    ice_lite: bool = False
    candidates: tuple[Candidate, ...] = ()

"""The answer's m-lines: what is alike in all of them."""

from signalling.sdp.description import (
    Direction,
    HeaderExtension,
    MediaSection,
    PayloadFormat,
    Rid,
    SsrcGroup,
)

# JSEP (RFC 8829 section 5.1.2): any of these has to be accepted, and is answered as it was offered.
PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"})
# The port of an m-line whose address comes from ICE (RFC 8840 section 4.1.1).
DISCARD_PORT = 9


def answered_section(
    offered: MediaSection,
    *,
    direction: Direction,
    payloads: tuple[PayloadFormat, ...],
    extensions: tuple[HeaderExtension, ...],
    rids: tuple[str, ...] = (),
    bandwidth: int | None = None,
    msid: str = "",
    cname: str = "",
    ssrcs: tuple[int, ...] = (),
    ssrc_groups: tuple[SsrcGroup, ...] = (),
) -> MediaSection:
    """An m-line that is served. `rids` are those that the client will send."""
    return MediaSection(
        kind=offered.kind,
        port=DISCARD_PORT,
        protocol=offered.protocol,
        formats=tuple(str(payload.payload_type) for payload in payloads),
        mid=offered.mid,
        direction=direction,
        rtcp_mux=True,
        rtcp_reduced_size=offered.rtcp_reduced_size,
        extmap_allow_mixed=offered.extmap_allow_mixed,
        payloads=payloads,
        extensions=extensions,
        rids=tuple(Rid(rid, "recv") for rid in rids),
        simulcast_recv=rids,
        bandwidth=bandwidth,
        msid=msid,
        cname=cname,
        ssrcs=ssrcs,
        ssrc_groups=ssrc_groups,
    )


def refused_section(offered: MediaSection) -> MediaSection:
    """An m-line that is not served: port 0, out of the bundle (RFC 8829 section 5.3.1)."""
    return MediaSection(
        kind=offered.kind,
        port=0,
        protocol=offered.protocol,
        formats=offered.formats[:1],
        mid=offered.mid,
        direction="inactive",
    )

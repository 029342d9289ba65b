"""From a typed description to its text."""

from collections.abc import Iterator

from sfu.link_messages import Candidate
from signalling.sdp.description import MediaSection, SessionDescription

# RFC 8445 section 5.1.2.2 and RFC 6544 section 4.2: host candidates, TCP less wanted than UDP.
_TYPE_PREFERENCE = {"udp": 126, "tcp": 90}
# A passive TCP candidate of type host has direction preference 4, in the upper three bits of the local preference.
_LOCAL_PREFERENCE = {"udp": 0xFFFF, "tcp": (4 << 13) | 0x1FFF}


def write_description(description: SessionDescription) -> str:
    """The text, with CRLF line ends.

    ICE and DTLS parameters stand at session level: Firefox crashes on a bundled m-line that is covered by none.
    Candidates stand in the tagged m-line of the bundle, or else in the first that is in use.
    """
    in_use = [section.mid for section in description.media if not section.stopped]
    tagged = description.bundle[0] if description.bundle else next(iter(in_use), None)
    lines = list(_session_lines(description))
    for section in description.media:
        lines += _media_lines(section)
        if section.mid == tagged and not section.stopped:
            lines += _candidate_lines(description.candidates)
    return "\r\n".join(lines) + "\r\n"


def _session_lines(description: SessionDescription) -> Iterator[str]:
    yield "v=0"
    yield f"o=roomcast {description.session_id} {description.version} IN IP4 0.0.0.0"
    yield "s=-"
    yield "t=0 0"
    if description.ice_lite:
        yield "a=ice-lite"
    if description.bundle:
        yield f"a=group:BUNDLE {' '.join(description.bundle)}"
    yield "a=msid-semantic: WMS *"
    yield f"a=ice-ufrag:{description.ice_ufrag}"
    yield f"a=ice-pwd:{description.ice_pwd}"
    for fingerprint in description.fingerprints:
        yield f"a=fingerprint:{fingerprint.algorithm} {fingerprint.value}"
    yield f"a=setup:{description.setup}"


def _media_lines(section: MediaSection) -> Iterator[str]:
    yield f"m={section.kind} {section.port} {section.protocol} {' '.join(section.formats)}"
    yield "c=IN IP4 0.0.0.0"
    if section.bandwidth is not None:
        # Chromium goes by the last one, Firefox by TIAS (RFC 3890): AS counts the headers below RTP in, TIAS does not.
        yield f"b=AS:{-(-section.bandwidth // 1000)}"
        yield f"b=TIAS:{section.bandwidth}"
    if section.mid:
        yield f"a=mid:{section.mid}"
    if section.bundle_only:
        yield "a=bundle-only"
    yield f"a={section.direction}"
    if section.rtcp_mux:
        yield "a=rtcp-mux"
    if section.rtcp_reduced_size:
        yield "a=rtcp-rsize"
    if section.extmap_allow_mixed:
        yield "a=extmap-allow-mixed"
    yield from _payload_lines(section)
    for extension in section.extensions:
        direction = "" if extension.direction == "sendrecv" else f"/{extension.direction}"
        yield f"a=extmap:{extension.extension_id}{direction} {extension.uri}"
    yield from _stream_lines(section)


def _payload_lines(section: MediaSection) -> Iterator[str]:
    for payload in section.payloads:
        channels = f"/{payload.channels}" if payload.channels != 1 else ""
        yield f"a=rtpmap:{payload.payload_type} {payload.encoding}/{payload.clock_rate}{channels}"
        for feedback in payload.feedback:
            yield f"a=rtcp-fb:{payload.payload_type} {feedback}"
        if payload.parameters:
            yield f"a=fmtp:{payload.payload_type} {payload.parameters}"


def _stream_lines(section: MediaSection) -> Iterator[str]:
    for rid in section.rids:
        yield f"a=rid:{rid.rid} {rid.direction}"
    lists = {"send": section.simulcast_send, "recv": section.simulcast_recv}
    simulcast = " ".join(f"{direction} {';'.join(rids)}" for direction, rids in lists.items() if rids)
    if simulcast:
        yield f"a=simulcast:{simulcast}"
    if section.msid:
        yield f"a=msid:{section.msid}"
    for group in section.ssrc_groups:
        yield f"a=ssrc-group:{group.semantics} {' '.join(map(str, group.ssrcs))}"
    for ssrc in section.ssrcs:
        yield f"a=ssrc:{ssrc} cname:{section.cname}"


def _candidate_lines(candidates: tuple[Candidate, ...]) -> Iterator[str]:
    for index, candidate in enumerate(candidates):
        preference = _LOCAL_PREFERENCE[candidate.protocol] - index
        priority = (_TYPE_PREFERENCE[candidate.protocol] << 24) | (preference << 8) | 255
        tcp = " tcptype passive" if candidate.protocol == "tcp" else ""
        # Candidates of one kind and address may share a foundation; one each is always right for a lite agent.
        yield (
            f"a=candidate:{index + 1} 1 {candidate.protocol} {priority} {candidate.ip} {candidate.port} typ host{tcp}"
        )
    if candidates:
        yield "a=end-of-candidates"

"""From text to a typed description, offer or answer. What every description must obey is checked here."""

import re
from collections.abc import Sequence

from sfu.link_messages import Fingerprint
from signalling.sdp.attributes import (
    TOKEN,
    parse_extensions,
    parse_fingerprint,
    parse_payloads,
    parse_rids,
    parse_simulcast,
    parse_ssrc_groups,
    parse_ssrcs,
)
from signalling.sdp.description import Direction, HeaderExtension, MediaSection, SessionDescription, Setup
from signalling.sdp.errors import SdpError
from signalling.sdp.lines import SectionLines, number, quoted, split_sections

MAX_MID = 32
MAX_FINGERPRINTS = 16
_DIRECTIONS: tuple[Direction, ...] = ("sendrecv", "sendonly", "recvonly", "inactive")
_SETUPS: tuple[Setup, ...] = ("actpass", "active", "passive")
_ICE_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_ICE_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")


def parse_description(text: str) -> SessionDescription:
    """Read a description. Raises SdpError, and nothing else, whatever the text is."""
    session, *sections = split_sections(text)
    session_id, version = _parse_origin(session.origin)
    session_extensions = parse_extensions(session.all("extmap"))
    media = tuple(_parse_media(section, session, session_extensions) for section in sections)
    bundle = _parse_bundle(session, media)
    # The tagged m-line speaks for the transport of its bundle (RFC 8843 section 7.1.3); the session for m-lines
    # that say nothing.
    tagged = next((index for index, section in enumerate(media) if bundle and section.mid == bundle[0]), None)
    if tagged is None:
        tagged = next((index for index, section in enumerate(media) if not section.stopped), None)
    if tagged is None:
        raise SdpError("no-media", "The description has no m-line that is in use.")
    transport = (sections[tagged], session)
    return SessionDescription(
        session_id=session_id,
        version=version,
        ice_ufrag=_parse_ice(transport, "ice-ufrag", _ICE_UFRAG),
        ice_pwd=_parse_ice(transport, "ice-pwd", _ICE_PWD),
        fingerprints=_parse_fingerprints(transport),
        setup=_parse_setup(transport),
        bundle=bundle,
        media=media,
        ice_lite=session.has("ice-lite"),
    )


def _parse_origin(origin: str) -> tuple[int, int]:
    fields = origin.split(" ")
    if len(fields) == 6:
        session_id, version = number(fields[1], 2**64 - 1), number(fields[2], 2**64 - 1)
        if session_id is not None and version is not None:
            return session_id, version
    raise SdpError("malformed", f"The o= line is missing or malformed: {quoted(origin)}.")


def _parse_media(
    section: SectionLines, session: SectionLines, session_extensions: tuple[HeaderExtension, ...]
) -> MediaSection:
    fields = section.media.split()
    port = number(fields[1], 65535) if len(fields) >= 4 else None
    if port is None or not all(TOKEN.fullmatch(part) for field in fields for part in field.split("/")):
        raise SdpError("malformed", f"Malformed m-line: {quoted(section.media)}.")
    formats = tuple(fields[3:])
    bundle_only = section.has("bundle-only")
    mid = _parse_mid(section, required=port != 0 or bundle_only)
    rids = parse_rids(section.all("rid"))
    simulcast_send, simulcast_recv = parse_simulcast(section.first("simulcast"), rids)
    return MediaSection(
        kind=fields[0],
        port=port,
        protocol=fields[2],
        formats=formats,
        mid=mid,
        direction=_parse_direction(section) or _parse_direction(session) or "sendrecv",
        bundle_only=bundle_only,
        rtcp_mux=section.has("rtcp-mux"),
        rtcp_reduced_size=section.has("rtcp-rsize"),
        extmap_allow_mixed=section.has("extmap-allow-mixed") or session.has("extmap-allow-mixed"),
        payloads=parse_payloads(
            formats, tuple(section.all("rtpmap")), tuple(section.all("fmtp")), tuple(section.all("rtcp-fb"))
        ),
        extensions=session_extensions + parse_extensions(section.all("extmap")),
        rids=rids,
        simulcast_send=simulcast_send,
        simulcast_recv=simulcast_recv,
        ssrcs=parse_ssrcs(section.all("ssrc")),
        ssrc_groups=parse_ssrc_groups(section.all("ssrc-group")),
    )


def _parse_mid(section: SectionLines, required: bool) -> str:
    mid = section.first("mid")
    if mid is None and not required:
        return ""
    if mid is None or len(mid) > MAX_MID or not TOKEN.fullmatch(mid):
        raise SdpError("bad-mid", f"An m-line needs an a=mid of 1 to {MAX_MID} characters, not {quoted(mid or '')}.")
    return mid


def _parse_direction(section: SectionLines) -> Direction | None:
    found = [direction for direction in _DIRECTIONS if section.has(direction)]
    if len(found) > 1:
        raise SdpError("malformed", f"More than one direction: {', '.join(found)}.")
    return found[0] if found else None


def _parse_bundle(session: SectionLines, media: Sequence[MediaSection]) -> tuple[str, ...]:
    mids = [section.mid for section in media if section.mid]
    if len(set(mids)) != len(mids):
        raise SdpError("bad-mid", "Two m-lines have the same mid.")
    groups = [value.split()[1:] for value in session.all("group") if value.split()[:1] == ["BUNDLE"]]
    if not groups:
        return ()
    bundle = tuple(groups[0])
    if len(groups) > 1:
        raise SdpError("bad-bundle", "More than one BUNDLE group: everything has to share one transport.")
    if len(set(bundle)) != len(bundle) or not set(bundle) <= set(mids):
        raise SdpError("bad-bundle", "The BUNDLE group names a mid twice, or one that no m-line has.")
    return bundle


def _parse_ice(transport: Sequence[SectionLines], name: str, allowed: re.Pattern[str]) -> str:
    value = next((value for section in transport if (value := section.first(name)) is not None), None)
    if value is None or not allowed.fullmatch(value):
        raise SdpError("bad-ice", f"a={name} is missing or malformed.")
    return value


def _parse_fingerprints(transport: Sequence[SectionLines]) -> tuple[Fingerprint, ...]:
    for section in transport:
        fingerprints = [parse_fingerprint(value) for value in section.all("fingerprint")[:MAX_FINGERPRINTS]]
        known = tuple(fingerprint for fingerprint in fingerprints if fingerprint)
        if known:
            return known
    raise SdpError("no-fingerprint", "No a=fingerprint by SHA-256, SHA-384 or SHA-512.")


def _parse_setup(transport: Sequence[SectionLines]) -> Setup:
    value = next((value for section in transport if (value := section.first("setup")) is not None), "active")
    if value not in _SETUPS:
        raise SdpError("bad-setup", f"a=setup is {quoted(value)}, not one of {', '.join(_SETUPS)}.")
    return value

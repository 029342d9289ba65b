"""Tracks: the m-lines on which a client publishes."""

from sfu.link_messages import Cap, Kind, Source, Track
from signalling.sdp.codecs import PUBLISHED_FEEDBACK, negotiate_codecs
from signalling.sdp.description import Direction, MediaSection
from signalling.sdp.extensions import PUBLISHED, feedback_for, negotiate_extensions
from signalling.sdp.sections import answered_section


def answer_track(
    section: MediaSection, kind: Kind, source: Source, transport_id: str, cap: Cap | None = None
) -> tuple[MediaSection, Track | None] | None:
    """The answer's m-line and the track; None instead of the track while the client does not send.

    None for both without a common codec.
    """
    ids, extensions = negotiate_extensions(section, PUBLISHED[kind], offerer_sends=True)
    codecs, payloads = negotiate_codecs(section.payloads, kind, feedback_for(PUBLISHED_FEEDBACK[kind], ids))
    if not codecs:
        return None
    # Chromium throws on an answer with simulcast but without the header extension that tells the layers apart.
    rids = section.simulcast_send if "rid" in ids and kind == "video" else ()
    direction: Direction = "recvonly" if section.sends else "inactive"
    answered = answered_section(
        section,
        direction=direction,
        payloads=payloads,
        extensions=extensions,
        rids=rids,
        bandwidth=_bandwidth(cap, rids),
    )
    if not section.sends:
        return answered, None
    has_rtx = any(codec.rtx_payload_type is not None for codec in codecs)
    # With rids the layers' SSRCs are learnt from packets: Chromium names none, and a rid says which layer it is.
    ssrcs, rtx_ssrcs = ((), ()) if rids else _named_ssrcs(section)
    track = Track(
        track_id=f"{transport_id}-{source}-{section.mid}",
        mid=section.mid,
        source=source,
        kind=kind,
        codecs=codecs,
        extensions=ids,
        rids=rids,
        ssrcs=ssrcs,
        rtx_ssrcs=rtx_ssrcs if has_rtx else (),
        cap=cap,
    )
    return answered, track


def _bandwidth(cap: Cap | None, rids: tuple[str, ...]) -> int | None:
    """Bits per second of the m-line. With simulcast it holds all layers, and each has a quarter of the pixels, and
    about of the bits, of the one above: a third more than the highest in all."""
    if cap is None:
        return None
    return cap.bitrate * 4 // 3 if rids else cap.bitrate


def _named_ssrcs(section: MediaSection) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The SSRCs of media, and those of their retransmissions in the same order, or none of these."""
    pairs = {
        group.ssrcs[0]: group.ssrcs[1] for group in section.ssrc_groups if _pairs_rtx(group.semantics, group.ssrcs)
    }
    repairing = frozenset(pairs.values())
    media = tuple(ssrc for ssrc in section.ssrcs if ssrc not in repairing)
    rtx = tuple(pairs[ssrc] for ssrc in media if ssrc in pairs)
    return media, rtx if len(rtx) == len(media) else ()


def _pairs_rtx(semantics: str, ssrcs: tuple[int, ...]) -> bool:
    return semantics == "FID" and len(ssrcs) == 2

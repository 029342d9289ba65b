"""From a client's offer to what signalling, the client and the media node agree on. Pure but for random numbers."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

from sfu.link_messages import Candidate, Fingerprint, Source
from signalling.domain.media import Negotiate
from signalling.domain.media_rules import review
from signalling.domain.quality import caps_of
from signalling.domain.room import Role, RoomSettings
from signalling.sdp import IceCredentials, LocalEnd, MediaUse, Negotiated, answer, continues, parse_offer
from signalling.sdp.uses import kind_of, resolve_uses

_SOURCES: dict[str, Source] = {
    "microphone": "microphone",
    "camera": "camera",
    "screen": "screen",
    "canvas": "canvas",
}


@dataclass(frozen=True, slots=True)
class MediaEntry:
    """What the client says of one m-line; `muted` and `published` are None where it says nothing."""

    mid: str
    use: str
    max_height: int | None = None
    muted: bool | None = None
    published: bool | None = None


@dataclass(frozen=True, slots=True)
class RefusedMedia:
    """An m-line that was answered with port 0, and why."""

    mid: str
    use: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class NodeEnd:
    """What the media node brings to a transport."""

    fingerprint: Fingerprint
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """The outcome for one transport. `sdp` is what the next answer has to know of this one."""

    transport_id: str
    sdp: Negotiated
    refused: tuple[RefusedMedia, ...]
    muted: dict[Source, bool] = field(default_factory=dict)
    published: dict[str, bool] = field(default_factory=dict)

    def input_for(self, client_id: str) -> Negotiate:
        """What the session is told."""
        return Negotiate(
            client_id=client_id,
            transport_id=self.transport_id,
            tracks=self.sdp.tracks,
            slots=self.sdp.slots,
            muted=self.muted,
            published=self.published,
        )


def agree(
    offer_text: str,
    media: Sequence[MediaEntry],
    *,
    settings: RoomSettings,
    role: Role,
    node: NodeEnd,
    previous: Agreement | None,
) -> Agreement:
    """Answer an offer within what the role and the room allow.

    An offer that does not come from the peer connection of `previous` begins a new transport. Raises SdpError.
    """
    offer = parse_offer(offer_text)
    if previous is not None and not continues(previous.sdp, offer):
        previous = None
    wanted = [MediaUse(entry.mid, entry.use, entry.max_height) for entry in media]
    uses = resolve_uses(offer.media, wanted, previous.sdp.uses if previous else {})
    used = [
        (section.mid, section.kind, uses[section.mid].use)
        for section in offer.media
        if section.mid in uses and kind_of(section) is not None and not section.stopped
    ]
    forbidden = review(settings, role, used)
    transport_id = previous.transport_id if previous else secrets.token_hex(8)
    local = LocalEnd(
        transport_id=transport_id,
        new_ice=new_ice,
        new_ssrc=new_ssrc,
        fingerprint=node.fingerprint,
        candidates=node.candidates,
        cname=transport_id,
        caps=caps_of(settings.quality),
    )
    allowed = [MediaUse(use.mid, use.use, use.max_height, allowed=use.mid not in forbidden) for use in uses.values()]
    negotiated = answer(offer, allowed, local, previous.sdp if previous else None)
    stopped = {section.mid for section in offer.media if section.stopped}
    return Agreement(
        transport_id=transport_id,
        sdp=negotiated,
        refused=tuple(
            RefusedMedia(mid, uses[mid].use if mid in uses else None, forbidden.get(mid, "unsupported"))
            for mid in negotiated.refused
            if mid not in stopped
        ),
        muted={
            _SOURCES[entry.use]: entry.muted for entry in media if entry.use in _SOURCES and entry.muted is not None
        },
        published={entry.mid: entry.published for entry in media if entry.published is not None},
    )


def new_ice() -> IceCredentials:
    """64 and 192 random bits: the ufrag finds the transport among all of the node, so it has to be unique there."""
    return IceCredentials(ufrag=secrets.token_hex(8), pwd=secrets.token_hex(24))


def new_ssrc() -> int:
    """A random SSRC; 0 means "none" to some."""
    return 1 + secrets.randbelow(0xFFFFFFFF)

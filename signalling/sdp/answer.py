"""The answer to an offer, with the typed parameters that the media node gets of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sfu.link_messages import Candidate, Cap, Fingerprint, Ice, Kind, Slot, SlotUse, Source, Track
from signalling.sdp.description import MediaSection, SessionDescription
from signalling.sdp.errors import SdpError
from signalling.sdp.offer import Offer
from signalling.sdp.sections import PROTOCOLS, refused_section
from signalling.sdp.slots import SlotPlace, SsrcAllocator, allocate_indexes, answer_idle, answer_slot, slot_id_of
from signalling.sdp.tracks import answer_track
from signalling.sdp.uses import SLOT_USES, SOURCES, MediaUse, kind_of, resolve_uses
from signalling.sdp.writer import write_description


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """ufrag: 4 to 256, pwd: 22 to 256 characters of letters, digits, + and / (RFC 8839 section 5.4)."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class LocalEnd:
    """What the server brings to one peer connection.

    `new_ice` is called for the first answer and whenever the client restarts ICE, otherwise the credentials of
    `previous` stay; so give the same function each time. `new_ssrc` gives random 32-bit numbers.
    `transport_id` is the prefix of the track ids, which are thereby unique in the session. `caps` are those of video
    tracks, by source.
    """

    transport_id: str
    new_ice: Callable[[], IceCredentials]
    new_ssrc: Callable[[], int]
    fingerprint: Fingerprint
    candidates: tuple[Candidate, ...]
    cname: str
    caps: Mapping[Source, Cap] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What offer and answer agreed on: the answer's text, and what `PutTransport` needs.

    `refused` are the mids that are not served: answered with port 0, but for one that stands for the whole bundle,
    which is answered as inactive. `ice_restarted` says that `ice` holds new credentials although there
    was a previous negotiation. Slot ids are unique within the transport only. No track is `paused`: whoever knows of
    mutes sets that (`track.model_copy(update={"paused": True})`).
    """

    sdp: str
    ice: Ice
    fingerprints: tuple[Fingerprint, ...]
    tracks: tuple[Track, ...]
    slots: tuple[Slot, ...]
    refused: tuple[str, ...] = ()
    ice_restarted: bool = False
    # What the next answer of the same peer connection has to remember.
    session_id: int = 0
    version: int = 1
    uses: Mapping[str, str] = field(default_factory=dict)


def continues(previous: Negotiated, offer: Offer) -> bool:
    """Whether an offer comes from the same peer connection as `previous`: browsers make a certificate for each.

    If not, the client has begun anew: close the old transport and answer with `previous=None`.
    """
    return frozenset(previous.fingerprints) == frozenset(offer.fingerprints)


def answer(offer: Offer, wanted: Sequence[MediaUse], local: LocalEnd, previous: Negotiated | None = None) -> Negotiated:
    """Answer an offer.

    An m-line without an entry in `wanted` keeps the use it had in `previous`; a new one gets it by kind and direction
    (what the client sends is microphone, camera, then screens; what it receives are slots).
    An m-line that is not allowed, stopped, of unknown use, of data channels, outside the bundle or without a common
    codec is refused. Track ids, slot ids, slot indexes and SSRCs of `previous` stay for the same mid and use.

    Raises SdpError: `unknown-mid` when `wanted` names an m-line that the offer lacks, `bad-max-height`, and
    `new-connection` when the offer does not continue `previous`.
    """
    if previous and not continues(previous, offer):
        raise SdpError("new-connection", "The offer comes from another peer connection than the one before.")
    answering = _Answering(offer, wanted, local, previous)
    for section in offer.media:
        answering.add(section)
    ice_restarted = previous is not None and previous.ice.remote_ufrag != offer.ice_ufrag
    if previous is None or ice_restarted:
        credentials = local.new_ice()
    else:
        credentials = IceCredentials(previous.ice.local_ufrag, previous.ice.local_pwd)
    out_of_bundle = {section.mid for section in answering.media if section.stopped}
    description = SessionDescription(
        # With the writer's user name, the client's own number makes an origin that is unique (RFC 8866 section 5.2).
        session_id=previous.session_id if previous else offer.session_id,
        version=previous.version + 1 if previous else 1,
        ice_ufrag=credentials.ufrag,
        ice_pwd=credentials.pwd,
        fingerprints=(local.fingerprint,),
        setup="passive",
        bundle=tuple(mid for mid in offer.bundle if mid not in out_of_bundle),
        media=tuple(answering.media),
        ice_lite=True,
        candidates=local.candidates,
    )
    return Negotiated(
        sdp=write_description(description),
        ice=Ice(local_ufrag=credentials.ufrag, local_pwd=credentials.pwd, remote_ufrag=offer.ice_ufrag),
        fingerprints=offer.fingerprints,
        tracks=tuple(answering.tracks),
        slots=tuple(answering.slots),
        refused=tuple(answering.refused),
        ice_restarted=ice_restarted,
        session_id=description.session_id,
        version=description.version,
        uses={mid: use.use for mid, use in answering.uses.items() if mid not in answering.refused},
    )


class _Answering:
    """Collects the answer's m-lines, tracks and slots while the m-lines of one offer are gone through in order."""

    def __init__(self, offer: Offer, wanted: Sequence[MediaUse], local: LocalEnd, previous: Negotiated | None) -> None:
        self.media: list[MediaSection] = []
        self.tracks: list[Track] = []
        self.slots: list[Slot] = []
        self.refused: list[str] = []
        self.uses = resolve_uses(offer.media, wanted, previous.uses if previous else {})
        self._offer = offer
        self._local = local
        self._bundle = frozenset(offer.bundle or _first_in_use(offer.media))
        self._slots_before = {slot.slot_id: slot for slot in previous.slots} if previous else {}
        self._ssrcs = SsrcAllocator(
            local.new_ssrc,
            used=[
                *(ssrc for section in offer.media for ssrc in section.ssrcs),
                *(slot.ssrc for slot in self._slots_before.values()),
                *(slot.rtx_ssrc for slot in self._slots_before.values() if slot.rtx_ssrc is not None),
            ],
        )
        places = [
            (section.mid, use)
            for section in offer.media
            if self._servable(section)
            and self._allowed(section)
            and section.receives
            and (use := self._slot_use(section))
        ]
        self._indexes = allocate_indexes(places, self._slots_before)

    def add(self, section: MediaSection) -> None:
        kind = kind_of(section)
        servable = kind is not None and self._servable(section)
        answered = self._answer(section, kind) if kind and servable and self._allowed(section) else None
        if answered is None:
            if section.mid:
                self.refused.append(section.mid)
            # Under the bundle policy max-bundle, Chromium throws when the m-line that stands for the whole bundle gets
            # port 0: it rests instead.
            if kind and servable and section.mid in self._offer.bundle[:1]:
                answered = answer_idle(section, kind)
        self.media.append(answered or refused_section(section))

    def _servable(self, section: MediaSection) -> bool:
        return (
            not section.stopped and section.mid in self._bundle and section.rtcp_mux and section.protocol in PROTOCOLS
        )

    def _allowed(self, section: MediaSection) -> bool:
        use = self.uses.get(section.mid)
        return use is None or use.allowed

    def _slot_use(self, section: MediaSection) -> SlotUse | None:
        kind, use = kind_of(section), self.uses.get(section.mid)
        return SLOT_USES.get((kind, use.use)) if kind and use else None

    def _answer(self, section: MediaSection, kind: Kind) -> MediaSection | None:
        """The answer's m-line, None to refuse it."""
        use = self.uses.get(section.mid)
        if use is None:
            return answer_idle(section, kind)
        source = SOURCES.get((kind, use.use))
        if source:
            return self._answer_track(section, kind, source)
        slot_use = self._slot_use(section)
        if slot_use is None:
            return None
        if not section.receives:
            return answer_idle(section, kind)
        return self._answer_slot(section, kind, slot_use, use.max_height)

    def _answer_track(self, section: MediaSection, kind: Kind, source: Source) -> MediaSection | None:
        cap = self._local.caps.get(source) if kind == "video" else None
        answered = answer_track(section, kind, source, self._local.transport_id, cap)
        if answered is None:
            return None
        media, track = answered
        if track:
            self.tracks.append(track)
        return media

    def _answer_slot(
        self, section: MediaSection, kind: Kind, use: SlotUse, max_height: int | None
    ) -> MediaSection | None:
        index = self._indexes.get(section.mid)
        if index is None:
            return None
        before = self._slots_before.get(slot_id_of(section.mid, use))
        place = SlotPlace(kind, use, index, max_height)
        answered = answer_slot(section, place, before, self._ssrcs, self._local.cname)
        if answered is None:
            return None
        media, slot = answered
        self.slots.append(slot)
        return media


def _first_in_use(media: Sequence[MediaSection]) -> tuple[str, ...]:
    """Without a BUNDLE group one m-line has the transport, and the others cannot be served."""
    return tuple(section.mid for section in media if not section.stopped)[:1]

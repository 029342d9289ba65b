"""The answer to an offer, with the typed parameters that the media node gets of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sfu.link_messages import Candidate, Fingerprint, Ice, Slot, Track
from signalling.sdp.offer import Offer
from signalling.sdp.uses import MediaUse


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
    `transport_id` is the prefix of the track ids, which are thereby unique in the session.
    """

    transport_id: str
    new_ice: Callable[[], IceCredentials]
    new_ssrc: Callable[[], int]
    fingerprint: Fingerprint
    candidates: tuple[Candidate, ...]
    cname: str


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What offer and answer agreed on: the answer's text, and what `PutTransport` needs.

    `refused` are the mids answered with port 0. `ice_restarted` says that `ice` holds new credentials although there
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
    session_id: str = "0"
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
    An m-line that is not allowed, stopped, of unknown use, of data channels or without a common codec is refused (port 0).
    Track ids, slot ids, slot indexes and SSRCs of `previous` stay for the same mid and use.

    Raises SdpError: `unknown-mid` when `wanted` names an m-line that the offer lacks, `new-connection` when the offer
    does not continue `previous`.
    """
    raise NotImplementedError

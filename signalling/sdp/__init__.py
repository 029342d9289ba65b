"""SDP: offers become typed descriptions, answers become text. Pure code; the media node never sees any of it.

negotiated = answer(parse_offer(text), wanted, local_end, previous=None)
"""

from signalling.sdp.answer import IceCredentials, LocalEnd, Negotiated, answer, continues
from signalling.sdp.description import SessionDescription
from signalling.sdp.errors import SdpError
from signalling.sdp.offer import Offer, parse_offer
from signalling.sdp.uses import USES, MediaUse, kind_of, resolve_uses

__all__ = [
    "USES",
    "IceCredentials",
    "LocalEnd",
    "MediaUse",
    "Negotiated",
    "Offer",
    "SdpError",
    "SessionDescription",
    "answer",
    "continues",
    "kind_of",
    "parse_offer",
    "resolve_uses",
]

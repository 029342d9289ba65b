"""From the text of an offer to its typed description."""

from signalling.sdp.description import SessionDescription
from signalling.sdp.errors import SdpError
from signalling.sdp.parser import parse_description

Offer = SessionDescription
"""A description that `parse_offer` has checked."""


def parse_offer(text: str) -> Offer:
    """Read an offer that an ICE-lite, DTLS-passive server can answer.

    Raises SdpError, and nothing else, whatever the text is. Its codes: `too-large`, `too-many-media`, `malformed`,
    `no-media`, `bad-mid`, `bad-bundle`, `bad-ice`, `no-fingerprint`, `bad-setup`, `bad-extension`.
    """
    offer = parse_description(text)
    if offer.setup == "passive":
        raise SdpError("bad-setup", "The server is the passive end of DTLS: offer a=setup:actpass.")
    if offer.ice_lite:
        raise SdpError("bad-ice", "The server is ICE-lite, so the client cannot be.")
    _check_extension_ids(offer)
    return offer


def _check_extension_ids(offer: Offer) -> None:
    """One id means one extension in a whole bundle (RFC 8843 section 9.2): it is read before the m-line is known."""
    meaning: dict[int, str] = {}
    for section in offer.media:
        if section.stopped:
            continue
        for extension in section.extensions:
            if meaning.setdefault(extension.extension_id, extension.uri) != extension.uri:
                raise SdpError("bad-extension", f"The extension id {extension.extension_id} has two meanings.")

"""From the text of an offer to its typed description."""

from signalling.sdp.description import SessionDescription

Offer = SessionDescription
"""A description that `parse_offer` has checked."""


def parse_offer(text: str) -> Offer:
    """Read an offer.

    Raises SdpError, and nothing else, whatever the text is.
    """
    raise NotImplementedError

"""Header extensions: which of the offered ones are answered, always with the offer's ids."""

from collections.abc import Mapping, Set

from sfu.link_messages import ExtensionName, Kind
from signalling.sdp.description import Direction, HeaderExtension, MediaSection

_NAMES: Mapping[str, ExtensionName] = {
    "urn:ietf:params:rtp-hdrext:sdes:mid": "mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id": "rid",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id": "repaired-rid",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level": "audio-level",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time": "abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": "transport-wide-cc",
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension": "dependency-descriptor",
}

# video-orientation is not answered: who cannot tell how a phone is held turns the picture before it is encoded, and
# recordings and quality caps see what people see.
PUBLISHED: Mapping[Kind, frozenset[ExtensionName]] = {
    "audio": frozenset({"mid", "audio-level", "abs-send-time", "transport-wide-cc"}),
    "video": frozenset(
        {
            "mid",
            "rid",
            "repaired-rid",
            "abs-send-time",
            "transport-wide-cc",
            "dependency-descriptor",
        }
    ),
}
# A slot is found by its SSRC, so it carries no mid. abs-send-time says nothing that transport-wide-cc does not.
SLOTS: Mapping[Kind, frozenset[ExtensionName]] = {
    "audio": frozenset({"audio-level", "transport-wide-cc"}),
    "video": frozenset({"dependency-descriptor", "transport-wide-cc"}),
}

# The offer's direction and ours, seen from the other end (RFC 8285 section 7).
_REVERSED: Mapping[Direction, Direction] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


def feedback_for(allowed: frozenset[str], ids: Mapping[ExtensionName, int]) -> frozenset[str]:
    """The kinds of feedback that can be given: transport-cc speaks of numbers that only the extension carries."""
    return allowed if "transport-wide-cc" in ids else allowed - {"transport-cc"}


def negotiate_extensions(
    section: MediaSection, allowed: Set[ExtensionName], offerer_sends: bool
) -> tuple[dict[ExtensionName, int], tuple[HeaderExtension, ...]]:
    """The ids by name, and what the answer says.

    An extension counts only if it was offered for the direction in which the media flows: Firefox offers some as
    `/sendonly` on m-lines where it only receives.
    """
    directions = ("sendrecv", "sendonly" if offerer_sends else "recvonly")
    ids: dict[ExtensionName, int] = {}
    answered = []
    for extension in section.extensions:
        name = _NAMES.get(extension.uri)
        if name is None or name not in allowed or name in ids or extension.direction not in directions:
            continue
        ids[name] = extension.extension_id
        answered.append(HeaderExtension(extension.extension_id, extension.uri, _REVERSED[extension.direction]))
    return ids, tuple(answered)

"""DTLS-SRTP (RFC 5764) as server, through aiortc's handshake."""

from sfu.link_messages import Fingerprint


class Certificate:
    """The self-signed certificate of this process: made at its start, kept nowhere."""

    @classmethod
    def generate(cls) -> "Certificate":
        raise NotImplementedError

    @property
    def fingerprint(self) -> Fingerprint:
        """Its SHA-256 fingerprint (RFC 8122), for the Hello of the link."""
        raise NotImplementedError

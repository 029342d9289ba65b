"""The error of everything in this package."""


class RtcpError(ValueError):
    """A datagram that is not valid RTCP; the sentence says what is wrong."""

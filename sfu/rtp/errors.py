"""The error of everything in this package."""


class RtpError(ValueError):
    """A datagram or a field of it that is not valid RTP; the sentence says what is wrong."""

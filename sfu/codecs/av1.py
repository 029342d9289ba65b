"""av1 (skeleton, filled in next)."""

from sfu.codecs.info import CodecError, PayloadInfo


def describe(payload: bytes) -> PayloadInfo:
    """Raises `CodecError`."""
    if not payload:
        raise CodecError("an empty payload")
    return PayloadInfo()

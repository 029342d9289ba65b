"""The signature by which a receiver knows that a delivery is from this server, and not an old one sent again."""

import hashlib
import hmac

HEADER = "Roomcast-Signature"


def sign(secret: bytes, body: str, now: float) -> str:
    """The value of the header: `t=SECONDS,v1=HEX`, the HMAC-SHA256 of `SECONDS.BODY`."""
    seconds = int(now)
    digest = hmac.new(secret, f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"

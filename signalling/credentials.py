"""The application id and key with which an application's backend calls the REST APIs."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """One application. The key stays out of `repr`, so that it cannot slip into a log."""

    app_id: str
    app_key: str = field(repr=False)

    @classmethod
    def generate(cls) -> "Credentials":
        """New random credentials: an id of 24 hexadecimal digits and a key of 192 bits."""
        return cls(app_id=secrets.token_hex(12), app_key=secrets.token_urlsafe(24))

    def matches(self, app_id: str, app_key: str) -> bool:
        """Whether both are right, in a time that does not tell which part was wrong or where."""
        # Both are always compared, as digests of equal length.
        same_id = hmac.compare_digest(_digest(app_id), _digest(self.app_id))
        same_key = hmac.compare_digest(_digest(app_key), _digest(self.app_key))
        return same_id and same_key


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

"""Links to files of the archive that need no credentials, for players, which cannot send any."""

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

LIFETIME = 3600
"""Seconds that a link is good for."""


class LinkError(ValueError):
    """A link that opens nothing. `reason` is stable; the text is a sentence for people."""

    def __init__(self, reason: Literal["link-invalid", "link-expired"], sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class LinkQuery:
    """The query of a link. `expires` is in Unix seconds."""

    expires: int
    signature: str


class FileLinks:
    """Signs links (HMAC-SHA256), each for one file and one time, and checks them."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, file_id: str, now: float) -> LinkQuery:
        """What makes a link to a file good for an hour from `now` (Unix seconds)."""
        expires = int(now) + LIFETIME
        return LinkQuery(expires, self._signature(file_id, str(expires)))

    def check(self, file_id: str, expires: str, signature: str, now: float) -> None:
        """Raises LinkError unless this is a link that `make` made for this file, and its time is not over.

        The texts are what came in the URL.
        """
        expected = self._signature(file_id, expires)
        if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
            raise LinkError("link-invalid", "This link was not made by this server, or was changed.")
        if now >= int(expires):
            raise LinkError("link-expired", "This link has expired: ask for a new one.")

    def _signature(self, file_id: str, expires: str) -> str:
        # An id holds no line break, so no two pairs make the same text.
        digest = hmac.new(self._key, f"{expires}\n{file_id}".encode(errors="replace"), sha256).digest()
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

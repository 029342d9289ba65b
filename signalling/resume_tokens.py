"""Resume tokens: what a participant shows to go on after their connection broke, or after the server was restarted.

A server that still knows the participant finds them by the text. One that died and came back does not, and reads in
the token who it was: it is a JWT signed with HS256 (RFC 7519, RFC 7518 section 3.2), with a key that only the server
has.
"""

import secrets
from typing import Annotated

import jwt
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from signalling.domain.room import Role

ALGORITHM = "HS256"
LIFETIME = 7 * 24 * 3600
"""Seconds; no meeting lasts longer."""


class ResumeClaims(BaseModel):
    """Who had the token, in which session. `expires` is in Unix seconds; `jti` is unique."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    conf_num: str
    room_id: str
    client_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    jti: Annotated[str, Field(min_length=16, max_length=64)] = Field(default_factory=lambda: secrets.token_hex(16))
    exp: int


class ResumeTokens:
    """Issues and reads tokens under one key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def issue(self, claims: ResumeClaims) -> str:
        return jwt.encode(claims.model_dump(), self._key, algorithm=ALGORITHM)

    def read(self, token: str, now: float) -> ResumeClaims | None:
        """What a token says; None when it was not issued under this key, was changed, or has expired."""
        try:
            # The clock is the caller's, so the time is checked below and not by the library.
            claims = ResumeClaims.model_validate(
                jwt.decode(token, self._key, algorithms=[ALGORITHM], options={"verify_exp": False})
            )
        except (jwt.InvalidTokenError, ValidationError, ValueError, RecursionError):
            return None
        return claims if now < claims.exp else None

"""Join tokens: JWTs signed with RS256 (RFC 7519, RFC 7518 section 3.3), bound to one room and one role.

A token says who may enter; that it is used only once is for the store to see (`Store.used_tokens`).
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from signalling.domain.room import Role

LIFETIME = 15 * 60
ALGORITHM = "RS256"
# What the APIs take for a token grows when it is written: each character beyond ASCII takes six bytes or twelve in the
# payload, and that a third more in base64.
MAX_TOKEN_LENGTH = 49_152

TokenProblem = Literal["token-invalid", "token-expired"]


class TokenError(ValueError):
    """A token that opens nothing. `code` is stable; the text is a sentence for people."""

    def __init__(self, code: TokenProblem, sentence: str) -> None:
        super().__init__(sentence)
        self.code: TokenProblem = code


@dataclass(frozen=True, slots=True)
class TokenClaims:
    """What a valid token says. `expires` is in Unix seconds; `jti` is unique for each token ever issued."""

    room_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    jti: str
    expires: float


class _Payload(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    room_id: str
    name: str
    role: Role
    user_ref: str
    data: dict[str, JsonValue]
    jti: Annotated[str, Field(min_length=16, max_length=64)]
    exp: int


class TokenIssuer:
    """Signs tokens with one RSA key and checks tokens against it."""

    def __init__(self, private_key_pem: bytes) -> None:
        """Raises ValueError when the text is not an RSA private key of at least 2048 bits in PEM form."""
        key = load_pem_private_key(private_key_pem, password=None)
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
            raise ValueError("the token key must be an RSA private key of at least 2048 bits")
        self._private_key = key
        self._public_key = key.public_key()
        numbers = self._public_key.public_numbers()
        self._jwk = {"e": _base64url_number(numbers.e), "kty": "RSA", "n": _base64url_number(numbers.n)}
        self.kid = _thumbprint(self._jwk)

    @staticmethod
    def new_private_key() -> bytes:
        """A fresh RSA private key in PEM form."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def issue(
        self,
        room_id: str,
        name: str,
        role: Role,
        user_ref: str,
        data: dict[str, JsonValue],
        now: float,
    ) -> str:
        """A token that is valid for 15 minutes from `now` (Unix seconds)."""
        issued = int(now)
        payload = {
            "jti": secrets.token_hex(16),
            "iat": issued,
            "exp": issued + LIFETIME,
            "room_id": room_id,
            "name": name,
            "role": role,
            "user_ref": user_ref,
            "data": data,
        }
        return jwt.encode(payload, self._private_key, algorithm=ALGORITHM, headers={"kid": self.kid})

    def verify(self, token: str, now: float) -> TokenClaims:
        """What the token says, or TokenError. Whether it was used before is not known here."""
        if len(token) > MAX_TOKEN_LENGTH:
            raise TokenError("token-invalid", "The token is too long to be one of this server.")
        try:
            # The clock is the caller's, so the times are checked below and not by the library.
            claims = jwt.decode(
                token,
                self._public_key,
                algorithms=[ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
            )
            payload = _Payload.model_validate(claims)
        except (jwt.InvalidTokenError, ValidationError, ValueError, RecursionError) as error:
            raise TokenError("token-invalid", "The token was not issued by this server or was changed.") from error
        if now >= payload.exp:
            raise TokenError("token-expired", "The token has expired: ask for a new one just before joining.")
        return TokenClaims(
            room_id=payload.room_id,
            name=payload.name,
            role=payload.role,
            user_ref=payload.user_ref,
            data=payload.data,
            jti=payload.jti,
            expires=payload.exp,
        )

    def derive_key(self, purpose: str) -> bytes:
        """A secret of 32 bytes that is this server's alone, another one for each purpose."""
        der = self._private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return hmac.new(der, purpose.encode(), hashlib.sha256).digest()

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The public key as a JSON Web Key set (RFC 7517 section 5), for `/.well-known/jwks.json`."""
        return {"keys": [{**self._jwk, "alg": ALGORITHM, "use": "sig", "kid": self.kid}]}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _base64url_number(number: int) -> str:
    return _base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638: the digest of the required members in their order, without spaces."""
    text = json.dumps(jwk, sort_keys=True, separators=(",", ":"))
    return _base64url(hashlib.sha256(text.encode()).digest())

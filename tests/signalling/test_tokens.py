"""Join tokens."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from signalling.tokens import LIFETIME, TokenError, TokenIssuer

NOW = 1_800_000_000.7
KEY = TokenIssuer.new_private_key()
ISSUER = TokenIssuer(KEY)


def issue(now: float = NOW) -> str:
    return ISSUER.issue("64f3a1b2c8e94d001f2e3a77", "Sarah", "viewer", "usr_1", {"a": [1, {"ü": None}]}, now)


def code_of(token: str, now: float = NOW) -> str:
    with pytest.raises(TokenError) as refused:
        ISSUER.verify(token, now)
    return refused.value.code


def test_a_token_says_what_it_was_issued_for() -> None:
    claims = ISSUER.verify(issue(), NOW)
    assert claims.room_id == "64f3a1b2c8e94d001f2e3a77"
    assert (claims.name, claims.role, claims.user_ref) == ("Sarah", "viewer", "usr_1")
    assert claims.data == {"a": [1, {"ü": None}]}
    assert claims.expires == int(NOW) + 15 * 60


def test_a_token_starts_as_that_of_the_document_and_names_its_key() -> None:
    header = jwt.get_unverified_header(issue())
    assert header == {"alg": "RS256", "typ": "JWT", "kid": ISSUER.kid}


def test_a_token_expires_after_15_minutes() -> None:
    token = issue()
    assert ISSUER.verify(token, int(NOW) + LIFETIME - 0.001)
    assert code_of(token, int(NOW) + LIFETIME) == "token-expired"


def test_no_two_tokens_have_the_same_id() -> None:
    assert ISSUER.verify(issue(), NOW).jti != ISSUER.verify(issue(), NOW).jti


def test_the_published_key_verifies_tokens() -> None:
    (jwk,) = ISSUER.jwks()["keys"]
    assert (jwk["kid"], jwk["alg"], jwk["use"]) == (ISSUER.kid, "RS256", "sig")
    assert "d" not in jwk
    key = jwt.PyJWK(jwk)
    assert (
        jwt.decode(issue(), key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})["name"]
        == "Sarah"
    )


def test_the_same_key_verifies_after_a_restart_and_has_the_same_name() -> None:
    again = TokenIssuer(KEY)
    assert again.kid == ISSUER.kid
    assert again.verify(issue(), NOW).name == "Sarah"


def test_a_token_of_another_server_is_refused() -> None:
    other = TokenIssuer(TokenIssuer.new_private_key())
    token = other.issue("64f3a1b2c8e94d001f2e3a77", "Sarah", "moderator", "usr_1", {}, NOW)
    assert code_of(token) == "token-invalid"


def _public_pem() -> bytes:
    key = serialization.load_pem_private_key(KEY, None).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _payload(**changes: Any) -> dict[str, Any]:
    return {**jwt.decode(issue(), options={"verify_signature": False}), **changes}


def test_a_token_without_signature_is_refused() -> None:
    assert code_of(jwt.encode(_payload(), None, algorithm="none")) == "token-invalid"


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    """The confusion of RS256 and HS256: the library would refuse to sign so, hence by hand."""
    import base64
    import hashlib
    import hmac

    def encode(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    signed = encode(b'{"alg":"HS256","typ":"JWT"}') + b"." + encode(json.dumps(_payload()).encode())
    signature = hmac.new(_public_pem(), signed, hashlib.sha256).digest()
    assert code_of((signed + b"." + encode(signature)).decode()) == "token-invalid"


@pytest.mark.parametrize(
    "changes",
    [{"role": "king"}, {"exp": "soon"}, {"data": []}, {"jti": ""}, {"name": None}, {"room_id": 7}],
)
def test_signed_claims_of_a_wrong_type_are_refused(changes: dict[str, Any]) -> None:
    token = jwt.encode(_payload(**changes), serialization.load_pem_private_key(KEY, None), algorithm="RS256")
    assert code_of(token) == "token-invalid"


@given(st.text())
def test_text_that_is_no_token_is_refused(text: str) -> None:
    assert code_of(text) == "token-invalid"


@given(st.data())
def test_a_changed_token_is_refused(data: st.DataObject) -> None:
    token = issue()
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda new: new != token[place]))
    changed = token[:place] + letter + token[place + 1 :]
    try:
        claims = ISSUER.verify(changed, NOW)
    except TokenError as error:
        assert error.code == "token-invalid"
    else:
        # The last letter of a base64url text has bits that mean nothing.
        assert claims == ISSUER.verify(token, NOW)


def test_a_token_of_any_length_is_refused_quickly() -> None:
    assert code_of("eyJ" + "a" * 10_000_000) == "token-invalid"


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("pem", [b"", b"nonsense", _pem(ec.generate_private_key(ec.SECP256R1()))])
def test_a_key_that_cannot_sign_such_tokens_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError):
        TokenIssuer(pem)

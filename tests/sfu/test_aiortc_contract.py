"""Every name of aiortc, aioice and pylibsrtp that is leaned on without their promise to keep it.

When one of these fails after an upgrade, look at sfu/dtls.py, sfu/srtp.py and sfu/ice/stun.py.
"""

import inspect
from importlib.metadata import version

import pylibsrtp
import pytest
from aioice import stun
from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from pylibsrtp._binding import ffi, lib


@pytest.mark.parametrize(("package", "expected"), [("aiortc", "1.16.0"), ("aioice", "0.13.0"), ("pylibsrtp", "1.0.0")])
def test_versions_are_the_pinned_ones(package, expected):
    assert version(package) == expected


class Pipe:
    role = "controlled"

    async def _recv(self):
        raise ConnectionError

    async def _send(self, data):
        pass


def test_dtls_transport_needs_no_more_than_a_pipe():
    transport = RTCDtlsTransport(Pipe(), [RTCCertificate.generateCertificate()])
    transport._set_role("server")
    assert transport._role == "server"
    assert transport._srtp_profiles is rtcdtlstransport.SRTP_PROFILES
    assert transport._ssl is None
    assert transport.state == "new"


@pytest.mark.parametrize("role", ["auto", "server"])
async def test_lost_pipe_fails_the_handshake_and_stop_survives_it(role):
    transport = RTCDtlsTransport(Pipe(), [RTCCertificate.generateCertificate()])
    transport._set_role(role)
    await transport.start(RTCDtlsParameters([rtcdtlstransport.RTCDtlsFingerprint("sha-256", "00")]))
    assert transport.state == "failed"
    await transport.stop()


def test_start_calls_what_is_overridden_in_the_order_relied_on():
    source = inspect.getsource(RTCDtlsTransport.start)
    steps = ["_do_handshake()", "_validate_peer_identity(", "_setup_srtp()", "State.CONNECTED"]
    assert [source.index(step) for step in steps] == sorted(source.index(step) for step in steps)
    assert list(inspect.signature(RTCDtlsTransport._validate_peer_identity).parameters) == ["self", "remoteParameters"]
    assert list(inspect.signature(RTCDtlsTransport._setup_srtp).parameters) == ["self"]


def test_start_gets_its_context_from_the_certificate():
    made = "self.__local_certificate._create_ssl_context("
    assert made in inspect.getsource(RTCDtlsTransport.start)
    assert list(inspect.signature(RTCCertificate._create_ssl_context).parameters) == ["self", "srtp_profiles"]


def test_state_changes_are_announced():
    transport = RTCDtlsTransport(Pipe(), [RTCCertificate.generateCertificate()])
    seen = []
    transport.on("statechange", lambda: seen.append(transport.state))
    transport._set_state(rtcdtlstransport.State.CLOSED)
    assert seen == ["closed"]


@pytest.mark.parametrize(
    ("profile", "name", "key_length", "salt_length"),
    [
        (rtcdtlstransport.SRTP_AEAD_AES_128_GCM, b"SRTP_AEAD_AES_128_GCM", 16, 12),
        (rtcdtlstransport.SRTP_AEAD_AES_256_GCM, b"SRTP_AEAD_AES_256_GCM", 32, 12),
        (rtcdtlstransport.SRTP_AES128_CM_SHA1_80, b"SRTP_AES128_CM_SHA1_80", 16, 14),
    ],
)
def test_profiles_are_there_with_their_lengths(profile, name, key_length, salt_length):
    assert (profile.openssl_profile, profile.key_length, profile.salt_length) == (name, key_length, salt_length)
    assert profile in rtcdtlstransport.SRTP_PROFILES
    material = bytes(range(2 * (key_length + salt_length)))
    server = profile.get_key_and_salt(material, 1)
    assert server == material[key_length : 2 * key_length] + material[2 * key_length + salt_length :]


def test_session_holds_the_context_that_the_c_functions_take():
    policy = pylibsrtp.Policy(key=bytes(30), ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
    policy.window_size = 1024
    policy.allow_repeat_tx = True
    session = pylibsrtp.Session(policy)
    assert ffi.typeof(session._srtp) is ffi.typeof("srtp_t *")
    assert lib.srtp_err_status_ok == 0
    for function in (lib.srtp_protect, lib.srtp_protect_rtcp, lib.srtp_unprotect, lib.srtp_unprotect_rtcp):
        assert str(ffi.typeof(function)) == "<ctype 'srtp_err_status_t(*)(struct srtp_ctx_t_ *, void *, int *)'>"


def test_a_crypto_policy_has_the_fields_that_plain_senders_set():
    policy = pylibsrtp.Policy(key=bytes(30), srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80)
    for crypto in (policy._policy.rtp, policy._policy.rtcp):
        assert ffi.sizeof(crypto) == 6 * 4
        # AES-ICM-128 with 30 bytes of key and salt, HMAC-SHA1 with 20 and a tag of 10, both services.
        assert list(ffi.cast("uint32_t *", ffi.addressof(crypto))[0:6]) == [1, 30, 3, 20, 10, 3]


def test_error_numbers_are_those_that_counters_are_named_by():
    assert pylibsrtp.ERRORS[7] == "authentication failure"
    assert pylibsrtp.ERRORS[9] == "replay check failed (bad index)"
    assert pylibsrtp.ERRORS[10] == "replay check failed (index too old)"
    assert pylibsrtp.SRTP_MAX_TRAILER_LEN == 144
    assert pylibsrtp.SRTP_MAX_SRTCP_TRAILER_LEN == 148


def test_stun_messages_keep_the_order_of_their_last_attributes():
    message = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, b"t" * 12, {"XOR-MAPPED-ADDRESS": ("192.0.2.1", 9)}
    )
    message.add_message_integrity(b"key")
    assert list(message.attributes) == ["XOR-MAPPED-ADDRESS", "MESSAGE-INTEGRITY", "FINGERPRINT"]
    parsed = stun.parse_message(bytes(message))
    assert parsed.attributes == message.attributes
    assert parsed.check_message_integrity(b"key")
    assert not parsed.check_message_integrity(b"another")
    assert not stun.Message(stun.Method.BINDING, stun.Class.REQUEST).check_message_integrity(b"key")

"""STUN as it comes from anybody."""

import struct

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from sfu.ice.stun import StunError, is_indication, parse_request, role_conflict_response, success_response
from tests.support.media_peer import binding_request, make_ice

ICE = make_ice()
PASSWORD = ICE.local_pwd.encode()
REQUEST = bytes(binding_request(ICE))
HEADER_8 = b"\x00\x01\x00\x08" + REQUEST[4:20]
"""The header of a request with 8 bytes of attributes."""


def parse_or_refuse(data):
    try:
        return parse_request(data)
    except StunError as error:
        assert str(error).startswith("stun-")
        return None


def test_request_is_understood():
    request = parse_request(REQUEST)
    assert request.username == "nodea:peera"
    assert request.use_candidate
    assert not request.controlled
    assert request.is_authentic(PASSWORD)
    assert not request.is_authentic(PASSWORD + b"x")


def test_roles_and_nomination_are_told():
    request = parse_request(bytes(binding_request(ICE, use_candidate=False, controlled=True)))
    assert not request.use_candidate
    assert request.controlled


def test_fingerprint_may_be_missing_but_not_wrong():
    without = REQUEST[:2] + struct.pack("!H", len(REQUEST) - 28) + REQUEST[4:-8]
    assert parse_request(without).is_authentic(PASSWORD)
    with pytest.raises(StunError, match="stun-malformed"):
        parse_request(REQUEST[:-1] + bytes([REQUEST[-1] ^ 1]))


def test_attributes_behind_the_integrity_count_for_nothing():
    plain = bytes(binding_request(ICE, use_candidate=False))
    body = plain[20:-8] + struct.pack("!HH", 0x0025, 0)
    forged = plain[:2] + struct.pack("!H", len(body)) + plain[4:20] + body
    assert not parse_request(forged).use_candidate


@pytest.mark.parametrize(
    ("data", "counter"),
    [
        pytest.param(b"", "stun-malformed", id="empty"),
        pytest.param(REQUEST[:19], "stun-malformed", id="half a header"),
        pytest.param(REQUEST[:4] + b"\0\0\0\0" + REQUEST[8:], "stun-malformed", id="no magic cookie"),
        pytest.param(REQUEST + b"\0\0\0\0", "stun-malformed", id="longer than it says"),
        pytest.param(HEADER_8 + b"\x00\x06\x00\x05abcd", "stun-malformed", id="attribute beyond the end"),
        pytest.param(b"\x01\x01" + REQUEST[2:], "stun-not-a-request", id="response"),
        pytest.param(b"\x00\x03" + REQUEST[2:], "stun-not-a-request", id="TURN"),
        pytest.param(bytes(binding_request(ICE, integrity=False)), "stun-no-integrity", id="no integrity"),
        # aioice lets struct.error through.
        pytest.param(HEADER_8 + b"\x00\x24\x00\x01\x00\x00\x00\x00", "stun-malformed", id="PRIORITY of one byte"),
        pytest.param(HEADER_8 + b"\x00\x06\x00\x01\xff\x00\x00\x00", "stun-malformed", id="USERNAME not UTF-8"),
    ],
)
def test_bad_messages_are_refused_with_a_counters_name(data, counter):
    with pytest.raises(StunError) as caught:
        parse_request(data)
    assert str(caught.value) == counter


def test_indications_are_recognised():
    indication = bytes(stun.Message(stun.Method.BINDING, stun.Class.INDICATION))
    assert is_indication(indication)
    assert not is_indication(REQUEST)
    assert not is_indication(b"")


@pytest.mark.parametrize(
    ("host", "told"), [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("fe80::7%eth0", "fe80::7")]
)
def test_answer_is_authenticated_and_tells_the_address(host, told):
    request = parse_request(REQUEST)
    response = stun.parse_message(success_response(request, host, 4711, PASSWORD))
    assert response.message_class == stun.Class.RESPONSE
    assert response.transaction_id == request.transaction_id
    assert response.attributes["XOR-MAPPED-ADDRESS"] == (told, 4711)
    assert response.check_message_integrity(PASSWORD)
    assert "FINGERPRINT" in response.attributes


def test_role_conflict_is_answered_authentically():
    response = stun.parse_message(role_conflict_response(parse_request(REQUEST), PASSWORD))
    assert response.error_code == 487
    assert response.check_message_integrity(PASSWORD)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_not_raised(data):
    assert parse_or_refuse(data) is None


@given(st.binary(max_size=120))
def test_random_attributes_are_refused_not_raised(body):
    parse_or_refuse(b"\x00\x01" + struct.pack("!H", len(body)) + REQUEST[4:20] + body)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*stun.ATTRIBUTES_BY_TYPE, 0x7777, 0xC057]), st.binary(max_size=24), st.integers(0, 40)
        ),
        max_size=6,
    )
)
def test_known_attributes_with_random_values_are_refused_not_raised(attributes):
    body = b"".join(
        struct.pack("!HH", kind, length if length > 30 else len(value)) + value + bytes(-len(value) % 4)
        for kind, value, length in attributes
    )
    parse_or_refuse(b"\x00\x01" + struct.pack("!H", len(body)) + REQUEST[4:20] + body)


# FINGERPRINT, the last 8 bytes, is not part of what MESSAGE-INTEGRITY protects.
@given(st.integers(0, len(REQUEST) - 9), st.integers(1, 255))
def test_a_changed_byte_is_never_accepted_as_authentic(position, change):
    mutated = bytearray(REQUEST)
    mutated[position] ^= change
    request = parse_or_refuse(bytes(mutated))
    assert request is None or not request.is_authentic(PASSWORD)


def aioice_answer(request, message_class, attributes):
    message = stun.Message(stun.Method.BINDING, message_class, request.transaction_id, attributes)
    message.add_message_integrity(PASSWORD)
    return bytes(message)


@given(st.ip_addresses(), st.integers(0, 0xFFFF), st.binary(min_size=12, max_size=12))
def test_answers_are_byte_for_byte_those_of_aioice(address, port, transaction_id):
    check = binding_request(ICE, integrity=False)
    check.transaction_id = transaction_id
    check.add_message_integrity(PASSWORD)
    request = parse_request(bytes(check))
    attributes = {"XOR-MAPPED-ADDRESS": (str(address), port)}
    expected = aioice_answer(request, stun.Class.RESPONSE, attributes)
    assert success_response(request, str(address), port, PASSWORD) == expected
    conflict = aioice_answer(request, stun.Class.ERROR, {"ERROR-CODE": (487, "Role Conflict")})
    assert role_conflict_response(request, PASSWORD) == conflict


@given(
    st.text(min_size=1, max_size=60),
    st.booleans(),
    st.booleans(),
    st.integers(0, 0xFFFFFFFF),
    st.none() | st.tuples(st.integers(0, 200), st.integers(1, 255)),
)
def test_requests_are_read_as_aioice_reads_them(username, use_candidate, controlled, priority, change):
    role = "ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"
    attributes = {"USERNAME": username, "PRIORITY": priority, role: 7} | (
        {"USE-CANDIDATE": None} if use_candidate else {}
    )
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=attributes)
    message.add_message_integrity(PASSWORD)
    data = bytearray(bytes(message))
    if change is not None:
        data[change[0] % len(data)] ^= change[1]
    request = parse_or_refuse(bytes(data))
    if request is None:
        assert change is not None
        return
    known = stun.parse_message(bytes(data))
    assert request.is_authentic(PASSWORD) == known.check_message_integrity(PASSWORD)
    if request.is_authentic(PASSWORD):
        assert (request.username, request.use_candidate, request.controlled) == (
            known.attributes["USERNAME"],
            "USE-CANDIDATE" in known.attributes,
            "ICE-CONTROLLED" in known.attributes,
        )

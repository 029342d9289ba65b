"""SRTP contexts, without a network."""

import os
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp._binding import ffi, lib

from sfu.dtls import SRTP_PROFILES
from sfu.srtp import (
    MAX_DATAGRAM,
    MAX_SSRCS,
    MAX_TRAILER,
    PlainSender,
    SrtpError,
    SrtpKeys,
    SrtpReceiver,
    SrtpSender,
)
from tests.support.media_peer import receiver_report, rtp

PROFILES = pytest.mark.parametrize("profile", SRTP_PROFILES, ids=lambda profile: profile.openssl_profile.decode())


def pair(profile=SRTP_PROFILES[0]):
    """A sender, a receiver for it, and the receiver's counts."""
    length = profile.key_length + profile.salt_length
    ours, theirs = os.urandom(length), os.urandom(length)
    counts = Counter()
    sender = SrtpSender(SrtpKeys(profile.libsrtp_profile, local=ours, remote=theirs))
    receiver = SrtpReceiver(
        SrtpKeys(profile.libsrtp_profile, local=theirs, remote=ours), lambda name: counts.update([name])
    )
    return sender, receiver, counts


@PROFILES
def test_packets_survive_protection(profile):
    sender, receiver, counts = pair(profile)
    packet = rtp(7, os.urandom(1400))
    protected = sender.protect_rtp(packet)
    assert packet[12:] not in protected
    assert receiver.unprotect_rtp(protected) == packet
    report = receiver_report()
    assert receiver.unprotect_rtcp(sender.protect_rtcp(report)) == report
    assert not counts


@PROFILES
def test_protection_in_place_is_what_the_packet_path_does(profile):
    sender, receiver, _ = pair(profile)
    packet = rtp(1, os.urandom(1100))
    buffer = bytearray(packet + bytes(MAX_TRAILER))
    length = ffi.new("int *", len(packet))
    assert lib.srtp_protect(sender.session, ffi.from_buffer(buffer), length) == 0
    assert receiver.unprotect_rtp(bytes(buffer[: length[0]])) == packet


def test_a_plain_sender_changes_nothing_even_of_what_comes_late_or_twice():
    sender = PlainSender()
    for number in (1, 2, 1000, 2, 65_535, 0, 65_535):
        packet = rtp(number, os.urandom(1400))
        assert sender.protect_rtp(packet) == packet


@PROFILES
def test_forged_packets_are_counted(profile):
    sender, receiver, counts = pair(profile)
    protected = sender.protect_rtp(rtp(1))
    for position in range(12, len(protected)):
        forged = bytearray(protected)
        forged[position] ^= 1
        assert receiver.unprotect_rtp(bytes(forged)) is None
    assert counts == {"srtp-auth-failed": len(protected) - 12}
    assert receiver.unprotect_rtp(protected) == rtp(1)


def test_replays_and_packets_from_long_ago_are_counted():
    sender, receiver, counts = pair()
    old, older = sender.protect_rtp(rtp(1)), sender.protect_rtp(rtp(2))
    assert receiver.unprotect_rtp(old)
    assert receiver.unprotect_rtp(old) is None
    assert receiver.unprotect_rtp(sender.protect_rtp(rtp(2000)))
    assert receiver.unprotect_rtp(older) is None
    report = sender.protect_rtcp(receiver_report())
    assert receiver.unprotect_rtcp(report)
    assert receiver.unprotect_rtcp(report) is None
    assert counts == {"srtp-replayed": 2, "srtp-too-old": 1}


def test_reordering_within_the_window_is_accepted():
    sender, receiver, _ = pair()
    packets = [sender.protect_rtp(rtp(number)) for number in range(1000)]
    for packet in reversed(packets):
        assert receiver.unprotect_rtp(packet)


def test_sequence_numbers_wrap():
    sender, receiver, _ = pair()
    for number in (65534, 65535, 0, 1):
        assert receiver.unprotect_rtp(sender.protect_rtp(rtp(number))) == rtp(number)


def test_a_packet_may_be_sent_twice():
    sender, _, _ = pair()
    assert sender.protect_rtp(rtp(1)) == sender.protect_rtp(rtp(1))


def test_forged_ssrcs_take_no_place_and_authentic_ones_only_so_many():
    sender, receiver, counts = pair()
    for ssrc in range(MAX_SSRCS):
        assert receiver.unprotect_rtp(rtp(1, bytes(30), ssrc=ssrc)) is None
    assert counts == {"srtp-auth-failed": MAX_SSRCS}
    for ssrc in range(MAX_SSRCS):
        assert receiver.unprotect_rtp(sender.protect_rtp(rtp(1, ssrc=ssrc)))
    assert receiver.unprotect_rtp(sender.protect_rtp(rtp(1, ssrc=MAX_SSRCS))) is None
    assert receiver.unprotect_rtcp(sender.protect_rtcp(receiver_report(MAX_SSRCS))) is None
    assert counts["srtp-too-many-ssrcs"] == 2
    assert receiver.unprotect_rtp(sender.protect_rtp(rtp(2, ssrc=5)))


def test_what_cannot_be_protected_is_an_error_and_never_plaintext():
    sender, _, _ = pair()
    with pytest.raises(SrtpError):
        sender.protect_rtp(b"short")
    with pytest.raises(SrtpError):
        sender.protect_rtcp(bytes(MAX_DATAGRAM + 1))


@given(st.binary(max_size=2200))
def test_random_bytes_are_counted_not_raised(data):
    _, receiver, counts = pair()
    assert receiver.unprotect_rtp(data) is None
    assert receiver.unprotect_rtcp(data) is None
    assert counts.total() == 2


@given(st.sampled_from(SRTP_PROFILES), st.integers(0, 100), st.integers(1, 255), st.integers(0, 60))
def test_mutated_packets_are_counted_not_raised(profile, position, change, cut):
    sender, receiver, counts = pair(profile)
    for protect, unprotect, packet in (
        (sender.protect_rtp, receiver.unprotect_rtp, rtp(1, bytes(40))),
        (sender.protect_rtcp, receiver.unprotect_rtcp, receiver_report() * 5),
    ):
        mutated = bytearray(protect(packet))
        mutated[position % len(mutated)] ^= change
        assert unprotect(bytes(mutated[: len(mutated) - cut])) is None
    assert counts.total() == 2

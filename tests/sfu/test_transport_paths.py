"""ICE restart, a peer that changes its address, a peer that vanishes: with the test's clock."""

import pytest
from aiortc.rtcdtlstransport import RTCCertificate

from sfu.ice.agent import CONSENT_TIMEOUT, MAX_PATHS
from sfu.link_messages import Ice
from sfu.transport.transport import ABANDONED_AFTER, HANDSHAKE_TIMEOUT
from tests.support.media_peer import (
    Peer,
    binding_request,
    connected_peer,
    eventually,
    make_ice,
    open_node,
    rtp,
    udp_link,
)

RESTARTED = Ice(local_ufrag="nodeagain", local_pwd="password-of-the-restart", remote_ufrag="peeragain")


async def test_peer_is_followed_to_another_address_by_a_nominated_check():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        old, new = peer.link, await udp_link(node)
        await new.check(make_ice(), use_candidate=False)
        assert transport.remote == old.address
        new.send(peer.protect(rtp(1)))
        await node.recorder.until(lambda: node.recorder.rtp_packets == [rtp(1)])
        await new.check(make_ice())
        assert transport.remote == new.address
        peer.move(new)
        await peer.round_trip(transport)
        assert node.recorder.events == [("path", "a"), ("connected", "a"), ("path", "a")]


async def test_restart_keeps_the_handshake_and_moves_only_by_the_new_credentials():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        transport.update_ice(RESTARTED)
        old, new = peer.link, await udp_link(node)
        await new.check(make_ice())
        assert transport.remote == old.address, "the old generation may not move the path"
        await peer.round_trip(transport)
        await new.check(RESTARTED)
        assert transport.remote == new.address
        peer.move(new)
        await peer.round_trip(transport)
        assert ("connected", "a") in node.recorder.events
        assert node.recorder.events.count(("connected", "a")) == 1

        new.send(bytes(binding_request(make_ice())))
        await node.counted("stun-unknown-username")


async def test_restart_that_is_never_completed_can_be_followed_by_another():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        transport.update_ice(RESTARTED)
        second = Ice(local_ufrag="nodethird", local_pwd="password-of-the-third-one", remote_ufrag="peerthird")
        transport.update_ice(second)
        await peer.link.check(make_ice())
        await peer.link.check(second)
        peer.link.send(bytes(binding_request(RESTARTED)))
        await node.counted("stun-unknown-username")


async def test_restarts_leave_no_usernames_behind():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        for number in range(5):
            ice = make_ice(str(number))
            transport.update_ice(ice)
            await peer.link.check(ice)
        assert len(node.mux._usernames) <= 2


async def test_path_that_gave_way_to_newer_ones_is_closed_to_media():
    async with open_node() as node, connected_peer(node) as (_, transport):
        others = [await udp_link(node) for _ in range(MAX_PATHS)]
        for other in others:
            node.now += 0.1
            await other.check(make_ice(), use_candidate=False)
        assert len(transport.paths) == MAX_PATHS
        others[0].send(rtp(1))
        await node.counted("srtp-from-stranger")
        for other in others:
            other.close()


async def test_same_credentials_again_are_no_restart():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        transport.update_ice(make_ice())
        await peer.link.check(make_ice())
        await peer.round_trip(transport)


async def test_credentials_of_another_transport_are_refused():
    async with open_node() as node:
        certificate = RTCCertificate.generateCertificate()
        node.add(certificate, "a")
        second = node.add(certificate, "b")
        with pytest.raises(ValueError, match="another transport"):
            second.update_ice(make_ice("a"))
        with pytest.raises(ValueError, match="another transport"):
            node.add(certificate, "a")
        link = await udp_link(node)
        await link.check(make_ice("b"))
        assert second.remote == link.address
        link.close()


async def test_peer_that_falls_silent_is_lost_after_the_consent_time():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        node.now += CONSENT_TIMEOUT - 1
        node.mux.check_timers(node.now)
        assert transport.connected
        await peer.link.check(make_ice(), use_candidate=False)
        node.now += CONSENT_TIMEOUT - 1
        node.mux.check_timers(node.now)
        assert transport.connected
        node.now += 1
        node.mux.check_timers(node.now)
        assert node.recorder.events[-1] == ("closed", "a", "lost", "consent-expired")
        assert not transport.connected
        peer.link.send(peer.protect(rtp(1)))
        await node.counted("srtp-from-stranger")


async def test_checks_on_another_path_do_not_consent_to_sending_on_the_selected_one():
    async with open_node() as node, connected_peer(node) as (_, transport):
        other = await udp_link(node)
        node.now += CONSENT_TIMEOUT
        await other.check(make_ice(), use_candidate=False)
        node.mux.check_timers(node.now)
        assert node.recorder.events[-1] == ("closed", "a", "lost", "consent-expired")
        assert transport.closed
        other.close()


async def test_idle_paths_beside_the_selected_one_are_given_up():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        other = await udp_link(node)
        await other.check(make_ice(), use_candidate=False)
        node.now += CONSENT_TIMEOUT - 1
        await peer.link.check(make_ice())
        node.now += 1
        node.mux.check_timers(node.now)
        assert transport.paths == (peer.link.address,)
        other.send(rtp(1))
        await node.counted("srtp-from-stranger")
        other.close()


async def test_peer_that_never_comes_has_failed():
    async with open_node() as node:
        node.add(RTCCertificate.generateCertificate())
        node.mux.check_timers(node.now + CONSENT_TIMEOUT - 1)
        assert not node.recorder.events
        node.mux.check_timers(node.now + CONSENT_TIMEOUT)
        assert node.recorder.events == [("closed", "a", "failed", "ice-timeout")]


async def test_peer_that_never_shakes_hands_has_failed():
    async with open_node() as node:
        transport = node.add(RTCCertificate.generateCertificate())
        link = await udp_link(node)
        await link.check(make_ice())
        node.mux.check_timers(node.now + HANDSHAKE_TIMEOUT - 1)
        assert not transport.closed
        node.mux.check_timers(node.now + HANDSHAKE_TIMEOUT)
        assert node.recorder.events[-1] == ("closed", "a", "failed", "dtls-timeout")
        link.close()


async def test_handshake_may_begin_before_the_nomination():
    async with open_node() as node:
        certificate = RTCCertificate.generateCertificate()
        transport = node.add(certificate)
        link = await udp_link(node)
        await link.check(make_ice(), use_candidate=False)
        assert transport.remote is None
        peer = Peer(node, link, certificate)
        await peer.shake_hands()
        await node.recorder.until(lambda: transport.connected)
        await peer.round_trip(transport)
        await peer.stop()
        link.close()


async def test_peer_that_ends_the_session_is_lost_at_once():
    async with open_node() as node, connected_peer(node) as (peer, _):
        await peer.stop()
        await node.recorder.until(lambda: ("closed", "a", "lost", "dtls-closed") in node.recorder.events)


async def test_closed_transport_says_goodbye_and_leaves_nothing_behind():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        transport.close()
        transport.close()
        await eventually(lambda: peer.state == "closed")
        assert ("closed", "a") not in [event[:2] for event in node.recorder.events]
        assert not node.mux._owners
        assert not node.mux._usernames
        assert not node.mux._transports
        transport.update_ice(RESTARTED)
        assert not node.mux._usernames


async def test_address_of_a_living_peer_cannot_be_taken_over():
    async with open_node() as node, connected_peer(node) as (peer, transport):
        second = node.add(RTCCertificate.generateCertificate(), "b")
        peer.link.send(bytes(binding_request(make_ice("b"))))
        await node.counted("stun-path-taken")
        await peer.round_trip(transport)
        node.now += ABANDONED_AFTER
        await peer.link.check(make_ice("b"))
        assert second.remote == peer.link.address


async def test_two_peers_keep_apart():
    async with (
        open_node() as node,
        connected_peer(node, "a") as (one, first),
        connected_peer(node, "b") as (two, second),
    ):
        await one.round_trip(first)
        await two.round_trip(second)
        first.close()
        await two.round_trip(second)

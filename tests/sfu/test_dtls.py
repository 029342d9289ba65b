"""The handshake, with aiortc's DTLS client at the other end of a pair of queues."""

import asyncio
from types import SimpleNamespace

import pytest
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from sfu.dtls import MAX_WAITING, Certificate, DtlsServer
from sfu.link_messages import Fingerprint
from sfu.srtp import SrtpReceiver, SrtpSender
from tests.support.media_peer import PATIENCE, eventually, receiver_report, rtp


class Client(RTCDtlsTransport):
    """A DTLS client whose datagrams go to `server.received`, unless `lose` says so."""

    def __init__(self, certificate, profiles=None):
        self.inbox = asyncio.Queue()
        self.server = None
        self.lose = lambda data: False
        super().__init__(
            SimpleNamespace(role="controlling", _recv=self.inbox.get, _send=self._to_server), [certificate]
        )
        self._set_role("client")
        if profiles is not None:
            self._srtp_profiles = profiles

    async def _to_server(self, data):
        if not self.lose(data):
            self.server.received(data)


class Handshake:
    """A server and a client, and what the server reported."""

    def __init__(self, *, profiles=None, fingerprints=None):
        certificate = RTCCertificate.generateCertificate()
        self.certificate = Certificate.generate()
        self.client = Client(certificate, profiles)
        self.reports = []
        self.reported = asyncio.Event()
        self.server = DtlsServer(
            self.certificate,
            fingerprints or [Fingerprint(algorithm=f.algorithm, value=f.value) for f in certificate.getFingerprints()],
            send=self.client.inbox.put_nowait,
            connected=lambda keys: self.report("connected", keys),
            failed=lambda reason: self.report("failed", reason),
            ended=lambda: self.report("ended", None),
        )
        self.client.server = self.server

    def report(self, *what):
        self.reports.append(what)
        self.reported.set()

    async def run(self):
        """The first thing that the server reports."""
        fingerprint = self.certificate.fingerprint
        parameters = RTCDtlsParameters([RTCDtlsFingerprint(fingerprint.algorithm, fingerprint.value)])
        task = asyncio.create_task(self.client.start(parameters))
        await asyncio.wait_for(self.reported.wait(), PATIENCE)
        if self.reports[0][0] == "connected":
            await asyncio.wait_for(task, PATIENCE)
        task.cancel()
        self.reported.clear()
        return self.reports[0]

    async def close(self):
        closing = self.server.close()
        if closing is not None:
            await closing
        await self.client.stop()


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([SRTP_AEAD_AES_256_GCM, SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM], SRTP_AEAD_AES_128_GCM),
        ([SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_256_GCM], SRTP_AEAD_AES_256_GCM),
        ([SRTP_AES128_CM_SHA1_80], SRTP_AES128_CM_SHA1_80),
    ],
)
async def test_cheapest_common_profile_is_chosen_and_its_keys_fit_the_peers(offered, chosen):
    handshake = Handshake(profiles=offered)
    report, keys = await handshake.run()
    assert report == "connected"
    assert keys.profile == chosen.libsrtp_profile
    sender, receiver = SrtpSender(keys), SrtpReceiver(keys, pytest.fail)
    assert receiver.unprotect_rtp(handshake.client._tx_srtp.protect(rtp(1))) == rtp(1)
    assert handshake.client._rx_srtp.unprotect_rtcp(sender.protect_rtcp(receiver_report())) == receiver_report()
    await handshake.close()


async def test_peer_without_a_common_profile_fails():
    handshake = Handshake(profiles=[SimpleNamespace(openssl_profile=b"SRTP_AES128_CM_SHA1_32")])
    assert await handshake.run() == ("failed", "dtls-no-srtp-profile")
    await handshake.close()


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
async def test_peer_with_another_certificate_fails(algorithm):
    other = {f.algorithm: f.value for f in RTCCertificate.generateCertificate().getFingerprints()}
    handshake = Handshake(fingerprints=[Fingerprint(algorithm=algorithm, value=other[algorithm])])
    assert await handshake.run() == ("failed", "dtls-fingerprint-mismatch")
    await handshake.close()


async def test_one_wrong_fingerprint_among_right_ones_fails():
    wrong = Fingerprint(algorithm="sha-256", value=":".join(["00"] * 32))
    handshake = Handshake()
    handshake.server._parameters.fingerprints.append(RTCDtlsFingerprint(wrong.algorithm, wrong.value))
    assert await handshake.run() == ("failed", "dtls-fingerprint-mismatch")
    await handshake.close()


async def test_lost_datagrams_are_sent_again():
    handshake = Handshake()
    lost = []
    handshake.client.lose = lambda data: len(lost) < 1 and not lost.append(data)
    report, _ = await handshake.run()
    assert report == "connected"
    assert lost
    await handshake.close()


async def test_peer_that_closes_is_reported_once():
    handshake = Handshake()
    await handshake.run()
    await handshake.client.stop()
    await asyncio.wait_for(handshake.reported.wait(), PATIENCE)
    assert [report for report, _ in handshake.reports] == ["connected", "ended"]
    await handshake.close()
    assert len(handshake.reports) == 2


async def test_closing_tells_the_peer_and_reports_nothing():
    handshake = Handshake()
    await handshake.run()
    await handshake.server.close()
    assert handshake.server.close() is None
    await eventually(lambda: handshake.client.state == "closed")
    assert len(handshake.reports) == 1


async def test_closing_in_the_middle_of_the_handshake_reports_nothing():
    handshake = Handshake()
    handshake.client.lose = lambda data: True
    task = asyncio.create_task(handshake.run())
    await eventually(lambda: handshake.client._ssl is not None)
    handshake.server.received(bytes([22, 254, 253]) + bytes(10))
    await asyncio.sleep(0)
    await handshake.server.close()
    handshake.server.received(bytes([22, 254, 253]) + bytes(10))
    await asyncio.sleep(0)
    assert not handshake.reports
    task.cancel()


async def test_server_that_nobody_called_has_nothing_to_close():
    assert Handshake().server.close() is None


async def test_flood_is_bounded():
    server = Handshake().server
    accepted = sum(server.received(bytes([22, 254, 253]) + bytes(10)) for _ in range(MAX_WAITING * 2))
    assert accepted == MAX_WAITING
    await server.close()


async def test_library_fault_ends_this_peer_only_and_is_logged():
    handshake = Handshake()

    def broken(parameters):
        raise ValueError("a certificate that cannot be read")

    handshake.server._session._validate_peer_identity = broken
    with capture_logs() as logs:
        assert await handshake.run() == ("failed", "dtls-handshake-failed")
    assert [entry["event"] for entry in logs] == ["dtls-handshake-error"]
    await handshake.close()


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_random_records_fail_or_are_ignored_but_raise_nothing(records):
    async def run():
        handshake = Handshake()
        faults = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
        with capture_logs() as logs:
            for body in records:
                handshake.server.received(
                    b"\x16\xfe\xfd" + bytes(8) + len(body).to_bytes(2, "big") + body if body else b"\x16"
                )
                await asyncio.sleep(0)
            await asyncio.sleep(0)
        closing = handshake.server.close()
        if closing is not None:
            await closing
        assert not faults
        assert not logs
        assert "connected" not in [report for report, _ in handshake.reports]

    asyncio.run(run())


def test_fingerprint_is_that_of_the_certificate():
    certificate = Certificate.generate()
    digest = RTCCertificate.getFingerprints(certificate.aiortc)[0]
    assert certificate.fingerprint == Fingerprint(algorithm=digest.algorithm, value=digest.value)
    assert certificate.fingerprint != Certificate.generate().fingerprint

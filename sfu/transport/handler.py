"""The interface to whoever forwards the packets."""

from typing import Protocol

from sfu.transport.transport import ClosedState, Transport


class PacketHandler(Protocol):
    """Receives decrypted packets and the events of each transport. All calls come from the event loop's thread.

    `now` is the mux's clock in seconds, the same for all packets of one batch.
    """

    def rtp(self, transport: Transport, data: bytes, now: float) -> None:
        """A decrypted RTP packet; its header is not yet checked beyond what libsrtp needs."""

    def rtcp(self, transport: Transport, data: bytes, now: float) -> None:
        """A decrypted compound RTCP packet; not yet checked."""

    def batch_done(self) -> int:
        """All packets of this wake-up were handed over: a good moment to send what they caused to be sent.

        Returns for how many microseconds something has been waiting to be sent, at least 1: then it is called again
        soon. 0 if nothing is.
        """

    def connected(self, transport: Transport) -> None:
        """DTLS is done: `srtp` and `remote` are set. Buffered packets follow by `rtp` and `rtcp`."""

    def path_changed(self, transport: Transport) -> None:
        """`remote` (and `socket`) of the transport changed; for the first time before `connected`."""

    def closed(self, transport: Transport, state: ClosedState, reason: str) -> None:
        """The peer is gone, and the mux has already removed the transport.

        `failed`: it never got through the handshake; `lost`: it had been connected. `reason` is a stable code such
        as "consent-expired". Not called for a transport that was closed by `Transport.close` or `Mux.remove`.
        """

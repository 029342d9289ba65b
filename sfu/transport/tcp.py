"""ICE-TCP (RFC 6544, passive side): connections that carry datagrams in RFC 4571 frames."""

import asyncio


class TcpConnection(asyncio.Protocol):
    """One TCP connection of a peer."""

    def write_frame(self, data: bytes) -> bool:
        """Send one datagram. False, and counted, if the peer does not read fast enough or is gone."""
        raise NotImplementedError

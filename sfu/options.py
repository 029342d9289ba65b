"""What a media node is told at its start."""

import socket

from pydantic import BaseModel, ConfigDict, Field


class NodeOptions(BaseModel):
    """`media_host` empty listens on all IPv4 and IPv6 addresses; `media_port` 0 takes any free port.

    `public_addresses` are announced to clients instead of the machine's own, as `ip` or `ip:port` (`[ip]:port` for
    IPv6): behind a NAT, the addresses from which it is reached. `tap_host` and `tap_port` are where recorders dial
    in; 0 takes any free port.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    link_url: str
    link_secret: str = Field(repr=False)
    media_host: str = ""
    media_port: int = Field(default=0, ge=0, le=65535)
    public_addresses: tuple[str, ...] = ()
    tap_host: str = "127.0.0.1"
    tap_port: int = Field(default=0, ge=0, le=65535)
    zone: str = "XX"
    node_id: str = Field(default_factory=socket.gethostname)

"""What the operator may set of signalling. Read from options by whoever starts the process."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from signalling.dial_in import NO_DIAL_IN, DialIn


@dataclass(frozen=True, slots=True)
class SignallingSettings:
    """Times are in seconds, sizes in bytes.

    `link_secret` is what media nodes show when they dial in; an empty one is refused, for anyone could be a node then.
    `trusted_proxies` are the networks (CIDR) whose X-Forwarded-For, -Proto and -Host headers are believed.
    `webhook_secret` signs what is sent to the URLs that the store announces to.
    `journal_file` is where entries are kept until they are in the database; without one they end with the process.
    `archive_dir` is the folder of the archive; without one, nothing is left of sessions but what the database has.
    `recording_web_hosts` are the hosts (`host` or `host:port`) whose pages may lay out live recordings.
    `archive_url` is where the archive is when it is in no such folder, see `signalling.archive.open_storage`.
    `archive_days` is after how many days its files are deleted; 0 for never.
    `sign_of_life` is how often the database is told which sessions go on.
    `static_dirs` are the folders `sdk` and `web` (see `signalling.static`); none are served when it is empty.
    """

    link_secret: str = field(repr=False)
    local_mode: bool = False
    resume_grace: float = 30.0
    node_grace: float = 2.0
    recorder_grace: float = 2.0
    recorder_patience: float = 20.0
    join_timeout: float = 15.0
    link_timeout: float = 5.0
    heartbeat: float = 15.0
    max_message_bytes: int = 262_144
    messages_per_second: float = 20.0
    message_burst: int = 100
    sockets_per_address: int = 100
    outgoing_messages: int = 1_000
    outgoing_bytes: int = 4_194_304
    trusted_proxies: tuple[str, ...] = ()
    webhook_secret: str = field(default="", repr=False)
    journal_file: Path | None = None
    archive_dir: Path | None = None
    recording_web_hosts: tuple[str, ...] = ()
    archive_url: str = field(default="", repr=False)
    archive_days: int = 0
    sign_of_life: float = 10.0
    dial_in: DialIn = NO_DIAL_IN
    static_dirs: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.link_secret:
            raise ValueError("link_secret must not be empty")
        self.proxy_networks()

    def proxy_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks of `trusted_proxies`; raises ValueError for text that is none."""
        return tuple(ip_network(text) for text in self.trusted_proxies)

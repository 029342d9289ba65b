"""The start of a media node: from the options of roomcast to those of `sfu`."""

import socket

import sfu.main
from roomcast.config import ConfigError, Options
from roomcast.data_folder import DataFolder
from sfu.addresses import interface_addresses
from sfu.options import NodeOptions


def run(options: Options, node_id: str | None) -> None:
    """Run a media node until it is told to stop. Raises ConfigError, and OSError when its port is taken."""
    if not options.link_url:
        raise ConfigError(
            "link_url: say where signalling is, for example ROOMCAST_LINK_URL=wss://meet.example.com/link"
        )
    sfu.main.run(node_options(options, node_id or socket.gethostname()))


def node_options(options: Options, node_id: str) -> NodeOptions:
    """What the media node needs to know. Raises ConfigError when there is no secret to show to signalling."""
    return NodeOptions(
        link_url=options.link_url,
        link_secret=options.link_secret.get_secret_value() or DataFolder(options.data_dir).existing_link_secret(),
        media_host=options.media_host,
        media_port=options.media_port,
        public_addresses=options.public_addresses or _local_addresses(options),
        tap_host=options.tap_host,
        tap_port=options.tap_port,
        zone=options.zone,
        node_id=node_id,
    )


def _local_addresses(options: Options) -> tuple[str, ...]:
    """In local mode the machine's addresses and loopback, which a node by itself does not announce.

    Empty leaves the choice to the node.
    """
    if not options.is_local or options.media_host:
        return ()
    return tuple(str(address) for address in interface_addresses() if not address.is_link_local)

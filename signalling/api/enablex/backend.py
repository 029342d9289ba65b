"""What the endpoints lean on."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from signalling.api.sessions import Sessions
from signalling.archive import FileLinks, Storage
from signalling.credentials import Credentials
from signalling.dial_in import NO_DIAL_IN, DialIn
from signalling.recording.composites import CompositeState
from signalling.store import Store
from signalling.tokens import TokenIssuer
from signalling.ws.addresses import Network


def _no_composites(_conf_num: str) -> Sequence[CompositeState]:
    return ()


@dataclass(frozen=True, slots=True)
class Backend:
    """`storage` has the files of the archive, if there is one, and `links` open them without credentials; `proxies` are
    believed about the URL that was asked for; `clock` gives Unix seconds. `composites` tells of a session (by its
    `conf_num`) which composites are being made.
    """

    store: Store
    issuer: TokenIssuer
    credentials: Credentials
    sessions: Sessions
    links: FileLinks
    storage: Storage | None = None
    dial_in: DialIn = NO_DIAL_IN
    proxies: tuple[Network, ...] = ()
    clock: Callable[[], float] = time.time
    composites: Callable[[str], Sequence[CompositeState]] = _no_composites

    @property
    def app_id(self) -> str:
        return self.credentials.app_id

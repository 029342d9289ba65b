"""All taps of a node, by their id."""

from collections.abc import Callable

from pydantic import ValidationError

from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.router import Router
from sfu.link_messages import ChangeTap, PutTap
from sfu.tap.connection import CountMany, TapConnection
from sfu.tap.tap import Tap
from sfu.tap_messages import TapCredentials


class Taps:
    """`ntp_offset` is what to add to the node's clock for seconds since 1900."""

    def __init__(self, path: PacketPath, count: CountMany, *, clock: Callable[[], float], ntp_offset: float) -> None:
        self._path = path
        self._count = count
        self._clock = clock
        self._ntp_offset = ntp_offset
        self._taps: dict[str, tuple[Tap, Router]] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._taps)

    @property
    def connected(self) -> int:
        """How many have a recorder."""
        return sum(1 for tap, _ in self._taps.values() if tap.connected)

    def put(self, command: PutTap, router: Router) -> None:
        """Add a tap of a router, or change it. Raises ValueError when the id is that of another router's tap."""
        known = self._taps.get(command.tap_id)
        if known is None:
            tap = Tap(command, self._path, ntp_offset=self._ntp_offset, count=self._count, changed=router.mark_stale)
            self._taps[command.tap_id] = tap, router
            router.taps[command.tap_id] = tap
        elif known[1] is not router:
            raise ValueError(f"tap {command.tap_id} belongs to another router")
        else:
            known[0].put(command)

    def change(self, command: ChangeTap) -> None:
        """Raises ValueError when there is no such tap."""
        known = self._taps.get(command.tap_id)
        if known is None:
            raise ValueError(f"there is no tap {command.tap_id}")
        known[0].change(command)

    def delete(self, tap_id: str) -> None:
        """End a tap; one that does not exist is no error."""
        known = self._taps.pop(tap_id, None)
        if known is not None:
            tap, router = known
            del router.taps[tap_id]
            tap.close()

    def router_ended(self, router: Router) -> None:
        """End all taps of a router."""
        for tap_id in list(router.taps):
            self.delete(tap_id)

    def close(self) -> None:
        """End all taps."""
        for tap_id in self.ids:
            self.delete(tap_id)

    def admit(self, credentials: bytes, connection: TapConnection) -> bool:
        """Hand the connection to the tap that its recorder may have; False if there is none."""
        try:
            shown = TapCredentials.model_validate_json(credentials)
        except ValidationError:
            return False
        known = self._taps.get(shown.tap_id)
        if known is None or not known[0].accepts(shown.token):
            return False
        known[0].connect(connection, self._clock())
        return True

    def tick(self, now: float) -> None:
        """Due each 100 ms; see `Tap.tick`."""
        for tap, _ in self._taps.values():
            tap.tick(now)

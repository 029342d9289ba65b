"""One tap: which tracks of a session its recorder gets, and the connection through which it gets them."""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from pydantic import ValidationError

from sfu.forwarding.packet_path import PacketPath
from sfu.link_messages import ChangeTap, PutTap
from sfu.tap.connection import CountMany, TapConnection
from sfu.tap.tapped_track import TappedTrack
from sfu.tap_messages import KeyframeWanted, TapAccepted, TapClosed

if TYPE_CHECKING:
    from sfu.forwarding.peer import Peer
    from sfu.forwarding.track import PublishedTrack

STALL_LIMIT = 30.0
"""Seconds after which a recorder that reads nothing is cut off; it may dial again."""
NTP_FRACTION = 2**32

Key = tuple[str, str]
"""Ids of a transport and its track."""


class Tap:
    """`changed` says that `refresh` is wanted; `ntp_offset` turns the clock of `now` into that of `at`."""

    def __init__(
        self,
        parameters: PutTap,
        path: PacketPath,
        *,
        ntp_offset: float,
        count: CountMany,
        changed: Callable[[], None],
    ) -> None:
        self.parameters = parameters
        self._exclude = {**parameters.exclude}
        self._path = path
        self._ntp_offset = ntp_offset
        self._count = count
        self._changed = changed
        self._connection: TapConnection | None = None
        self._tracks: dict[Key, TappedTrack] = {}
        self._ssrcs = itertools.count(1)
        self._stalled_since: float | None = None

    @property
    def connected(self) -> bool:
        return self._connection is not None

    def put(self, parameters: PutTap) -> None:
        """Take over what is wanted now."""
        if parameters.token != self.parameters.token:
            self._close()
        self.parameters = parameters
        self._exclude = {**parameters.exclude}
        self._changed()

    def change(self, command: ChangeTap) -> None:
        """Take over what is left out of some endpoints now."""
        for endpoint_id, unwanted in command.exclude.items():
            if unwanted:
                self._exclude[endpoint_id] = unwanted
            else:
                self._exclude.pop(endpoint_id, None)
        self._changed()

    def accepts(self, token: str) -> bool:
        return hmac.compare_digest(_digest(token), _digest(self.parameters.token))

    def connect(self, connection: TapConnection, now: float) -> None:
        """A recorder has shown the token. One that did so before is cut off: it may have lost its connection."""
        if self._connection is not None:
            self._connection.abort()
            self._disconnect()
        self._connection = connection
        self._stalled_since = None
        connection.closed = lambda: self._lost(connection)
        connection.heard = lambda frame: self._hear(connection, frame)
        connection.tell(TapAccepted(at=now + self._ntp_offset))
        for tapped in self._tracks.values():
            tapped.connect(connection, now + self._ntp_offset)
        self._changed()

    def refresh(self, peers: "Iterable[Peer]", now: float) -> None:
        """Follow what the session publishes. Without a recorder nothing is tapped."""
        connection = self._connection
        if connection is None:
            return
        at = now + self._ntp_offset
        wanted = {(peer.transport_id, track.track_id): (peer, track) for peer, track in self._wanted(peers)}
        for key in self._tracks.keys() - wanted.keys():
            self._tracks.pop(key).end()
        for key, (peer, track) in wanted.items():
            tapped = self._tracks.get(key)
            if tapped is None:
                if not track.has_started:
                    continue
                tapped = self._tracks[key] = TappedTrack(peer.endpoint_id, track, next(self._ssrcs), self._path)
                tapped.connect(connection, at)
            tapped.refresh(track, now, at)

    def tick(self, now: float) -> None:
        """Write the sender reports that are due, and look after a recorder that fell behind; due each 100 ms."""
        connection = self._connection
        if connection is None:
            return
        if connection.stalled:
            self._stalled_since = now if self._stalled_since is None else self._stalled_since
            if now - self._stalled_since >= STALL_LIMIT:
                self._count("tap-stalled")
                connection.abort()
            return
        self._stalled_since = None
        ntp_time = round((now + self._ntp_offset) * NTP_FRACTION) & (2**64 - 1)
        for tapped in self._tracks.values():
            tapped.aim(now)
            tapped.repair(now)
            tapped.report(now, ntp_time)

    def close(self) -> None:
        """End the tap; its recorder is told."""
        self._close()
        self._tracks.clear()

    def _hear(self, connection: TapConnection, frame: bytes) -> None:
        try:
            wanted = KeyframeWanted.model_validate_json(frame)
        except ValidationError:
            connection.reject()
            return
        for tapped in self._tracks.values():
            if tapped.track_id == wanted.track_id:
                tapped.want_keyframe()

    def _wanted(self, peers: "Iterable[Peer]") -> "Iterator[tuple[Peer, PublishedTrack]]":
        for peer in peers:
            excluded = self._exclude.get(peer.endpoint_id, ())
            for track in peer.ingress.tracks.values():
                if track.source not in excluded and track.kind not in excluded:
                    yield peer, track

    def _close(self) -> None:
        connection = self._connection
        if connection is not None:
            self._disconnect()
            connection.tell(TapClosed())
            connection.close()

    def _lost(self, connection: TapConnection) -> None:
        if connection is self._connection:
            self._disconnect()

    def _disconnect(self) -> None:
        self._connection = None
        for tapped in self._tracks.values():
            tapped.disconnect()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

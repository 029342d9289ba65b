"""Measures the connections of one session: what they publish, by the effects of the session, and what flows over them,
by what the media node tells each few seconds. Times are seconds on the clock of the session."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sfu.link_messages import Flow, SlotUse, Track, TransportFigures
from signalling.domain import effects
from signalling.domain.effects import Effect
from signalling.reports.quality import Direction
from signalling.reports.usage import FlowUsage, Published, Usage


@dataclass(slots=True)
class _Stopwatch:
    seconds: float = 0.0
    since: float | None = None

    def run(self, running: bool, now: float) -> None:
        if running and self.since is None:
            self.since = now
        elif not running and self.since is not None:
            self.seconds = self.read(now)
            self.since = None

    def read(self, now: float) -> float:
        return self.seconds + (0.0 if self.since is None else max(now - self.since, 0.0))


@dataclass(slots=True)
class _PublishedTrack:
    what: Published
    paused: bool


@dataclass(slots=True)
class _Connection:
    tracks: dict[str, _PublishedTrack] = field(default_factory=dict)
    ever: set[Published] = field(default_factory=set)
    stream: _Stopwatch = field(default_factory=_Stopwatch)
    screen: _Stopwatch = field(default_factory=_Stopwatch)
    send: dict[SlotUse, FlowUsage] = field(default_factory=dict)
    receive: dict[SlotUse, FlowUsage] = field(default_factory=dict)
    noted: Usage = field(default_factory=Usage)

    def publish(self, tracks: Sequence[Track], now: float) -> None:
        self.tracks = {track.track_id: _PublishedTrack(_what(track), track.paused) for track in tracks}
        self.ever.update(track.what for track in self.tracks.values())
        self.update(now)

    def pause(self, paused: dict[str, bool], now: float) -> None:
        for track_id, is_paused in paused.items():
            if track_id in self.tracks:
                self.tracks[track_id].paused = is_paused
        self.update(now)

    def update(self, now: float) -> None:
        """Let the stopwatches run or stop, as there is something to be seen or heard."""
        live = {track.what for track in self.tracks.values() if not track.paused}
        self.screen.run("screen" in live, now)
        self.stream.run(bool(live - {"screen"}), now)

    def measured(self, figures: TransportFigures) -> None:
        _add(self.send, "send", figures.received)
        _add(self.receive, "receive", figures.sent)

    def usage(self, now: float) -> Usage:
        return Usage(
            published_seconds=round(self.stream.read(now), 3),
            screen_seconds=round(self.screen.read(now), 3),
            published=tuple(sorted(self.ever)),
            send=dict(self.send),
            receive=dict(self.receive),
        )


class SessionMeter:
    """Everyone who is in the session, by client id. What it is told of others is ignored."""

    def __init__(self) -> None:
        self._connections: dict[str, _Connection] = {}

    def follow(self, following: Sequence[Effect], now: float) -> None:
        """Take in what followed from one input of the session at `now`."""
        # Who left may have been away for a while: their leave, not the end of their transport, says until when
        # they published.
        for effect in following:
            if isinstance(effect, effects.RecordLeave) and effect.client_id in self._connections:
                self._connections[effect.client_id].publish((), effect.left_at)
        for effect in following:
            self._follow(effect, now)

    def media_gone(self, now: float) -> None:
        """Nobody has any media any more: the media node is gone."""
        for connection in self._connections.values():
            connection.publish((), now)

    def measured(self, client_id: str, figures: TransportFigures) -> None:
        """What the media node tells of a participant's transport."""
        connection = self._connections.get(client_id)
        if connection is not None:
            connection.measured(figures)

    def news(self, now: float) -> dict[str, Usage]:
        """The usage of those of whom it has changed since the last call."""
        changed: dict[str, Usage] = {}
        for client_id, connection in self._connections.items():
            usage = connection.usage(now)
            if usage != connection.noted:
                connection.noted = changed[client_id] = usage
        return changed

    def leave(self, client_id: str, left_at: float) -> Usage:
        """The final usage of someone who has left, and is forgotten with this."""
        return self._connections.pop(client_id, _Connection()).usage(left_at)

    def _follow(self, effect: Effect, now: float) -> None:
        if isinstance(effect, effects.RecordJoin):
            self._connections[effect.client_id] = _Connection()
        elif isinstance(effect, effects.PutTransport | effects.PauseTracks | effects.DeleteTransport):
            connection = self._connections.get(effect.client_id)
            if connection is None:
                return
            match effect:
                case effects.PutTransport():
                    connection.publish(effect.tracks, now)
                case effects.PauseTracks():
                    connection.pause(effect.paused, now)
                case effects.DeleteTransport():
                    connection.publish((), now)


def _what(track: Track) -> Published:
    """What counts as published: the sound of a screen belongs to the screen."""
    if track.source == "screen":
        return "screen"
    return "audio" if track.kind == "audio" else "video"


def _add(usage: dict[SlotUse, FlowUsage], direction: Direction, flows: dict[SlotUse, Flow]) -> None:
    for use, flow in flows.items():
        usage[use] = usage.get(use, FlowUsage()).plus(use, direction, flow)

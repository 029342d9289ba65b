"""One published track as a recorder gets it: a slot of its own, always filled with the track's highest layer."""

from sfu.forwarding.egress import Egress
from sfu.forwarding.layer import Layer
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.slot import OutgoingSlot
from sfu.forwarding.track import PublishedTrack
from sfu.link_messages import Codec, ExtensionName, Slot, Track
from sfu.rtcp.packets import SenderReport
from sfu.srtp import PlainSender
from sfu.tap.connection import TapConnection
from sfu.tap_messages import (
    AUDIO_LEVEL_ID,
    TrackBegan,
    TrackEnded,
    TrackPaused,
    TrackResumed,
)

REPAIR_PERIOD = 3.0
"""Seconds between two keyframes asked for because a recorder lacks something: they make the picture worse for all."""
REPORT_PERIOD = 1.0
"""Seconds between two sender reports of a track; one comes at once when its layer has changed."""
FALL = 0.4
"""Seconds by which the highest layer may be behind another before that one is recorded. Participants' slots wait for a
layer for longer: to them a picture that stands for a moment is better than one that changes its size to and fro."""
NO_PAYLOAD_TYPE = -1
EXTENSIONS: dict[ExtensionName, int] = {"audio-level": AUDIO_LEVEL_ID}


class TappedTrack:
    """The slot outlives connections: a recorder that comes back finds the same SSRC, with numbers that go on.

    `at` is in seconds on the node's NTP clock, as in `sfu.tap_messages`; `now` is that of the packet path.
    """

    def __init__(self, endpoint_id: str, track: PublishedTrack, ssrc: int, path: PacketPath) -> None:
        self._endpoint_id = endpoint_id
        self._track = track
        self.track_id = track.track_id
        self._path = path
        self._egress = Egress()
        self._slot = OutgoingSlot(_slot_of(track.parameters, ssrc), self._egress, path)
        self._connection: TapConnection | None = None
        self._codecs = _by_payload_type(self._slot)
        self._payload_type = NO_PAYLOAD_TYPE
        """Of the packet before."""
        self._codec: Codec | None = None
        """What was announced last."""
        self._paused = False
        self._broken = False
        """Whether the recorder lacks something since the last keyframe was asked for."""
        self._repaired_at = 0.0
        self._reported: tuple[object, float] = None, 0.0

    def connect(self, connection: TapConnection, at: float) -> None:
        """Write to this connection from now on, beginning with what is known of the track."""
        self._connection = connection
        self._egress.protect_with(PlainSender())
        self._egress.write_to(self._write)
        self._reported = None, 0.0
        if self._codec is not None:
            self._announce(connection, self._codec)
            if self._paused:
                connection.tell(TrackPaused(track_id=self.track_id, at=at))

    def disconnect(self) -> None:
        """Stop until the next connection."""
        self._slot.idle()
        self._path.finish(self._egress)
        self._egress.close()
        self._connection = None

    def end(self) -> None:
        """The track is gone."""
        if self._connection is not None and self._codec is not None:
            self._connection.tell(TrackEnded(track_id=self.track_id))
        self.disconnect()

    def refresh(self, track: PublishedTrack, now: float, at: float) -> None:
        """Follow what the publisher sends: the track may have been negotiated anew, muted, or have another layer."""
        self._track = track
        parameters = _slot_of(track.parameters, self._slot.parameters.ssrc)
        if parameters != self._slot.parameters:
            # First goes out what waits under the codecs before.
            self._path.finish(self._egress)
            self._slot.update(parameters)
            self._codecs, self._payload_type = _by_payload_type(self._slot), NO_PAYLOAD_TYPE
        if track.paused != self._paused:
            self._paused = track.paused
            if self._connection is not None and self._codec is not None:
                change = TrackPaused if track.paused else TrackResumed
                self._connection.tell(change(track_id=self.track_id, at=at))
        self.aim(now)

    def aim(self, now: float) -> None:
        """Record the highest layer that is sent now."""
        track = self._track
        if track.paused or not track.has_started:
            self._slot.idle()
        elif self._slot.aim(self._highest(now), now):
            track.keyframes.want(now)

    def want_keyframe(self) -> None:
        """The recorder can show nothing before one comes."""
        self._broken = True

    def repair(self, now: float) -> None:
        """The recorder reads again: what it lacks of the picture must not last longer than needed."""
        if self._broken and now - self._repaired_at >= REPAIR_PERIOD:
            self._broken, self._repaired_at = False, now
            if not self._slot.audio:
                self._track.want_keyframe(self._slot.layer, now)

    def report(self, now: float, ntp_time: int) -> None:
        """Write a sender report if one is due; `ntp_time` is `now` in the format of the report."""
        layer, reported_at = self._reported
        if self._connection is None or (layer is self._slot.layer and now - reported_at < REPORT_PERIOD):
            return
        self._slot.refill(now)
        report = self._slot.sender_report(now)
        if report is not None:
            self._reported = self._slot.layer, now
            self._connection.write_packet(SenderReport(self._slot.parameters.ssrc, ntp_time, *report).to_bytes())

    def _highest(self, now: float) -> Layer | None:
        best = self._track.best_layer(None, now)
        if best is None or best.newest is None:
            return best
        ahead = best.newest.arrived + FALL
        others = (layer for layer in self._track.layers.values() if not layer.withheld)
        going_on = [layer for layer in others if layer.newest is not None and layer.newest.arrived >= ahead]
        return max(going_on, key=lambda layer: layer.height, default=best)

    def _write(self, data: bytes) -> None:
        """Take a packet from the packet path, in the order in which the recorder is to have it."""
        connection = self._connection
        if connection is None:
            return
        payload_type = data[1] & 0x7F
        if payload_type != self._payload_type:
            self._payload_type = payload_type
            codec = self._codecs[payload_type]
            if codec != self._codec:
                self._codec = codec
                self._announce(connection, codec)
        if not connection.write_packet(data):
            self._broken = True

    def _announce(self, connection: TapConnection, codec: Codec) -> None:
        parameters = self._track.parameters
        connection.tell(
            TrackBegan(
                ssrc=self._slot.parameters.ssrc,
                track_id=self.track_id,
                endpoint_id=self._endpoint_id,
                source=parameters.source,
                kind=parameters.kind,
                codec=codec,
            )
        )


def _by_payload_type(slot: OutgoingSlot) -> dict[int, Codec]:
    return {codec.payload_type: codec for codec in slot.parameters.codecs}


def _slot_of(track: Track, ssrc: int) -> Slot:
    """Payload types are the publisher's. Without RED its primary blocks are forwarded: repairs have been made already.

    Those that a marker bit would make look like RTCP (RFC 5761 section 4) are left out.
    """
    codecs = (
        codec.model_copy(update={"rtx_payload_type": None})
        for codec in track.codecs
        if codec.name != "red" and not 64 <= codec.payload_type < 96
    )
    return Slot(
        slot_id=track.track_id,
        mid="",
        use="audio" if track.kind == "audio" else "video",
        index=0,
        ssrc=ssrc,
        codecs=tuple(codecs),
        extensions=EXTENSIONS,
    )

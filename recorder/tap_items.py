"""What comes over a tap, told to whoever follows its tracks."""

from typing import Any

from recorder.tap import TapItem
from recorder.tracks import TappedTracks
from sfu.rtcp.packets import SenderReport
from sfu.rtp.packet import RtpPacket
from sfu.tap_messages import PacketsDropped, TrackBegan, TrackEnded, TrackPaused, TrackResumed


class TapItems:
    """Of one connection: `tracks` are those that were told of and go on, `dropped` counts packets that the node left
    out because this recorder read too slowly."""

    def __init__(self, segment: TappedTracks[Any]) -> None:
        self.tracks: set[str] = set()
        self.dropped = 0
        self._segment = segment

    def take(self, item: TapItem, now: float) -> None:
        """`now` is that of the segment. Raises RecordingError."""
        segment = self._segment
        match item:
            case RtpPacket():
                segment.on_rtp(item, now)
            case SenderReport():
                segment.on_sender_report(item, now)
            case TrackBegan():
                self.tracks.add(item.track_id)
                segment.on_track(
                    ssrc=item.ssrc,
                    track_id=item.track_id,
                    client_id=item.endpoint_id,
                    source=item.source,
                    kind=item.kind,
                    codec=item.codec,
                    now=now,
                )
            case TrackPaused():
                segment.on_paused(item.track_id, now)
            case TrackResumed():
                segment.on_resumed(item.track_id, now)
            case TrackEnded():
                self.tracks.discard(item.track_id)
                segment.on_track_ended(item.track_id, now)
            case PacketsDropped():
                self.dropped += item.packets

    def end(self, now: float) -> None:
        """The connection is gone: so are its tracks, until another one tells of them. Raises RecordingError."""
        for track_id in self.tracks:
            self._segment.on_track_ended(track_id, now)
        self.tracks.clear()

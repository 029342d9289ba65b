"""A published track: the layers that one m-line of a publisher brings."""

from sfu.caps import Policer, is_too_large
from sfu.forwarding.intake import Intake
from sfu.forwarding.layer import Layer
from sfu.forwarding.packet_path import PacketPath
from sfu.forwarding.sender_clock import PublisherClock, StreamClock
from sfu.layers import LayerState, choose_layer
from sfu.link_messages import Codec, Excess, SlotUse, Track
from sfu.rtcp.keyframes import KeyframeRequests

SIZE_INTERVAL = 3.0
"""Seconds between the keyframes that are asked for to see whether pictures that were too large are so still."""


class PublishedTrack:
    """What is known of a track: its layers as they turn up, and the keyframes it was asked for."""

    def __init__(self, parameters: Track, path: PacketPath, started: float) -> None:
        self.track_id = parameters.track_id
        self.started = started
        self._path = path
        self.layers: dict[str, Layer] = {}
        self.was_sent = False
        """Whether anything of it ever arrived. Unlike `has_started`, this outlives a mute."""
        self._intakes: dict[str, Intake] = {}
        self.keyframes = KeyframeRequests()
        self.update(parameters)

    def update(self, parameters: Track) -> None:
        """Take over what was negotiated anew."""
        for intake in self._intakes.values():
            intake.update(parameters)
        for layer in self.layers.values():
            layer.stop_passing()
        self.parameters = parameters
        self.source = parameters.source
        self.kind = parameters.kind
        self.use: SlotUse = "audio" if self.kind == "audio" else "screen" if self.source == "screen" else "video"
        self.paused = parameters.paused
        self.codecs: dict[int, Codec] = {codec.payload_type: codec for codec in parameters.codecs}
        self.rtx_payload_types = {
            codec.rtx_payload_type: codec.payload_type
            for codec in parameters.codecs
            if codec.rtx_payload_type is not None
        }

    def layer(self, rid: str, ssrc: int, clock: PublisherClock) -> Layer:
        """The layer of this RID, made anew when its SSRC is new."""
        layer = self.layers.get(rid)
        if layer is not None and layer.ssrc == ssrc:
            return layer
        if layer is not None:
            layer.release()
        clock_rate = next(iter(self.codecs.values())).clock_rate
        return self._begin(rid, ssrc, StreamClock(clock, clock_rate))

    def intake(self, rid: str) -> Intake:
        """What takes the packets of this RID apart."""
        if rid not in self._intakes:
            self._intakes[rid] = Intake(self.parameters)
        return self._intakes[rid]

    def renew(self, layer: Layer) -> Layer:
        """Start a layer anew, with no memory of numbers and packets; its slots go idle."""
        for ended in (layer, self.layers[layer.rid]):
            ended.release()
        return self._begin(layer.rid, layer.ssrc, layer.clock)

    def _begin(self, rid: str, ssrc: int, clock: StreamClock) -> Layer:
        before = self.layers.get(rid)
        # What was sent before counts on: a new SSRC is no new allowance.
        layer = Layer(self.kind, rid, ssrc, clock, before.policer if before else Policer(self.started), self._path)
        layer.withheld = before.withheld if before else None
        self.layers[rid] = layer
        return layer

    @property
    def has_started(self) -> bool:
        """Whether there is anything to forward."""
        return any(layer.started and not layer.withheld for layer in self.layers.values())

    def withheld(self) -> dict[str, Excess]:
        """The layers that exceed the cap, by RID, and why."""
        return {rid: layer.withheld for rid, layer in self.layers.items() if layer.withheld}

    def judge_size(self, layer: Layer, width: int, height: int, now: float) -> bool:
        """A keyframe has told the size of a layer. Returns whether the layer is withheld, or no more, because of it."""
        cap = self.parameters.cap
        too_large = cap is not None and is_too_large(cap, width, height)
        if too_large == (layer.withheld == "resolution"):
            return False
        layer.asked_for_size = now
        _withhold(layer, "resolution" if too_large else "bitrate" if layer.policer.over else None)
        return True

    def police(self, now: float) -> bool:
        """Measure the bitrates. Returns whether a layer is withheld, or no more, because of it; due each 100 ms."""
        cap = self.parameters.cap
        if cap is None:
            return False
        changed = False
        for layer in self.layers.values():
            over = layer.policer.measure(cap.bitrate, now)
            if layer.withheld == "resolution":
                self._ask_for_size(layer, now)
            elif over != (layer.withheld == "bitrate"):
                _withhold(layer, "bitrate" if over else None)
                changed = True
        return changed

    def _ask_for_size(self, layer: Layer, now: float) -> None:
        """Not every encoder makes a keyframe when its pictures shrink."""
        if layer.is_live(now) and now - layer.asked_for_size >= SIZE_INTERVAL:
            layer.asked_for_size = now
            layer.keyframe_wanted = True
            self.keyframes.want(now)

    @property
    def jitter(self) -> float:
        """The worst of the layers', in seconds."""
        return max((layer.jitter for layer in self.layers.values()), default=0.0)

    def best_layer(self, max_height: int | None, now: float) -> Layer | None:
        """The layer for a slot that can use `max_height` pixels; None for 0, and before anything arrived.

        When nothing is arriving now (a screen that does not change is sent rarely), any layer that ever did counts.
        """
        layers = self._ordered()
        live = [layer.is_live(now) and not layer.withheld for layer in layers]
        if not any(live):
            live = [layer.started and not layer.withheld for layer in layers]
        states = [LayerState(layer.rid, layer.height, is_live) for layer, is_live in zip(layers, live, strict=True)]
        index = choose_layer(states, max_height)
        return None if index is None else layers[index]

    def want_keyframe(self, layer: Layer | None, now: float) -> None:
        """A participant asks for a keyframe of what it gets, which may still be another track's layer."""
        if layer is not None and layer in self.layers.values():
            layer.keyframe_wanted = True
        self.keyframes.want(now)

    def keyframe_arrived(self, layer: Layer, now: float) -> None:
        """One layer has one; slots may still need another layer's."""
        layer.keyframe_wanted = False
        self.keyframes.keyframe_arrived(now)
        if any(other.needs_keyframe for other in self.layers.values()):
            self.keyframes.want(now)

    def keyframe_requests(self, now: float) -> list[int]:
        """SSRCs to send a picture loss indication for now: the layers that need it, else those in use."""
        if not self.keyframes.due(now):
            return []
        layers = self.layers.values()
        in_need = [layer.ssrc for layer in layers if layer.needs_keyframe]
        return in_need or [layer.ssrc for layer in layers if layer.slots]

    def release(self) -> None:
        """The track ended or was muted: its slots go idle."""
        for layer in self.layers.values():
            layer.release()

    def _ordered(self) -> list[Layer]:
        """Lowest layer first, as the offer lists them; those that it does not list come last."""
        order = {rid: index for index, rid in enumerate(self.parameters.rids)}
        return sorted(self.layers.values(), key=lambda layer: order.get(layer.rid, len(order)))


def _withhold(layer: Layer, why: Excess | None) -> None:
    """Let slots get the layer (None) or no more; those that have it go idle, until another layer is chosen."""
    layer.withheld = why
    if why is not None:
        layer.release()

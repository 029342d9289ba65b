"""Fills one participant's slots by the scene: who is in them, and which layer they aim at."""

from collections.abc import Sequence

from sfu.forwarding.peer import Peer
from sfu.forwarding.scene import Scene, Tracks
from sfu.forwarding.slot import OutgoingSlot

SWITCH_TIMEOUT = 2.0
"""Seconds after which a slot whose new occupant sends no keyframe stops showing the one before."""


def fill_peer(peer: Peer, scene: Scene, now: float) -> bool:
    """Bring the peer's slots to the scene. False if a slot still shows who was there before: look again later."""
    audio, video, screens = peer.slots_of("audio"), peer.slots_of("video"), peer.slots_of("screen")
    peer.assignment = scene.assignment(peer.assignment, peer.endpoint_id, len(audio), len(video))
    settled = _fill(audio, peer.assignment.audio, scene.audio, scene, now)
    settled &= _fill(video, peer.assignment.video, scene.video, scene, now)
    if screens:
        peer.screens = scene.screen_assignment(peer.screens, peer.endpoint_id, len(screens))
        settled &= _fill(screens, peer.screens, scene.screens, scene, now)
    return settled


def _fill(
    slots: Sequence[OutgoingSlot], endpoints: tuple[str | None, ...], tracks: Tracks, scene: Scene, now: float
) -> bool:
    settled = True
    for index, slot in enumerate(slots):
        endpoint = endpoints[index] if index < len(endpoints) else None
        track = None if endpoint is None else tracks.get(endpoint)
        if track is None:
            # So are most slots of a large room's viewers, and stay so.
            if slot.track is not None or slot.layer is not None or slot.target is not None:
                slot.track = None
                slot.idle()
            continue
        slot.track = track
        if slot.layer is not None and slot in slot.layer.leaving:
            slot.stop()
        layer = scene.best_layer(track, None if slot.audio else slot.max_height)
        if layer is slot.layer and slot.target is None:
            continue
        if slot.aim(layer, now):
            track.keyframes.want(now)
        if slot.layer is not None and slot.layer not in track.layers.values():
            if now - slot.target_since > SWITCH_TIMEOUT:
                slot.stop()
            else:
                settled = False
    return settled


def report_changes(peer: Peer) -> dict[str, str | None]:
    """The slots whose occupant differs from what was told last; they count as told now."""
    reported = peer.reported
    changes: dict[str, str | None] = {}
    for slot_id, slot in peer.slots.items():
        track = slot.track
        track_id = None if track is None else track.track_id
        if reported.get(slot_id) != track_id:
            changes[slot_id] = reported[slot_id] = track_id
    return changes

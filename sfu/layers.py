"""Which simulcast layer of a track a slot gets."""

from collections.abc import Sequence
from dataclasses import dataclass

_LOWEST_ASSUMED_HEIGHT = 180  # pixels, doubled by each layer, until keyframes tell


@dataclass(frozen=True, slots=True)
class LayerState:
    """One layer as it is now. `height` is in pixels, 0 while no keyframe has told; `live`: its packets are coming."""

    rid: str
    height: int
    live: bool


def choose_layer(layers: Sequence[LayerState], max_height: int | None) -> int | None:
    """The index of the layer for a slot that shows at most `max_height` pixels (None: as many as there are).

    `layers` go from the lowest to the highest. The ideal is the lowest layer that is high enough, else the highest;
    if it is not live, the nearest that is, rather the lower of two. None when nothing is live or `max_height` is 0.
    """
    live = [index for index, layer in enumerate(layers) if layer.live]
    if not live or max_height == 0:
        return None
    ideal = len(layers) - 1
    if max_height is not None:
        heights = _known_heights(layers)
        ideal = next((index for index, height in enumerate(heights) if height >= max_height), ideal)
    return min(live, key=lambda index: (abs(index - ideal), index))


def _known_heights(layers: Sequence[LayerState]) -> list[float]:
    """Heights, with those not known yet taken from the nearest known layer: each is twice the one below."""
    known = [index for index, layer in enumerate(layers) if layer.height]
    heights = []
    for index in range(len(layers)):
        if known:
            nearest = min(known, key=lambda other: abs(other - index))
            heights.append(layers[nearest].height * 2.0 ** (index - nearest))
        else:
            heights.append(_LOWEST_ASSUMED_HEIGHT * 2.0**index)
    return heights

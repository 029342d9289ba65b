"""The canvas: draws a scene in yuv420p. What has not changed since the last frame is not drawn again."""

from dataclasses import dataclass, field

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from recorder.composite.planes import Planes, Rgb, Stamp, copy, fill, new_frame, part, planes_of
from recorder.composite.planner import Scene, View
from recorder.composite.stamps import avatar, name_plate
from recorder.layouts import Rect, Size, fitted

BACKGROUND: Rgb = (17, 19, 24)
SPEAKING: Rgb = (64, 200, 120)
_BT709 = 1  # AVColorSpace of ITU-T H.273
_FULL_RANGE = 2  # AVColorRange


@dataclass
class _Shown:
    """A tile as it stands on the canvas. `picture` is where the picture lies, None while the avatar is shown."""

    view: View
    inner: Rect
    plate: Stamp | None
    frame: av.VideoFrame | None = None
    picture: Rect | None = None
    scaler: VideoReformatter = field(default_factory=VideoReformatter)


class Canvas:
    """`show` a scene, `draw` the pictures of its views, and take the `frame`.

    Pictures keep their shape and lose nothing but a line of two pixels at the edge of the tile, the border, which is
    wider and green around those who speak. The watermark lies on top, in the upper right corner.
    """

    def __init__(self, size: Size, watermark: Stamp | None = None) -> None:
        self._size = size
        self._watermark = watermark
        self._margin = max(4, size.height // 45 & ~1)
        self._border = max(2, size.height // 180 & ~1)
        self._frame = new_frame(size)
        self._planes = planes_of(self._frame)
        self._shown: list[_Shown] = []
        self.show(Scene())

    def show(self, scene: Scene) -> None:
        """Begin a scene: every tile shows the avatar, a screen nothing, until its picture is drawn."""
        fill(self._planes, BACKGROUND)
        self._shown = [self._prepared(view) for view in scene.views]
        for shown in self._shown:
            self._draw_placeholder(shown)

    def draw(self, place: int, frame: av.VideoFrame | None) -> None:
        """The picture of the view at `place` of the scene; None when there is none now."""
        shown = self._shown[place]
        if frame is shown.frame:
            return
        shown.frame = frame
        if frame is None:
            shown.picture = None
            self._draw_placeholder(shown)
        else:
            self._draw_picture(shown, frame)

    def copy_to(self, frame: av.VideoFrame) -> None:
        """Copy what is on the canvas into a yuv420p frame of the canvas' size, with the watermark."""
        target = planes_of(frame)
        copy(self._planes, target)
        if self._watermark is not None:
            self._watermark.blend(target, self._size.width - self._watermark.width - self._margin, self._margin)

    def _prepared(self, view: View) -> _Shown:
        border = self._border if view.speaking else 2
        rect = view.rect
        inner = Rect(
            rect.x + border, rect.y + border, max(2, rect.width - 2 * border), max(2, rect.height - 2 * border)
        )
        plate = name_plate(view.name, rect.width, min(rect.height, self._size.height // 2))
        fits = plate is not None and plate.width <= inner.width and plate.height <= inner.height
        return _Shown(view, inner, plate if fits else None)

    def _draw_placeholder(self, shown: _Shown) -> None:
        view, rect = shown.view, shown.view.rect
        fill(part(self._planes, rect), SPEAKING if view.speaking else BACKGROUND)
        if view.screen:
            fill(part(self._planes, shown.inner), BACKGROUND)
        else:
            stamp = avatar(view.owner, view.name, shown.inner.width, shown.inner.height)
            stamp.blend(self._planes, shown.inner.x, shown.inner.y)
        self._draw_plate(shown)

    def _draw_picture(self, shown: _Shown, frame: av.VideoFrame) -> None:
        turns = frame.rotation // 90 % 4
        shape = (frame.height, frame.width) if turns % 2 else (frame.width, frame.height)
        whole = fitted(*shape, shown.view.rect)
        seen = _intersection(whole, shown.inner)
        if seen != shown.picture:
            fill(part(self._planes, shown.inner), BACKGROUND)
            shown.picture = seen
        elif seen != shown.inner and shown.plate is not None:
            fill(part(self._planes, self._plate_rect(shown, shown.plate)), BACKGROUND)
        planes = _scaled(shown.scaler, frame, whole, turns)
        offset = Rect(seen.x - whole.x, seen.y - whole.y, seen.width, seen.height)
        copy(part(planes, offset), part(self._planes, seen))
        self._draw_plate(shown)

    def _draw_plate(self, shown: _Shown) -> None:
        if shown.plate is not None:
            rect = self._plate_rect(shown, shown.plate)
            shown.plate.blend(self._planes, rect.x, rect.y)

    def _plate_rect(self, shown: _Shown, plate: Stamp) -> Rect:
        """In the lower left corner of the tile."""
        inner = shown.inner
        gap = 2 if plate.height + 2 <= inner.height and plate.width + 2 <= inner.width else 0
        return Rect(inner.x + gap, inner.y + inner.height - plate.height - gap, plate.width, plate.height)


def _scaled(scaler: VideoReformatter, frame: av.VideoFrame, whole: Rect, turns: int) -> Planes:
    """The picture upright in the size of `whole`, as yuv420p of BT.601 in limited range."""
    width, height = (whole.height, whole.width) if turns % 2 else (whole.width, whole.height)
    full_range = frame.format.name.startswith("yuvj") or frame.color_range == _FULL_RANGE
    same = scaler.reformat(
        frame,
        width,
        height,
        "yuv420p",
        interpolation=Interpolation.BILINEAR,
        src_color_range=ColorRange.JPEG if full_range else None,
        dst_color_range=ColorRange.MPEG if full_range else None,
        dst_colorspace=Colorspace.ITU601 if frame.colorspace == _BT709 else None,
        threads=1,
    )
    planes = planes_of(same)
    if not turns:
        return planes
    luma, blue, red = (np.rot90(plane, turns) for plane in planes)
    return luma, blue, red


def _intersection(one: Rect, other: Rect) -> Rect:
    """What both have in common; they overlap, as the one is centred in a tile and the other its inside."""
    left, top = max(one.x, other.x), max(one.y, other.y)
    right = min(one.x + one.width, other.x + other.width)
    bottom = min(one.y + one.height, other.y + other.height)
    return Rect(left, top, right - left, bottom - top)

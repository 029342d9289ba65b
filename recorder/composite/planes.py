"""Pictures as yuv420p planes of numpy, BT.601 limited range: what the canvas copies and blends without leaving YUV."""

from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recorder.layouts import Rect, Size

Plane = NDArray[np.uint8]
Planes = tuple[Plane, Plane, Plane]
Rgb = tuple[int, int, int]


def new_frame(size: Size) -> av.VideoFrame:
    """A yuv420p frame whose content is not defined yet."""
    return av.VideoFrame(size.width, size.height, "yuv420p")


def planes_of(frame: av.VideoFrame) -> Planes:
    """Writable views of the planes of a yuv420p frame; the luma's shape is (height, width)."""
    luma, blue, red = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    )
    return luma, blue, red


def part(planes: Planes, rect: Rect) -> Planes:
    """Views of the rectangle."""
    luma, blue, red = planes
    rows, columns = slice(rect.y, rect.y + rect.height), slice(rect.x, rect.x + rect.width)
    half_rows = slice(rect.y // 2, (rect.y + rect.height) // 2)
    half_columns = slice(rect.x // 2, (rect.x + rect.width) // 2)
    return luma[rows, columns], blue[half_rows, half_columns], red[half_rows, half_columns]


def fill(planes: Planes, colour: Rgb) -> None:
    """Paint everything with one colour."""
    for plane, value in zip(planes, _yuv(np.array(colour, np.float32)), strict=True):
        plane[:] = round(float(value))


def copy(source: Planes, target: Planes) -> None:
    """Copy planes of the same shapes."""
    for one, other in zip(source, target, strict=True):
        np.copyto(other, one)


@dataclass(frozen=True)
class Stamp:
    """A small picture with transparency, made ready for blending: width and height are even.

    For each plane the stamp's own share (value times alpha, alpha of 0 to 256) and what it leaves of the picture
    below (256 minus alpha).
    """

    width: int
    height: int
    shares: tuple[NDArray[np.uint16], ...]
    rests: tuple[NDArray[np.uint16], ...]

    @classmethod
    def of(cls, image: Image.Image) -> "Stamp":
        """From any image of Pillow; an odd row or column is filled up with transparency."""
        width, height = image.width + image.width % 2, image.height + image.height % 2
        even = Image.new("RGBA", (width, height))
        even.paste(image.convert("RGBA"))
        rgba = np.asarray(even, np.float32)
        alpha = rgba[..., 3] * (256 / 255)
        yuv = _yuv(rgba[..., :3])
        shares, rests = [], []
        for index in range(3):
            share, cover = yuv[index] * alpha, alpha
            if index:
                share, cover = _halved(share), _halved(cover)
            whole = np.rint(cover).astype(np.uint16)
            shares.append(np.minimum(np.rint(share), 255 * whole).astype(np.uint16))
            rests.append(256 - whole)
        return cls(width, height, tuple(shares), tuple(rests))

    def blend(self, planes: Planes, x: int, y: int) -> None:
        """Put it onto a picture with its top left corner at even (x, y)."""
        for plane, share, rest in zip(
            part(planes, Rect(x, y, self.width, self.height)), self.shares, self.rests, strict=True
        ):
            plane[:] = (plane * rest + share) >> 8


def _yuv(rgb: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """BT.601, limited range (ITU-R BT.601-7, section 2.5); the last axis is red, green, blue of 0 to 255."""
    red, green, blue = (rgb[..., channel] / np.float32(255) for channel in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return 16 + 219 * luma, 128 + 224 * (blue - luma) / 1.772, 128 + 224 * (red - luma) / 1.402


def _halved(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = values.shape
    quarters = values.reshape(height // 2, 2, width // 2, 2)
    return (quarters[:, 0, :, 0] + quarters[:, 0, :, 1] + quarters[:, 1, :, 0] + quarters[:, 1, :, 1]) / np.float32(4)

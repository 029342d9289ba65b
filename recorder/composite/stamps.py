"""What is drawn with Pillow, once and not for each frame: name plates, avatars and the watermark."""

import unicodedata
import zlib
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from recorder.composite.errors import CompositeError
from recorder.composite.planes import Rgb, Stamp

MAX_WATERMARK = 140  # pixels, as the published API says
_FONTS = ("NotoSans-Regular.ttf", "DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf")
_LONGEST = 100  # characters that are even tried; no tile has room for more
_TILE: Rgb = (38, 42, 51)
_DISCS: tuple[Rgb, ...] = (
    (46, 110, 180), (150, 80, 160), (30, 130, 110), (180, 90, 50), (90, 100, 180), (170, 60, 90), (95, 125, 50),
)  # fmt: skip


@lru_cache(maxsize=512)
def name_plate(name: str, width: int, height: int) -> Stamp | None:
    """White on a dark plate, readable on any picture, clipped to a tile of width x height. None: no name, no room."""
    size = max(11, height // 18)
    padding = size // 3
    font = _font(size)
    text = _clipped(shown_name(name), font, width - 6 * padding)
    if not text:
        return None
    ascent, descent = _metrics(font)
    image = Image.new("RGBA", (int(font.getlength(text)) + 2 * padding, ascent + descent + padding))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, image.width - 1, image.height - 1), padding, fill=(0, 0, 0, 170))
    draw.text((padding, padding // 2), text, font=font, fill=(255, 255, 255, 255))
    return Stamp.of(image)


@lru_cache(maxsize=128)
def avatar(owner: str, name: str, width: int, height: int) -> Stamp:
    """A whole tile: a disc in the person's colour with the initials. The same person always gets the same colour."""
    image = Image.new("RGB", (width, height), _TILE)
    radius = height * 3 // 10
    disc = Image.new("L", (8 * radius, 8 * radius))
    ImageDraw.Draw(disc).ellipse((0, 0, 8 * radius - 1, 8 * radius - 1), fill=255)
    colour = _DISCS[zlib.crc32(owner.encode()) % len(_DISCS)]
    image.paste(colour, (width // 2 - radius, height // 2 - radius), disc.resize((2 * radius, 2 * radius)))
    draw = ImageDraw.Draw(image)
    draw.text(
        (width // 2, height // 2), initials(name), font=_font(max(10, radius * 4 // 5)), anchor="mm", fill="white"
    )
    return Stamp.of(image)


def initials(name: str) -> str:
    """Of the first and the last word; `?` when there is no letter or digit."""
    words = [letters for word in shown_name(name).split() if (letters := "".join(filter(str.isalnum, word)))]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def shown_name(name: str) -> str:
    """One line without control characters and without marks that pile up."""
    kept = []
    marks = 0
    for character in name:
        category = unicodedata.category(character)
        marks = marks + 1 if category.startswith("M") else 0
        if marks <= 2:
            kept.append(" " if category[0] in "CZ" else character)
    return " ".join("".join(kept).split())


def watermark(path: Path) -> Stamp:
    """A PNG of at most 140x140 pixels. Raises CompositeError(bad-watermark) when the file is not one."""
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if image.width > MAX_WATERMARK or image.height > MAX_WATERMARK:
                raise CompositeError(
                    "bad-watermark",
                    f"{path.name} is {image.width}x{image.height} pixels; make it at most "
                    f"{MAX_WATERMARK}x{MAX_WATERMARK}",
                )
            return Stamp.of(image)
    except UnidentifiedImageError as error:
        raise CompositeError("bad-watermark", f"{path.name} is not a PNG; save the picture as PNG") from error
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for damaged files
        raise CompositeError("bad-watermark", f"{path} cannot be read: {error}") from error


def _metrics(font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> tuple[int, int]:
    """Pixels above and below the base line."""
    if isinstance(font, ImageFont.FreeTypeFont):
        return font.getmetrics()
    return 9, 2  # Pillow's bitmap font, when it was built without FreeType


@lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def _clipped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """As much of the text as fits into the width, with an ellipsis when something is missing."""
    if font.getlength(text[:_LONGEST]) <= width and len(text) <= _LONGEST:
        return text
    for length in range(min(len(text), _LONGEST), 0, -1):
        shortened = text[:length].rstrip() + "…"
        if font.getlength(shortened) <= width:
            return shortened
    return ""

"""Takes the picture of a real call for the README: `python -m tests.browser.screenshot` writes docs/screenshot.png.

Each of the people is a Chromium of its own, whose camera is a drawn portrait: nobody's face is needed.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.browser.guest import Guest, House
from tests.support import chromium
from tests.support.server import running_server

TARGET = Path(__file__).parent.parent.parent / "docs" / "screenshot.png"
SIZE = (960, 540)
FRAMES = 10
Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Portrait:
    """What stands in front of a camera."""

    name: str
    wall: tuple[Colour, Colour]
    skin: Colour
    hair: Colour
    shirt: Colour


PEOPLE = (
    Portrait("Amara", ((238, 224, 203), (196, 164, 132)), (141, 85, 54), (32, 24, 24), (216, 92, 70)),
    Portrait("Jonas", ((196, 215, 224), (104, 138, 160)), (236, 196, 168), (170, 120, 60), (44, 66, 104)),
    Portrait("Mei", ((214, 226, 204), (120, 156, 124)), (240, 208, 176), (24, 22, 28), (236, 206, 120)),
    Portrait("Rafael", ((226, 206, 220), (150, 116, 150)), (198, 146, 108), (58, 40, 30), (60, 110, 104)),
)


def drawn(portrait: Portrait, sway: float) -> Image.Image:
    """One frame; `sway` from -1 to 1 is how far the person leans to the side."""
    width, height = SIZE
    top, bottom = np.array(portrait.wall[0]), np.array(portrait.wall[1])
    shade = np.linspace(0, 1, height)[:, None, None]
    wall = np.broadcast_to(top * (1 - shade) + bottom * shade, (height, width, 3)).astype(np.uint8)
    picture = Image.fromarray(wall).filter(ImageFilter.GaussianBlur(2))
    draw = ImageDraw.Draw(picture)
    # A window behind, out of focus.
    draw.rounded_rectangle((60, 50, 270, 330), 10, fill=tuple(min(255, value + 14) for value in portrait.wall[0]))
    picture = picture.filter(ImageFilter.GaussianBlur(9))
    draw = ImageDraw.Draw(picture)
    x, y = width / 2 + 8 * sway, 235 + 2 * abs(sway)
    darker = tuple(int(value * 0.86) for value in portrait.skin)
    draw.ellipse((x - 122, y - 150, x + 122, y + 120), fill=portrait.hair)
    draw.rounded_rectangle((x - 250, y + 160, x + 250, height + 200), 130, fill=portrait.shirt)
    draw.rounded_rectangle((x - 48, y + 60, x + 48, y + 200), 40, fill=darker)
    draw.ellipse((x - 100, y - 118, x + 100, y + 138), fill=portrait.skin)
    draw.chord((x - 112, y - 142, x + 112, y + 60), 190, 350, fill=portrait.hair)
    for side in (-1, 1):
        eye = x + side * 40
        draw.ellipse((eye - 9, y - 4, eye + 9, y + 14), fill=(36, 28, 28))
    draw.arc((x - 42, y + 28, x + 42, y + 88), 25, 155, fill=(122, 50, 46), width=6)
    return picture.filter(ImageFilter.GaussianBlur(1))


def y4m(frames: Iterator[Image.Image]) -> bytes:
    """An uncompressed video, as Chromium reads it in the place of a camera."""
    parts = [f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{FRAMES}:1 Ip A1:1 C420\n".encode()]
    for frame in frames:
        luma, blue, red = frame.convert("YCbCr").split()
        half = (SIZE[0] // 2, SIZE[1] // 2)
        parts += [b"FRAME\n", luma.tobytes(), blue.resize(half).tobytes(), red.resize(half).tobytes()]
    return b"".join(parts)


async def main() -> None:
    sways = np.sin(np.linspace(0, 2 * np.pi, FRAMES, endpoint=False))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(running_server(folder))
            guests: list[Guest] = []
            for portrait in PEOPLE:
                camera = folder / f"{portrait.name}.y4m"
                camera.write_bytes(y4m(drawn(portrait, sway) for sway in sways))
                house = House(server, await stack.enter_async_context(chromium.chromium(camera=camera)))
                if guests:
                    guests.append(await house.guest(portrait.name, guests[0].page.url))
                    await guests[-1].join()
                else:
                    guests += await house.meeting_of(portrait.name)
            first = guests[0]
            await first.sees(*(guest.name for guest in guests[1:]))
            await guests[1].page.keyboard.press("m")
            # The larger layers need some seconds, and the notes of who joined some to go.
            await asyncio.sleep(15)
            await first.page.screenshot(path=TARGET)


if __name__ == "__main__":
    asyncio.run(main())

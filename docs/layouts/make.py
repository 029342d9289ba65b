"""Draws the pictures of docs/layouts.md with the recorder's own canvas: `python docs/layouts/make.py`."""

from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFilter

from recorder.composite.canvas import Canvas
from recorder.composite.planes import new_frame
from recorder.composite.planner import Clip, Scene, View
from recorder.layouts import SIZES, Quality, Size, arrange

HERE = Path(__file__).parent
NAMES = ("Ada", "Grace", "Hedy", "Radia", "Katherine", "Joan", "Barbara", "Frances", "Karen", "Margaret", "Jean",
         "Mary", "Annie", "Edith", "Dorothy", "Evelyn", "Sophie", "Lise", "Emmy", "Chien-Shiung")  # fmt: skip


def main() -> None:
    for people in (1, 2, 3, 4, 5, 9, 16, 20):
        draw(f"grid-{people}", people, talker=people // 2)
    draw("avatars", 4, talker=2, without_camera=(1, 2))
    draw("portrait", 3, talker=0, shapes={1: Size(360, 640), 2: Size(640, 480)})
    draw("screen", 4, talker=1, screens=1)
    draw("screen-alone", 0, screens=1)
    draw("screens", 3, talker=0, screens=2)
    draw("screen-crowd", 12, talker=9, screens=1)
    draw("sd", 4, talker=3, quality="SD")


def draw(
    name: str,
    people: int,
    talker: int | None = None,
    screens: int = 0,
    without_camera: tuple[int, ...] = (),
    shapes: dict[int, Size] | None = None,
    quality: Quality = "HD",
) -> None:
    """One picture: so many people, of whom `talker` speaks, and the first so many share a screen."""
    size = SIZES[quality]
    everyone = [str(number) for number in range(people)]
    speaking = {str(talker)} if talker is not None else set()
    views, frames = [], []
    for tile in arrange(everyone, [str(number) for number in range(screens)], speaking, size):
        number = int(tile.owner)
        views.append(View(NAMES[number], NAMES[number], tile.rect, tile.screen, tile.speaking, Clip("", 0.0)))
        if tile.screen:
            frames.append(shared_screen(number))
        else:
            shape = (shapes or {}).get(number, Size(640, 360))
            frames.append(None if number in without_camera else camera(number, shape))
    canvas = Canvas(size)
    canvas.show(Scene(tuple(views)))
    for place, image in enumerate(frames):
        canvas.draw(place, None if image is None else av.VideoFrame.from_image(image))
    frame = new_frame(size)
    canvas.copy_to(frame)
    frame.to_image().resize((size.width // 2, size.height // 2)).quantize(64).save(HERE / f"{name}.png", optimize=True)


def camera(number: int, size: Size) -> Image.Image:
    """Someone before a wall."""
    hue = number * 47 % 256
    image = Image.new("HSV", (size.width, size.height), (hue, 70, 190)).convert("RGB")
    pen = ImageDraw.Draw(image)
    middle, unit = size.width // 2, min(size.width, size.height) // 10
    skin, shirt = (224 - number * 7 % 90, 182 - number * 7 % 90, 150 - number * 7 % 90), (hue, 60, 255 - hue)
    pen.ellipse((middle - 4 * unit, 6.5 * unit, middle + 4 * unit, 16 * unit), fill=shirt)
    pen.ellipse((middle - 1.8 * unit, 1.8 * unit, middle + 1.8 * unit, 6.8 * unit), fill=skin)
    return image.filter(ImageFilter.GaussianBlur(2))


def shared_screen(number: int) -> Image.Image:
    """A page of text and a diagram."""
    image = Image.new("RGB", (1280, 720), (250, 250, 247))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, 1280, 60), fill=(40 + 60 * number, 70, 120))
    for line in range(14):
        pen.rectangle((60, 110 + 40 * line, 560 - line * 53 % 160, 124 + 40 * line), fill=(150, 150, 155))
    for bar in range(6):
        pen.rectangle((660 + 90 * bar, 620 - 70 * (bar * 5 % 7), 720 + 90 * bar, 640), fill=(200, 110, 60 + 30 * bar))
    return image


if __name__ == "__main__":
    main()

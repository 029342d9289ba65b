import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from recorder.composite.canvas import Canvas
from recorder.composite.errors import CompositeError
from recorder.composite.pictures import PictureReader
from recorder.composite.planes import Stamp, fill, new_frame, part, planes_of
from recorder.composite.planner import Clip, Scene, View
from recorder.composite.stamps import avatar, initials, name_plate, shown_name, watermark
from recorder.layouts import SIZES, Rect, Size
from tests.support.recordings import Track, write_file

LD = SIZES["LD"]
WHOLE = Rect(0, 0, 640, 360)
RED, GREEN, WHITE = (200, 30, 30), (20, 160, 40), (255, 255, 255)


def view(name: str = "", rect: Rect = WHOLE, speaking: bool = False, screen: bool = False) -> View:
    return View("ada", name, rect, screen, speaking, Clip("ada-1.mkv", 0.0, screen))


def picture(colour: tuple[int, int, int], size: Size = LD) -> av.VideoFrame:
    frame = new_frame(size)
    fill(planes_of(frame), colour)
    return frame


def seen(canvas: Canvas) -> np.ndarray:
    frame = new_frame(LD)
    canvas.copy_to(frame)
    return frame.to_ndarray(format="rgb24").astype(int)


def near(colours: np.ndarray, expected: tuple[int, int, int]) -> bool:
    return bool((abs(colours - np.array(expected)) < 25).all())


def test_a_picture_of_another_shape_is_not_cut_and_has_bars():
    canvas = Canvas(LD)
    canvas.show(Scene((view(),)))

    canvas.draw(0, picture(RED, Size(360, 640)))

    image = seen(canvas)
    assert near(image[10:350, 222:418], RED)
    assert image[:, :210].max() < 60 and image[:, 430:].max() < 60


def test_a_name_can_be_read_on_black_and_on_white_and_does_not_build_up():
    for colour in ((0, 0, 0), WHITE):
        canvas = Canvas(LD)
        canvas.show(Scene((view("Ada Lovelace"),)))
        canvas.draw(0, picture(colour))
        once = seen(canvas)
        for _ in range(20):
            canvas.draw(0, picture(colour))
        plate = seen(canvas)[330:356, 6:120]
        assert np.array_equal(plate, once[330:356, 6:120])
        assert plate.max() > 200 and plate[..., 0].min() < 100


def test_a_name_over_the_bars_does_not_build_up():
    canvas = Canvas(LD)
    canvas.show(Scene((view("Ada Lovelace"),)))
    canvas.draw(0, picture(WHITE, Size(360, 640)))
    once = seen(canvas)
    for _ in range(20):
        canvas.draw(0, picture(WHITE, Size(360, 640)))

    assert np.array_equal(seen(canvas), once)


def test_when_the_picture_goes_the_avatar_comes_back():
    canvas = Canvas(LD)
    canvas.show(Scene((view("Ada", speaking=True),)))
    avatar_only = seen(canvas)
    canvas.draw(0, picture(RED))
    assert near(seen(canvas)[100:200, 100:200], RED)

    canvas.draw(0, None)

    assert np.array_equal(seen(canvas), avatar_only)


def test_the_same_picture_is_not_drawn_twice(monkeypatch):
    canvas = Canvas(LD)
    canvas.show(Scene((view(),)))
    frame = picture(RED)
    canvas.draw(0, frame)
    fill(planes_of(frame), GREEN)

    canvas.draw(0, frame)

    assert near(seen(canvas)[100:200, 100:200], RED)


def test_pictures_in_full_range_and_of_bt709_keep_their_colours():
    canvas = Canvas(LD)
    canvas.show(Scene((view(),)))
    image = Image.new("RGB", (640, 360), RED)
    full = av.VideoFrame.from_image(image).reformat(format="yuvj420p", dst_color_range="JPEG")
    canvas.draw(0, full)
    assert near(seen(canvas)[100:200, 100:200], RED)

    other = av.VideoFrame.from_image(image).reformat(format="yuv420p", dst_colorspace="ITU709")
    canvas.draw(0, other)
    assert near(seen(canvas)[100:200, 100:200], RED)


def test_the_watermark_lies_on_top_and_does_not_build_up():
    mark = Stamp.of(Image.new("RGBA", (101, 51), (255, 255, 255, 128)))
    canvas = Canvas(LD, mark)
    canvas.show(Scene((view(),)))
    canvas.draw(0, picture((0, 0, 0)))

    first, second = seen(canvas), seen(canvas)

    assert np.array_equal(first, second)
    assert near(first[20:40, 560:600], (128, 128, 128))
    assert first[200:300, 100:200].max() < 20


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_rotated_camera_is_shown_upright(tmp_path, degrees):
    """The picture is marked in its upper left corner; FFmpeg's own player says where that belongs."""
    plain = write_file(tmp_path / "plain.mkv", Track(0.4, (RED,), codec="libx264"))
    turned = tmp_path / "turned.mp4"
    run = ["ffmpeg", "-v", "error", "-i", plain, "-map", "0:v", "-c", "copy", "-metadata:s:v", f"rotate={degrees}"]
    subprocess.run([*run, turned], check=True, timeout=60)
    upright = tmp_path / "upright.png"
    subprocess.run(["ffmpeg", "-v", "error", "-i", turned, "-frames:v", "1", upright], check=True, timeout=60)
    reader = PictureReader(turned, Clip("turned.mp4", 0.0), 0.0)
    frame = reader.picture(0.0)
    assert frame is not None and frame.rotation != 0
    canvas = Canvas(LD)
    canvas.show(Scene((view(),)))

    canvas.draw(0, frame)

    expected = Image.open(upright)
    scale = min(640 / expected.width, 360 / expected.height)
    shape = round(expected.width * scale), round(expected.height * scale)
    drawn = Image.fromarray(seen(canvas).astype(np.uint8))
    left, top = (640 - shape[0]) // 2, (360 - shape[1]) // 2
    ours = np.asarray(drawn.crop((left + 4, top + 4, left + shape[0] - 4, top + shape[1] - 4)).resize((64, 64)), int)
    theirs = np.asarray(expected.resize(shape).crop((4, 4, shape[0] - 4, shape[1] - 4)).resize((64, 64)), int)
    assert abs(ours - theirs).mean() < 12
    reader.close()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Ada Lovelace", "AL"), ("bob", "B"), ("  ", "?"), ("", "?"), ("🎉", "?"), ("a\nb", "AB"), ("x y z", "XZ")],
)
def test_initials(name, expected):
    assert initials(name) == expected


def test_names_are_one_line_without_control_characters():
    assert shown_name(" a\n\tb\x00\u202ec ") == "a b c"
    assert len(shown_name("e" + "\u0301" * 50)) == 3


def test_a_plate_never_exceeds_its_tile():
    for name in ("x", "long name " * 50, "𝕳" * 300, "日本語", "\u0627\u0644"):
        plate = name_plate(name, 128, 72)
        assert plate is None or (plate.width <= 128 and plate.height <= 36)
    assert name_plate("", 128, 72) is None


def test_an_avatar_fills_its_tile_and_people_have_colours_of_their_own():
    one, other = avatar("ada", "Ada", 160, 90), avatar("bob-7", "Ada", 160, 90)

    assert (one.width, one.height) == (160, 90)
    assert not any(rest.any() for rest in one.rests)
    assert any((a != b).any() for a, b in zip(one.shares, other.shares, strict=True))


def test_only_a_small_png_is_a_watermark(tmp_path: Path):
    def code(name: str) -> str:
        with pytest.raises(CompositeError) as caught:
            watermark(tmp_path / name)
        return caught.value.code

    Image.new("RGBA", (140, 140)).save(tmp_path / "right.png")
    Image.new("RGBA", (141, 10)).save(tmp_path / "wide.png")
    Image.new("RGB", (10, 10)).save(tmp_path / "photo.jpg")
    (tmp_path / "cut.png").write_bytes((tmp_path / "right.png").read_bytes()[:60])
    assert watermark(tmp_path / "right.png").width == 140
    assert [code(name) for name in ("wide.png", "photo.jpg", "cut.png", "none.png")] == ["bad-watermark"] * 4


def test_blending_stays_in_range():
    stamp = Stamp.of(Image.new("RGBA", (4, 4), (255, 255, 255, 77)))
    frame = picture(WHITE, Size(8, 8))

    stamp.blend(planes_of(frame), 2, 2)

    assert near(np.asarray(frame.to_ndarray(format="rgb24"), int), WHITE)
    assert (part(planes_of(frame), Rect(2, 2, 4, 4))[0] >= 233).all()

"""The picture of a live film that shows a page: which one, and when."""

import av
import pytest

from recorder.composite.planes import fill, new_frame, planes_of
from recorder.layouts import Size
from recorder.live.page import PAGE_LATENCY, PagePainter

SIZE = Size(64, 36)
BEGAN_AT = 1000.0


class ScriptedView:
    """Pictures of one brightness each, by when they were to be seen."""

    def __init__(self, shades: dict[float, int]) -> None:
        self._pictures = [(at, shaded(shade)) for at, shade in shades.items()]

    def picture_at(self, at: float) -> av.VideoFrame | None:
        return next((picture for since, picture in reversed(self._pictures) if since <= at), None)


def shaded(shade: int) -> av.VideoFrame:
    frame = new_frame(SIZE)
    fill(planes_of(frame), (shade, shade, shade))
    return frame


def brightness(frame: av.VideoFrame) -> int:
    return int(planes_of(frame)[0][0, 0])


def drawn(painter: PagePainter, tick: int) -> int:
    frame = new_frame(SIZE)
    painter.draw(tick, frame)
    return brightness(frame)


def test_a_picture_is_seen_with_the_sound_of_what_it_shows() -> None:
    painter = PagePainter(BEGAN_AT)
    painter.view = ScriptedView({BEGAN_AT: 100, BEGAN_AT + 1.0 + PAGE_LATENCY: 200})  # type: ignore[assignment]
    dark, bright = brightness(shaded(100)), brightness(shaded(200))
    assert [drawn(painter, tick) for tick in (0, 23, 26, 50)] == [dark, dark, bright, bright]


@pytest.mark.parametrize("shades", [None, {BEGAN_AT + 100: 200}])
def test_before_the_page_has_shown_anything_there_is_a_background(shades: dict[float, int] | None) -> None:
    painter = PagePainter(BEGAN_AT)
    if shades is not None:
        painter.view = ScriptedView(shades)  # type: ignore[assignment]
    assert 16 <= drawn(painter, 0) < 50


def test_a_repeated_picture_is_the_one_that_was_drawn() -> None:
    painter = PagePainter(BEGAN_AT)
    painter.view = ScriptedView({BEGAN_AT: 100})  # type: ignore[assignment]
    before = drawn(painter, 10)
    frame = new_frame(SIZE)
    painter.repeat(frame)
    assert brightness(frame) == before == brightness(shaded(100))

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.layouts import MAX_PEOPLE, MAX_SCREENS, SIZES, Rect, Size, arrange, fitted, places_for_people

HD = SIZES["HD"]
sizes = st.sampled_from([*SIZES.values(), Size(320, 180), Size(1920, 1080), Size(854, 480)])
people = st.lists(st.integers(0, 500).map(str), unique=True, max_size=60)
screens = st.lists(st.integers(0, 500).map(str), unique=True, max_size=4)


@given(people, screens, st.sets(st.integers(0, 500).map(str)), sizes)
def test_tiles_are_inside_even_apart_and_of_the_shape_of_a_camera(people, screens, talkers, size):
    tiles = arrange(people, screens, talkers, size)

    for rect in (tile.rect for tile in tiles):
        assert rect.x >= 0 and rect.y >= 0 and rect.width > 0 and rect.height > 0
        assert rect.x + rect.width <= size.width and rect.y + rect.height <= size.height
        assert not (rect.x | rect.y | rect.width | rect.height) & 1
    for one, other in combinations([tile.rect for tile in tiles], 2):
        apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart_x or one.y + one.height <= other.y or other.y + other.height <= one.y
    for tile in tiles:
        if not tile.screen:
            assert abs(tile.rect.width * 9 - tile.rect.height * 16) <= 2 * 16
            assert tile.speaking == (tile.owner in talkers)


@given(people, screens, st.sets(st.integers(0, 500).map(str)), sizes)
def test_everyone_is_shown_up_to_the_limit_talkers_first(people, screens, talkers, size):
    tiles = arrange(people, screens, talkers, size)

    places = places_for_people(len(screens), size)
    shown = [tile.owner for tile in tiles if not tile.screen]
    assert len(shown) == len(set(shown)) == min(len(people), places)
    assert set(shown) <= set(people)
    speaking = [person for person in people if person in talkers]
    assert len(set(shown) & talkers) == min(len(speaking), places)
    if len(people) <= places:
        assert shown == people
    assert [tile.owner for tile in tiles if tile.screen] == screens[-MAX_SCREENS:]


@given(st.integers(1, 5000), st.integers(1, 5000), sizes)
def test_a_picture_keeps_its_shape_and_fills_its_tile_one_way(width, height, size):
    tile = Rect(10, 20, size.width, size.height)

    rect = fitted(width, height, tile)

    assert rect.x >= tile.x and rect.x + rect.width <= tile.x + tile.width
    assert rect.y >= tile.y and rect.y + rect.height <= tile.y + tile.height
    assert not (rect.x | rect.y | rect.width | rect.height) & 1
    if min(rect.width, rect.height) > 2:
        assert tile.width - rect.width <= 1 or tile.height - rect.height <= 1
        # Rounding down to even numbers moves an edge by less than two pixels.
        assert (rect.width - 1) * height < (rect.height + 3) * width
        assert (rect.height - 1) * width < (rect.width + 3) * height


@pytest.mark.parametrize(
    ("count", "width"), [(1, 1280), (2, 640), (3, 640), (4, 640), (5, 426), (9, 426), (10, 320), (MAX_PEOPLE, 320)]
)
def test_the_grid_uses_the_room_there_is(count, width):
    tiles = arrange([str(number) for number in range(count)], [], (), HD)

    assert {tile.rect.width for tile in tiles} == {width}


def test_four_cameras_of_640x360_need_no_scaling_in_720p():
    tiles = arrange("abcd", [], (), HD)

    assert [tile.rect for tile in tiles] == [
        Rect(x, y, 640, 360) for y in (0, 360) for x in (0, 640)
    ]  # fmt: skip


def test_a_screen_has_four_fifths_of_the_width_and_all_of_it_when_nobody_is_beside():
    beside = arrange("abc", ["b"], (), HD)
    alone = arrange("", ["b"], (), HD)

    assert beside[0].rect == Rect(0, 0, 1024, 720)
    assert {tile.rect.x for tile in beside[1:]} == {1024}
    assert alone[0].rect == Rect(0, 0, 1280, 720)


def test_a_talker_without_a_place_gets_that_of_the_last_who_is_silent():
    everyone = [str(number) for number in range(MAX_PEOPLE + 3)]

    shown = [tile.owner for tile in arrange(everyone, [], {str(MAX_PEOPLE - 1), str(MAX_PEOPLE + 1)}, HD)]

    assert shown == [*everyone[: MAX_PEOPLE - 2], str(MAX_PEOPLE + 1), str(MAX_PEOPLE - 1)]

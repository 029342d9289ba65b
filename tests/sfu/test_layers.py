import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.layers import LayerState, choose_layer


def ladder(*live: bool, heights: tuple[int, ...] = (180, 360, 720)) -> list[LayerState]:
    return [LayerState(rid, height, alive) for rid, height, alive in zip("qhf", heights, live, strict=True)]


@pytest.mark.parametrize(
    ("max_height", "index"), [(1, 0), (180, 0), (181, 1), (360, 1), (500, 2), (720, 2), (2000, 2), (None, 2)]
)
def test_the_lowest_layer_that_is_high_enough_is_chosen(max_height, index):
    assert choose_layer(ladder(True, True, True), max_height) == index


@pytest.mark.parametrize(
    ("live", "max_height", "index"),
    [
        ((True, True, False), None, 1),
        ((True, False, True), 360, 0),
        ((False, True, True), 180, 1),
        ((False, False, True), 180, 2),
        ((True, False, False), None, 0),
    ],
)
def test_the_nearest_live_layer_stands_in_for_one_that_is_missing(live, max_height, index):
    assert choose_layer(ladder(*live), max_height) == index


def test_nothing_is_chosen_when_nothing_is_live_or_wanted():
    assert choose_layer(ladder(False, False, False), None) is None
    assert choose_layer(ladder(True, True, True), 0) is None
    assert choose_layer([], None) is None


def test_one_layer_is_chosen_whatever_is_wanted():
    assert choose_layer([LayerState("", 0, True)], 90) == 0


def test_unknown_heights_follow_from_a_known_layer():
    layers = ladder(True, True, True, heights=(0, 0, 1080))
    assert choose_layer(layers, 270) == 0
    assert choose_layer(layers, 540) == 1


def test_without_any_known_height_layers_double_from_180():
    assert choose_layer(ladder(True, True, True, heights=(0, 0, 0)), 300) == 1


@given(
    st.lists(st.builds(LayerState, st.just("x"), st.integers(0, 4320), st.booleans()), max_size=4),
    st.none() | st.integers(0, 5000),
)
def test_the_choice_is_live_whenever_something_is(layers, max_height):
    index = choose_layer(layers, max_height)
    if max_height == 0 or not any(layer.live for layer in layers):
        assert index is None
    else:
        assert index is not None
        assert layers[index].live

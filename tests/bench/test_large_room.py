"""The measurement of large rooms still runs: it replaces parts of the media node by its own, which may change."""

import gc
from collections.abc import Iterator

import pytest

from bench.large_room import measure


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's own again afterwards: the media node takes it over."""
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("collector")
async def test_a_small_large_room_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    await measure(participants=4, publishers=2, seconds=0.3)
    told = capsys.readouterr().out
    assert "4 join" in told
    assert "another talks" in told

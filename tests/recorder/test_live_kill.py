"""A live film whose process is killed at any moment plays, and lacks at most the last second."""

from pathlib import Path

import pytest

from recorder.composite.film import WholeFile
from recorder.live.finishing import with_index
from recorder.live.fragments import whole_fragments
from tests.support.killing import killed_at
from tests.support.live import film_of
from tests.support.probing import pictures, probe, sound


@pytest.mark.parametrize("kill_at", [1.5, 2.85])
def test_a_kill_costs_at_most_the_last_second(tmp_path: Path, kill_at: float) -> None:
    told = killed_at("tests.support.live_process", tmp_path, kill_at)
    film = film_of(tmp_path)
    assert whole_fragments(film.read_bytes()) == film.stat().st_size
    with_index(film, WholeFile(tmp_path / "film.mp4"))
    for path in (film, tmp_path / "film.mp4"):
        probed = probe(path)
        assert probed.packets["audio"][-1] > told - 1.0
        assert probed.packets["video"][-1] > told - 1.0
        assert len(pictures(path)) == len(probed.packets["video"])
        assert len(sound(path)) / 48000 == pytest.approx(probed.packets["audio"][-1], abs=0.1)


def test_a_fragment_is_written_with_its_media_or_not_at_all() -> None:
    def box(kind: bytes, size: int) -> bytes:
        return (8 + size).to_bytes(4, "big") + kind + bytes(size)

    head, moof, media = box(b"ftyp", 4) + box(b"moov", 9), box(b"moof", 20), box(b"mdat", 30)
    everything = head + moof + media + moof
    found = [whole_fragments(everything[:size]) for size in range(len(everything) + 1)]
    assert sorted(set(found)) == [0, 12, len(head), len(head + moof + media)]
    assert found == sorted(found)
    assert found[len(head + moof + media)] == len(head + moof + media)
    large = (1).to_bytes(4, "big") + b"mdat" + (20).to_bytes(8, "big") + bytes(4)
    assert whole_fragments(moof + large) == len(moof + large)
    assert whole_fragments(bytes(100)) == 0

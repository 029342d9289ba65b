"""A recorder that is killed at any moment leaves files that play and lack at most the last second."""

import pytest

from recorder.timeline import FileBegan, read_timeline
from tests.support.killing import killed_at
from tests.support.probing import pictures, probe, sound
from tests.support.publishing import brightness


@pytest.mark.parametrize("kill_at", [1.0, 3.35, 7.6])
def test_a_kill_costs_at_most_the_last_second(tmp_path, kill_at):
    told = killed_at("tests.support.recording_process", tmp_path, kill_at)
    file = tmp_path / "ada-1.mkv"
    assert [line.file for line in read_timeline(tmp_path / "timeline.jsonl") if isinstance(line, FileBegan)] == [
        file.name
    ]
    probed = probe(file)
    assert probed.packets["audio"][-1] > told - 1.0
    assert probed.packets["video"][-1] > told - 1.0
    assert probed.duration == pytest.approx(probed.packets["audio"][-1] + 0.02, abs=0.1)
    shown = pictures(file)
    assert len(shown) == len(probed.packets["video"])
    assert all(abs(one.brightness - brightness(number % 40)) < 4 for number, one in enumerate(shown))
    assert len(sound(file)) / 48000 == pytest.approx(probed.duration, abs=0.1)

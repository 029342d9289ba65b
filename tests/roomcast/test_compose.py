"""`roomcast compose`: what it prints, and what it leaves."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.support.recordings import Track, joined, write_file, write_timeline


def compose(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "roomcast", "compose", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def segment(folder: Path, seconds: float = 0.4) -> Path:
    write_file(folder / "ada-1.mkv", Track(0.4))
    write_timeline(folder, [*joined("ada"), *joined("bob")], end=seconds)
    return folder


def heed_interrupts() -> None:
    """What a shell runs in the background, CI for one, ignores SIGINT, and so does everything that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def interrupted(process: subprocess.Popen[bytes]) -> bytes:
    """What it says when Ctrl-C is pressed, and again if nothing happens: Python passes over an interrupt that comes
    while it calls back for a weak reference, as imports do."""
    for _ in range(4):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=30)[1]
    raise AssertionError("it goes on")


def test_it_makes_the_film_and_says_where_how_and_without_what(tmp_path):
    done = compose(segment(tmp_path), "--quality", "sd", "--encoder", "libx264", "--output", tmp_path / "film.mp4")

    assert done.returncode == 0, done.stderr
    assert "film.mp4: 0.4 s, encoded with libx264" in done.stdout
    assert "left out: bob-1.mkv (No such file or directory)" in done.stdout
    assert (tmp_path / "film.mp4").stat().st_size > 1000


def test_errors_say_what_to_do(tmp_path):
    nowhere = compose(tmp_path / "nowhere")
    assert (nowhere.returncode, nowhere.stdout) == (1, "")
    assert "name the folder of a recorded segment" in nowhere.stderr and "Traceback" not in nowhere.stderr

    quality = compose(tmp_path, "--quality", "4K")
    assert quality.returncode == 2 and "'4K' is none of LD, SD, HD" in quality.stderr


def test_control_c_leaves_no_half_file(tmp_path):
    segment(tmp_path, seconds=3600)
    command = [sys.executable, "-m", "roomcast", "compose", str(tmp_path), "--encoder", "libx264"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed_interrupts)
    deadline = time.monotonic() + 60
    while not (tmp_path / ".composite.mp4.part").exists():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)

    errors = interrupted(process)
    assert process.returncode not in (0, None) and b"Traceback" not in errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada-1.mkv", "timeline.jsonl"]

"""From the options of roomcast to those of the recorder."""

import os
from pathlib import Path

import pytest
from PIL import Image

from roomcast import recorder
from roomcast.config import ConfigError, Options


def options(tmp_path: Path, **values: object) -> Options:
    (tmp_path / "link-secret").write_text("the secret of the server\n")
    return Options.model_validate({"data_dir": tmp_path, "link_url": "ws://127.0.0.1:8080/link", **values})


def test_everything_has_its_place_below_the_data_folder(tmp_path: Path) -> None:
    found = recorder.recorder_options(options(tmp_path), "r1")
    assert found.link_url == "ws://127.0.0.1:8080/link/recorder"
    assert found.link_secret == "the secret of the server"
    assert found.folder == tmp_path / "recordings"
    assert found.archive_url == f"file://{tmp_path}/archive"
    assert found.capacity == 8 * (os.cpu_count() or 1)
    assert "the secret" not in repr(found)


def test_what_is_chosen_is_used(tmp_path: Path) -> None:
    chosen = options(
        tmp_path, recorder_dir="/var/rec", archive_url="s3://bucket/a", recorder_capacity=3, recorder_composites=2
    )
    found = recorder.recorder_options(chosen, "r1")
    assert (found.folder, found.archive_url) == (Path("/var/rec"), "s3://bucket/a")
    assert (found.capacity, found.composites) == (3, 2)


@pytest.mark.parametrize("size", [(141, 20), (20, 141)])
def test_a_watermark_that_is_too_large_is_refused_at_the_start(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "mark.png"
    Image.new("RGBA", size).save(path)
    with pytest.raises(ConfigError, match=r"^watermark: .*140"):
        recorder.check(options(tmp_path, watermark=path))
    Image.new("RGBA", (140, 140)).save(path)
    recorder.check(options(tmp_path, watermark=path))

"""What a recorder knows of a segment after it was killed."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.errors import RecordingError
from recorder.job_file import Job, JobError, JobResult, StoredFile, read_job
from recorder.work_folder import WorkFolder, WorkFolderError
from sfu.link_messages import Fingerprint
from sfu.recording_messages import TapTarget
from tests.support.recorder_signalling import put_segment

TAP = TapTarget(
    host="h",
    port=1,
    fingerprint=Fingerprint(algorithm="sha-256", value=":".join(["EE"] * 32)),
    tap_id="t",
    token="the token of the recorder",
)


def job(segment_id: str = "s", **values: object) -> Job:
    return Job(segment_id=segment_id, conf_num="CONF-1", segment=1, **values)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    one = job(composite="wanted", results=[JobResult(file_id="f", file="a.mkv", name="1-a.mkv", kind="recording")])
    one.save(tmp_path)
    one.results[0].stored = StoredFile(location="CONF-1/1-a.mkv", size=3, sha256="0" * 64)
    one.save(tmp_path)
    assert read_job(tmp_path) == one
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]


def test_a_save_that_fails_leaves_the_state_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job().save(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordingError) as caught:
        job(phase="over").save(tmp_path)
    assert caught.value.code == "disk-full"
    assert read_job(tmp_path).phase == "recording"


@given(st.text(max_size=140))
def test_no_conference_number_leads_out_of_the_archive(conf_num: str) -> None:
    order = put_segment(TAP).model_copy(update={"conf_num": conf_num})
    try:
        made = Job.of(order)
    except JobError:
        return
    assert Path(made.conf_num).name == made.conf_num
    assert made.conf_num not in (".", "..")


@pytest.mark.parametrize(
    ("composite", "webm", "expected"),
    [
        (True, False, ("wanted", "composite.mp4")),
        (False, True, ("wanted", "composite.webm")),
        (True, True, ("wanted", "composite.webm")),
        (False, False, ("none", "composite.mp4")),
    ],
)
def test_a_webm_takes_the_place_of_the_composite(composite: bool, webm: bool, expected: tuple[str, str]) -> None:
    made = Job.of(put_segment(TAP, composite=composite, webm=webm))
    assert (made.composite, made.composite_file) == expected


def test_what_is_no_segment_or_is_done_is_left_alone(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    for name, one in (("a", job("a")), ("b", job("b", phase="kept")), ("c", job("c", phase="over"))):
        (tmp_path / name).mkdir()
        one.save(tmp_path / name)
    for name, text in (("damaged", "{"), ("newer", '{"version": 2}')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "job.json").write_text(text)
    (tmp_path / "other").mkdir()
    assert [found.segment_id for _, found in folder.unfinished()] == ["a", "c"]
    folder.close()


def test_segments_of_one_number_have_folders_of_their_own(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    paths = {folder.of(job(segment_id)) for segment_id in ("a", "b", "../..", "a/b")}
    assert len(paths) == 4
    assert {path.parent for path in paths} == {tmp_path}
    folder.close()


def test_a_folder_is_held_by_one_and_free_afterwards(tmp_path: Path) -> None:
    first = WorkFolder(tmp_path / "new")
    with pytest.raises(WorkFolderError, match="in use"):
        WorkFolder(tmp_path / "new")
    first.close()
    WorkFolder(tmp_path / "new").close()

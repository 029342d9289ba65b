"""The folder in which a recorder works: one folder per segment until everything of it is delivered."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import structlog

from recorder.job_file import Job, JobError, read_job

LOCK_FILE = "lock"

log = structlog.get_logger()


class WorkFolderError(OSError):
    """The folder cannot be worked in; the text says why."""


class WorkFolder:
    """Held by one process at a time, until it ends or calls `close`."""

    def __init__(self, path: Path) -> None:
        """Make it, unless it is there. Raises WorkFolderError."""
        self.path = path
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WorkFolderError(f"{path} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise WorkFolderError(f"{path} is in use: another recorder works there") from error

    def close(self) -> None:
        os.close(self._lock)

    def free_bytes(self) -> int:
        """What the disk has left. Raises OSError."""
        return shutil.disk_usage(self.path).free

    def of(self, job: Job) -> Path:
        """The folder of a segment; no two have the same."""
        digest = hashlib.sha256(job.segment_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return self.path / f"{job.conf_num}-{job.segment}-{digest}"

    def unfinished(self) -> Iterator[tuple[Path, Job]]:
        """What an earlier process left to be done."""
        for folder in sorted(path for path in self.path.iterdir() if path.is_dir()):
            try:
                job = read_job(folder)
            except JobError as error:
                log.error("a folder is left alone, for it is no segment", folder=str(folder), error=str(error))
                continue
            # A film that somebody made by hand goes on to the archive.
            if job.phase != "kept" or (folder / job.composite_file).exists():
                yield folder, job

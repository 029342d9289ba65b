"""Debian's PostgreSQL server, started by the tests for themselves and stopped when they end."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT = 60.0


class PostgresError(AssertionError):
    """The server is not installed, or did not start."""


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of an empty database on a server of its own, reached through a Unix socket in a temporary folder."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="roomcast-pg-"))
    try:
        run_as = _run_as(folder)
        initdb = [
            programs / "initdb",
            "-D",
            folder / "data",
            "-U",
            "roomcast",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
        ]
        made = subprocess.run([*run_as, *initdb], cwd=folder, capture_output=True, text=True)
        if made.returncode != 0:
            raise PostgresError(f"initdb failed: {made.stdout}{made.stderr}")
        # No TCP at all: any number of these run side by side, and nobody else can reach them.
        options = ["-k", folder, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [*run_as, programs / "postgres", "-D", folder / "data", *options], cwd=folder, stdout=log, stderr=log
            )
        try:
            _wait_until_ready(server, programs, folder)
            yield f"postgresql://roomcast@/postgres?host={folder}"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder with the programs of the newest version installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise PostgresError("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def _run_as(folder: Path) -> list[str]:
    """What to put before a command so that it ends with the tests, and does not run as root, which it refuses."""
    ends_with_us = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return ends_with_us
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*ends_with_us, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]


def _wait_until_ready(server: "subprocess.Popen[bytes]", programs: Path, folder: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT
    while subprocess.run([programs / "pg_isready", "-q", "-h", folder]).returncode != 0:
        if server.poll() is not None or time.monotonic() > give_up:
            raise PostgresError(f"PostgreSQL did not start: {(folder / 'log').read_text(errors='replace')}")
        time.sleep(0.05)

"""The end of a live film: the same pictures and sound with an index in front, in place of fragments.

Fragments play everywhere, but have no index: most players show no duration and seek badly, and editors want none of
them. Copying takes seconds for an hour. It is done in a process of its own, `python -m recorder.live.finishing FOLDER`,
whatever became of the one that made the film; where it fails, the fragments are delivered as they are.
"""

import asyncio
import mmap
import os
import sys
from pathlib import Path

import av
import structlog

from recorder.composite.film import MP4, WholeFile
from recorder.composite.pictures import unbroken
from recorder.live.fragments import whole_fragments
from recorder.live.messages import FILM, FRAGMENTS

log = structlog.get_logger()


async def finished_film(folder: Path) -> str | None:
    """The name of the file in the folder that is to be delivered; None when nothing was recorded.

    Cancelling it ends the process and leaves the fragments.
    """
    film, fragments = folder / FILM, folder / FRAGMENTS
    if not film.exists():
        if not fragments.exists() or not fragments.stat().st_size:
            return None
        reason = await _finish(folder)
        if reason:
            log.warning("a live film is delivered in fragments", folder=str(folder), reason=reason)
            return FRAGMENTS
    fragments.unlink(missing_ok=True)
    return FILM


async def _finish(folder: Path) -> str:
    """Why it did not work, or nothing."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "recorder.live.finishing",
            str(folder),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return f"no process could be started: {error}"
    try:
        _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if not process.returncode:
        return ""
    last = errors.decode(errors="replace").strip().rpartition("\n")[2]
    return last or f"the process died (exit code {process.returncode})"


def with_index(fragments: Path, destination: WholeFile) -> None:
    """Copy the film, which nobody writes to any more, up to where it breaks off. Raises av.FFmpegError and OSError."""
    _cut(fragments)
    try:
        with (
            av.open(str(fragments.absolute())) as source,
            av.open(destination.target, "w", MP4.name, dict(MP4.options)) as target,
        ):
            copies = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
            for packet in unbroken(source.demux()):
                if packet.dts is not None:
                    packet.stream = copies[packet.stream.index]
                    target.mux(packet)
        destination.complete()
    except BaseException:
        destination.discard()
        raise


def _cut(fragments: Path) -> None:
    """Takes off a last fragment that is not whole: half a picture would look like one that is broken."""
    with fragments.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        whole = whole_fragments(content)
    os.truncate(fragments, whole)


def main() -> None:
    folder = Path(sys.argv[1])
    try:
        with_index(folder / FRAGMENTS, WholeFile(folder / FILM))
    except (av.FFmpegError, OSError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()

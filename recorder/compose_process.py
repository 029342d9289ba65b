"""The process that makes one composite: `python -m recorder.compose_process`.

It reads one `ComposeOrder` from standard input and writes its news to standard output, each as a line of JSON. When
standard input ends, whoever ordered is gone, and so is it.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

NICENESS = 10
"""Recording comes first, and so does everything else on the machine."""
TERMINATED = 143


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ComposeOrder(_Line):
    """As `recorder.composite.segment.compose_segment` takes it."""

    folder: Path
    output: Path
    encoder: str = "auto"
    watermark: Path | None = None


class ComposeProgress(_Line):
    type: Literal["progress"] = "progress"
    percent: Annotated[float, Field(ge=0, le=100)]


class ComposeSucceeded(_Line):
    """`duration` is in seconds; `left_out` has each file that could not be used, with the reason."""

    type: Literal["made"] = "made"
    encoder: str
    duration: float
    left_out: dict[str, str]


class ComposeRefused(_Line):
    """It cannot be made: the `code` of a CompositeError and its text."""

    type: Literal["refused"] = "refused"
    code: str
    message: str


ComposeNews = Annotated[ComposeProgress | ComposeSucceeded | ComposeRefused, Field(discriminator="type")]
NEWS: TypeAdapter[ComposeNews] = TypeAdapter(ComposeNews)


def main() -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGTERM, _terminate)
    order = ComposeOrder.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_input, daemon=True).start()
    _say(_compose(order))


def _compose(order: ComposeOrder) -> ComposeSucceeded | ComposeRefused:
    # Loads FFmpeg, which whoever only wants the messages of this module need not.
    from recorder.composite.errors import CompositeError
    from recorder.composite.segment import Choices, compose_segment

    try:
        made = compose_segment(
            order.folder,
            order.output,
            Choices(encoder=order.encoder, watermark=order.watermark),
            lambda progress: _say(ComposeProgress(percent=progress.percent)),
        )
    except CompositeError as error:
        return ComposeRefused(code=error.code, message=str(error))
    return ComposeSucceeded(encoder=made.encoder, duration=made.duration, left_out=made.left_out)


def _say(news: _Line) -> None:
    sys.stdout.write(news.model_dump_json() + "\n")
    sys.stdout.flush()


def _terminate(number: int, frame: FrameType | None) -> None:
    """By an exception, so that what has been written of the film is deleted."""
    raise SystemExit(TERMINATED)


def _end_with_input() -> None:
    """At once: a recorder that was started again may be writing the same film already."""
    # Not by sys.stdin, whose lock, held by this thread, would keep the process from ending in good order.
    while os.read(0, 1024):
        pass
    os._exit(TERMINATED)


if __name__ == "__main__":
    main()

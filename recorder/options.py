"""What a recorder is told at its start."""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

SEGMENTS_PER_CORE = 8
"""Writing a session of ten costs a few hundredths of a core; what is left of it makes composites."""


def default_capacity() -> int:
    """How many segments a machine like this one may record at once."""
    return SEGMENTS_PER_CORE * (os.cpu_count() or 1)


class RecorderOptions(BaseModel):
    """`link_url` is that of recorders, `ws(s)://HOST/link/recorder`. `folder` is this recorder's alone.

    `archive_url` is where finished files go, in the words of fsspec; `composites` how many are made at the same time;
    `encoder` is `auto` or one of `recorder.encoders.ENCODERS`; `min_free_bytes` is what the disk of `folder` must have
    left before another segment is begun. `browser` shows pages as layouts, see `recorder.web_view.browser`, and
    `web_hosts` are those that these may reach wherever they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    link_url: str
    link_secret: str = Field(repr=False)
    recorder_id: str = Field(min_length=1, max_length=128)
    folder: Path
    archive_url: str = Field(repr=False)
    zone: str = "XX"
    capacity: int = Field(default_factory=default_capacity, ge=1)
    composites: int = Field(default=1, ge=1)
    min_free_bytes: int = Field(default=0, ge=0)
    encoder: str = "auto"
    watermark: Path | None = None
    browser: Path | None = None
    web_hosts: tuple[str, ...] = ()

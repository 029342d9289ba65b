"""A running server, and an application's backend that takes its webhooks."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from signalling.webhooks import sender
from tests.support.signalling import Signalling, running_signalling
from tests.support.webhook_receiver import Receiver, receiving

WEBHOOK_SECRET = "a webhook secret"


@pytest.fixture
async def backend(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    monkeypatch.setattr(sender, "POLL_PERIOD", 0.01)
    async with receiving(WEBHOOK_SECRET) as receiver:
        yield receiver


@pytest.fixture
async def server(tmp_path: Path, backend: Receiver) -> AsyncIterator[Signalling]:
    async with running_signalling(
        tmp_path,
        webhook_urls=(backend.url,),
        webhook_secret=WEBHOOK_SECRET,
        recording_web_hosts=("example.com",),
        link_timeout=1.0,
    ) as server:
        yield server

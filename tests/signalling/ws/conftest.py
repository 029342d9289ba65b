"""A running server and a media node that does as it is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.link_node import LinkNode, link_node
from tests.support.signalling import SECRET, Signalling, running_signalling


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Signalling]:
    async with running_signalling(tmp_path, recording_web_hosts=("example.com",)) as server:
        yield server


@pytest.fixture
async def node(server: Signalling) -> AsyncIterator[LinkNode]:
    async with link_node(server.url, secret=SECRET) as node:
        yield node

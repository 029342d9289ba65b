"""Every test of the forwarding core runs with both flushes, the one in Python and the compiled one."""

from collections.abc import Iterator

import pytest

from sfu.forwarding.compiled_flush import CompiledFlush
from sfu.forwarding.plain_flush import PlainFlush
from sfu.native import ffi, is_built
from tests.support.forwarding import Session
from tests.support.pretended_sockets import sendmmsg_to_doubles


@pytest.fixture(params=["plain", "compiled"], autouse=True)
def flush(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Which flush the test's sessions have."""
    if request.param == "plain":
        monkeypatch.setattr(Session, "make_flush", PlainFlush)
        yield request.param
        return
    if not is_built():
        pytest.skip("the compiled flush was not built")
    send = sendmmsg_to_doubles(ffi)
    monkeypatch.setattr(Session, "make_flush", staticmethod(lambda segmentation: CompiledFlush(segmentation, send)))
    yield request.param

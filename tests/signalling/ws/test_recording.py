"""Recording over the WebSocket: what recorders are told, and what clients may not do."""

from typing import Any

import pytest

from signalling.domain.effects import BeginRecording, FinishRecording, WebLayout
from tests.support.recording import RememberingRecorder
from tests.support.signalling import RefusedByServerError, RpcClient, Signalling


async def _begin(server: Signalling, client: RpcClient) -> RememberingRecorder:
    """Join a new room as its moderator, and then link a recorder."""
    room = await server.room()
    await client.call("join", token=server.token(room, "Ann", "moderator"))
    session = server.sessions.find(room.room_id)
    assert session is not None
    session.recording = recorder = RememberingRecorder()
    server.sessions.recorders_changed(True)
    return recorder


async def test_recorders_are_told_what_to_do(server: Signalling) -> None:
    async with server.client() as ann:
        recorder = await _begin(server, ann)
        page = {"url": "https://example.com/layout", "chat_overlay": True, "layout": {"columns": 2}}
        await ann.call("start-record")
        await ann.call("start-live-recording", url_details=page)
        await ann.call("stop-record")
        await ann.call("leave")
    assert [effect for _, effect in recorder.done] == [
        BeginRecording("individual", 1),
        BeginRecording("live", 1, WebLayout("https://example.com/layout", True, {"columns": 2})),
        FinishRecording("individual"),
        FinishRecording("live"),
    ]
    assert {conf_num for conf_num, _ in recorder.done} == {"CONF-100001"}


async def test_sessions_that_run_hear_of_a_recorder_that_comes(server: Signalling) -> None:
    async with server.client() as ann:
        room = await server.room()
        await ann.call("join", token=server.token(room, "Ann", "moderator"))
        with pytest.raises(RefusedByServerError, match="no-recorder"):
            await ann.call("start-record")
        server.sessions.recorders_changed(True)
        session = server.sessions.find(room.room_id)
        assert session is not None and session.session.state.recording.available


@pytest.mark.parametrize(
    "page",
    [
        {},
        {"url": "javascript:alert(1)"},
        {"url": "file:///etc/passwd"},
        {"url": "https://"},
        {"url": "https://example.com/" + 2048 * "a"},
        {"url": "https://example.com/", "layout": {"a": 16_384 * "b"}},
        {"url": "https://example.com/", "chat_overlay": "yes"},
        {"url": "https://example.com/", "more": 1},
    ],
)
async def test_a_page_that_is_none_is_refused(server: Signalling, page: dict[str, Any]) -> None:
    async with server.client() as ann:
        recorder = await _begin(server, ann)
        with pytest.raises(RefusedByServerError, match="invalid-params"):
            await ann.call("start-live-recording", url_details=page)
        assert recorder.done == []

"""Pages that were written to the EnableX Web SDK run with `sdk/enx.js` instead.

The examples of the document are in `enx_examples.html`, as they stand there. Those that record are run by
`tests/sdk/enx.test.mjs`, against a fake server: here they would need a recorder.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.support import chromium
from tests.support.page import eventually
from tests.support.server import Server
from tests.support.site import one_page_site

PAGE = Path(__file__).with_name("enx_examples.html")
# Seconds until 10 minutes are left: time for everybody to join and to listen.
NOTICE = 15


class Application:
    """The page of the examples, open in a browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.client_id = ""
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    async def start(self, token: str) -> dict[str, Any]:
        """Joins; what the callback of `joinRoom` was told."""
        await eventually(self.page, "!!window.EnxRtc", "enx.js is there")
        joined: dict[str, Any] = await self.page.evaluate(f"start({json.dumps(token)})")
        self.client_id = joined.get("clientId", "")
        return joined

    async def speak_of(self, target: "Application") -> None:
        """Says whom the examples mean."""
        names = ("targetClientId", "participantClientId", "presenterClientId", "clientId1")
        assignments = [f"{name} = {json.dumps(target.client_id)};" for name in names]
        await self.page.evaluate(f"{' '.join(assignments)} clientId2 = {json.dumps(self.client_id)};")

    async def run(self, example: str) -> None:
        await self.page.evaluate(f"run({json.dumps(example)})")

    async def called(self, name: str, times: int = 1) -> Any:
        """Waits until the examples have called this function of the application so often; the last argument."""
        calls = f"calls.filter(([name]) => name === {json.dumps(name)})"
        await eventually(self.page, f"{calls}.length >= {times}", f"{name} is called", otherwise="calls")
        assert await self.page.evaluate(f"{calls}.length") == times
        return await self.page.evaluate(f"{calls}.at(-1)[1] ?? null")

    async def logged(self, lines: int) -> list[str]:
        """Waits until the examples have written so many lines to the console; the lines."""
        await self.called("console.log", lines)
        return list(
            await self.page.evaluate("calls.filter(([name]) => name === 'console.log').map(([, line]) => line)")
        )

    async def never_called(self, name: str) -> None:
        assert await self.page.evaluate(f"calls.filter(([name]) => name === {json.dumps(name)})") == []

    async def sees_somebody(self) -> None:
        playing = "[...document.querySelectorAll('#others video')].some((video) => video.videoWidth > 0)"
        await eventually(self.page, playing, "somebody else's picture is played")


@asynccontextmanager
async def applications(server: Server, browser: Browser, count: int) -> AsyncIterator[list[Application]]:
    """So many pages, each in a browser context of its own. None may have thrown at the end."""
    html = PAGE.read_text().replace("SERVER", server.url)
    async with one_page_site(html) as url:
        opened = [Application(await (await chromium.open_context(browser)).new_page()) for _ in range(count)]
        for application in opened:
            await application.page.goto(url)
        yield opened
        assert [application.errors for application in opened] == [[] for _ in opened]


async def room_with_a_notice(server: Server) -> str:
    """A room where everybody is told that 10 minutes are left, so many seconds from now."""
    begin = datetime.now(UTC) + timedelta(seconds=NOTICE)
    schedule = {"scheduled": True, "scheduled_time": begin.strftime("%Y-%m-%d %H:%M:%S"), "duration": "10"}
    return await server.create_enablex_room(**schedule)


async def test_the_examples_of_the_document_run_as_they_stand(server: Server, browser: Browser) -> None:
    room_id = await room_with_a_notice(server)
    async with applications(server, browser, 2) as (mia, eve):
        joined = await mia.start(await server.create_token(room_id, "Mia", "moderator"))
        assert joined == {"clientId": mia.client_id, "role": "moderator", "publishId": mia.client_id}
        await eve.start(await server.create_token(room_id, "Eve"))
        await mia.called("room-connected")
        await mia.speak_of(eve)
        await eve.speak_of(mia)
        await eve.page.evaluate("listen()")
        # Whoever has run it is asked, whenever the time has come.
        await mia.run("extend-duration")
        await mia.sees_somebody()
        await eve.sees_somebody()

        await mia.run("hard-mute-room")
        for page in (mia, eve):
            await page.called("showRoomMutedBanner")
            await page.called("hideRoomMutedBanner")

        await mia.run("hard-mute-user")
        await eve.called("showForceMutedIndicator")
        await eve.called("showForcedVideoOffIndicator")
        await mia.never_called("showForceMutedIndicator")
        await mia.never_called("showForcedVideoOffIndicator")

        await mia.run("lock")
        for page in (mia, eve):
            await page.called("showLockedRoomBadge")
            await page.called("hideLockedRoomBadge")

        await mia.run("pin")
        await mia.run("spotlight")
        for page in (mia, eve):
            assert await page.called("refreshPinnedIndicators", 2) == [mia.client_id]
            assert await page.called("refreshSpotlightHighlights", 2) == []

        await mia.run("switch-room-mode")
        for page in (mia, eve):
            await page.called("showLectureModeUI")
        await mia.page.evaluate("room.switchRoomMode('group', function () {})")
        for page in (mia, eve):
            await page.called("showPublishPrompt")

        await mia.run("switch-user-role")
        hands = {"raisedHands": [], "approvedHands": []}
        for page in (mia, eve):
            event = await page.called("refreshModeratorControls")
            assert event | {"moderator": {"new": eve.client_id, "old": mia.client_id}, **hands} == event
        await eve.page.evaluate("room.switchUserRole(targetClientId, function () {})")
        await mia.called("refreshModeratorControls", 2)

        assert await mia.called("showExtensionPrompt") == 10
        await mia.page.evaluate("requestExtension()")
        assert await mia.called("showExtensionConfirmed") == 10

        await mia.run("drop-user")
        await eve.called("showDroppedMessage")
        await mia.never_called("showDroppedMessage")
        assert await eve.page.evaluate("room.status") == 0

        assert await mia.logged(5) == [
            "Participant audio muted",
            "Participant video muted",
            "Switched to lecture mode",
            "Role switched",
            "User dropped",
        ]

        await eve.start(await server.create_token(room_id, "Eve"))
        await eve.page.evaluate("listen()")
        await mia.run("destroy")
        for page in (mia, eve):
            await page.called("showSessionEndedScreen", 1 if page is mia else 2)


async def test_the_examples_of_moderated_entry_run_as_they_stand(server: Server, browser: Browser) -> None:
    room_id = await server.create_enablex_room(knock=True)
    async with applications(server, browser, 3) as (mia, eve, dan):
        await eve.start(await server.create_token(room_id, "Eve"))
        assert await eve.called("room-awaited") == {"event_type": "knock"}
        await eve.page.evaluate("listen()")
        await mia.start(await server.create_token(room_id, "Mia", "moderator"))
        waiting = await mia.page.evaluate("room.awaitedParticipants")
        assert waiting == [{"clientId": eve.client_id, "name": "Eve"}]

        await mia.run("knock")
        await mia.page.evaluate(f"approveUser({json.dumps(eve.client_id)})")
        await eve.called("publishStream")
        await mia.sees_somebody()
        await eve.sees_somebody()

        await dan.start(await server.create_token(room_id, "Dan"))
        assert await mia.called("showApprovalPrompt") == {"clientId": dan.client_id, "name": "Dan"}
        await mia.page.evaluate(f"denyUser({json.dumps(dan.client_id)})")
        assert (await dan.called("room-disconnected"))["cause"]["msg"] == "denied-by-moderator"
        assert await mia.logged(2) == [f"User approved: {eve.client_id}", f"User denied: {dan.client_id}"]


async def test_a_token_that_is_used_is_told_to_the_callback(server: Server, browser: Browser) -> None:
    room = await server.create_room()
    async with applications(server, browser, 1) as (mia,):
        await mia.start(room.token)
        await mia.page.evaluate("room.disconnect()")
        refused = (await mia.start(room.token))["error"]
        assert (refused["type"], refused["name"], refused["error"]) == ("token-used", "token-used", 1103)

"""A server and a Chromium for all tests, and a place to report what was measured."""

import fcntl
import tempfile
from collections.abc import AsyncIterator, Callable, Generator
from pathlib import Path
from typing import IO

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser.guest import House
from tests.support import chromium
from tests.support.server import Server, running_server

# Seconds; a test takes 5 to 20 where nothing else runs.
TIMEOUT = 240
# A busy machine takes its time for what a person would have at once.
expect.set_options(timeout=60_000)
MEASURED = pytest.StashKey[list[str]]()
TURN = pytest.StashKey[IO[str]]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TIMEOUT))
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the end of the server's log when a test fails: the server goes on for the tests that follow."""
    report = yield
    server = getattr(item, "funcargs", {}).get("server")
    if report.failed and server is not None:
        report.sections.append(("the end of the server's log", server.log_tail()))
    return report


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MEASURED] = []


def pytest_collection_finish(session: pytest.Session) -> None:
    """Runs that share a machine take turns: two at once would leave no browser the time that the tests grant it."""
    # A worker of xdist must not wait here: its run begins when all workers have collected.
    if hasattr(session.config, "workerinput"):
        return
    if any(item.get_closest_marker("browser") for item in session.items):
        lock = session.config.stash[TURN] = (Path(tempfile.gettempdir()) / "roomcast-browser-tests.lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash[MEASURED]:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Reports a line at the end of the run."""
    return request.config.stash[MEASURED].append


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One for all tests: each makes rooms of its own."""
    async with running_server(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def recording_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """One with a recorder, for all tests that do not care what else it records."""
    async with running_server(tmp_path_factory.mktemp("recording"), recorders="1") as running:
        await running.wait_for_recorder()
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_process() -> AsyncIterator[Browser]:
    async with chromium.chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def browser(chromium_process: Browser) -> AsyncIterator[Browser]:
    """A browser without any page, at the beginning of a test and after it."""
    yield chromium_process
    for context in chromium_process.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def house(server: Server, browser: Browser) -> AsyncIterator[House]:
    """At the end no page may have reported an error, those of the content security policy included."""
    house = House(server, browser)
    yield house
    assert {guest.name: guest.troubles for guest in house.guests if guest.troubles} == {}

"""An FTP server for tests: aioftp's, in a thread of its own, as FTP clients block."""

import asyncio
import logging
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aioftp


class FtpServer:
    """Serves a folder to `ada`, whose password is `secret`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ftp-server", daemon=True)
        self._thread.start()
        user = aioftp.User("ada", "secret", base_path=folder)
        self._server = aioftp.Server([user])
        self._run(self._server.start("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"ftp://ada:secret@127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        # Clients have hung up; a server that is closed before it has noticed complains of what it did itself.
        while self._server.connections:
            await asyncio.sleep(0.01)
        await self._server.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=60)


@contextmanager
def ftp_server(folder: Path) -> Iterator[FtpServer]:
    folder.mkdir()
    # It takes a client that hangs up for an error.
    logging.getLogger("aioftp.server").setLevel(logging.CRITICAL)
    server = FtpServer(folder)
    try:
        yield server
    finally:
        server.close()

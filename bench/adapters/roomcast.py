"""roomcast, started from this checkout: signalling and one media process, no recorder."""

import json
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.adapters.roomcast_client import RoomcastClient
from bench.adapters.server import Member, Seat, ServerError, ServerProcess, Stall, free_port
from bench.client.engine import Engine
from bench.place import Place


class RoomcastServer:
    """See Server."""

    key, name = "roomcast", "roomcast"

    def __init__(self, place: Place, folder: Path) -> None:
        self.version = version("roomcast")
        self._folder = folder
        # In a namespace of its own every port is free.
        self._port = 8080 if place.namespaces else free_port(place.server_address)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ROOMCAST_")}
        environment |= {
            "ROOMCAST_HTTP_HOST": place.server_address,
            "ROOMCAST_HTTP_PORT": str(self._port),
            "ROOMCAST_MEDIA_HOST": place.server_address,
            "ROOMCAST_MEDIA_PORT": "0",
            "ROOMCAST_PUBLIC_ADDRESSES": place.server_address,
            "ROOMCAST_MEDIA_PROCESSES": "1",
            "ROOMCAST_RECORDERS": "0",
            "ROOMCAST_LOCAL_MODE": "false",
            "ROOMCAST_SOCKETS_PER_ADDRESS": "100000",
            "ROOMCAST_DATA_DIR": str(folder / "data"),
            "ROOMCAST_LOG_LEVEL": "warning",
        }
        command = [sys.executable, "-m", "bench.adapters.uncapped", "serve"]
        self._process = ServerProcess(place.command(command), folder / "roomcast.log", environment)
        self._url = f"http://{place.server_address}:{self._port}"
        self.client: RoomcastClient | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    async def start(self) -> None:
        await self._process.start()
        credentials = self._folder / "data" / "credentials.json"

        async def ready() -> bool:
            if self.client is None:
                if not credentials.exists():
                    return False
                known = json.loads(credentials.read_text())
                self.client = await RoomcastClient(self._url, known["app_id"], known["app_key"]).__aenter__()
            return await self.client.healthy()

        await self._process.until(ready, self.name)

    async def stop(self) -> None:
        if self.client is not None:
            await self.client.__aexit__()
            self.client = None
        await self._process.stop()

    async def create_room(self, people: int, talkers: int) -> str:
        return await self.running.create_room(people, talkers)

    async def join(self, engine: Engine, room: str, seat: Seat) -> Member:
        return await self.running.join(engine, room, seat)

    async def access(self, room: str) -> dict[str, Any]:
        return {"url": self._url, "token": await self.running.token(room, "participant")}

    async def stall(self) -> Stall | None:
        return await self.running.stall()

    async def complete(self, engine: Engine, room: str) -> None:
        """Slots fill themselves."""

    @property
    def running(self) -> RoomcastClient:
        """The client of the server, which was started. Raises ServerError."""
        if self.client is None:
            raise ServerError("roomcast was not started")
        return self.client

"""The store: one object through which signalling keeps and finds everything that lasts."""

from typing import Self

from signalling.store.archive_files import ArchiveFiles
from signalling.store.chronicle import Chronicle
from signalling.store.connections import Connections
from signalling.store.database import Database
from signalling.store.rooms import Rooms
from signalling.store.session_events import SessionEvents
from signalling.store.sessions import Sessions
from signalling.store.used_tokens import UsedTokens


class Store:
    """The database, by subject. Made with `await Store.open(url)`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rooms = Rooms(database)
        self.sessions = Sessions(database)
        self.connections = Connections(database)
        self.session_events = SessionEvents(database)
        self.archive_files = ArchiveFiles(database)
        self.used_tokens = UsedTokens(database)
        self.chronicle = Chronicle(database)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect and bring the schema up to date.

        Raises StoreError for a URL that is not SQLite's or PostgreSQL's (`sqlite:////path/to/file`,
        `postgresql://user:password@host/name`), SQLAlchemyError or OSError when the database cannot be reached.
        """
        database = Database(url)
        try:
            await database.migrate()
        except BaseException:
            await database.close()
            raise
        return cls(database)

    async def tidy(self, now: float) -> None:
        """Forget what nobody needs any more: long expired tokens, adhoc rooms whose time is over."""
        await self.used_tokens.forget_expired(now)
        await self.rooms.delete_used_up(now)

    async def close(self) -> None:
        """Close the connections to the database."""
        await self._database.close()

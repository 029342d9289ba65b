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
from signalling.store.webhooks import Webhooks


class Store:
    """The database, by subject. Made with `await Store.open(url)`."""

    def __init__(self, database: Database, webhook_urls: tuple[str, ...] = ()) -> None:
        self._database = database
        self.webhooks = Webhooks(database, webhook_urls)
        self.rooms = Rooms(database)
        self.sessions = Sessions(database, self.webhooks)
        self.connections = Connections(database)
        self.session_events = SessionEvents(database)
        self.archive_files = ArchiveFiles(database, self.webhooks)
        self.used_tokens = UsedTokens(database)
        self.chronicle = Chronicle(database, self.webhooks)

    @classmethod
    async def open(cls, url: str, webhook_urls: tuple[str, ...] = ()) -> Self:
        """Connect and bring the schema up to date. What happens is announced to `webhook_urls`.

        Raises StoreError for a URL that is not SQLite's or PostgreSQL's (`sqlite:////path/to/file`,
        `postgresql://user:password@host/name`), SQLAlchemyError or OSError when the database cannot be reached.
        """
        database = Database(url)
        try:
            await database.migrate()
        except BaseException:
            await database.close()
            raise
        return cls(database, webhook_urls)

    async def tidy(self, now: float) -> None:
        """Forget what nobody needs any more: long expired tokens, adhoc rooms whose time is over,
        webhooks that were delivered."""
        await self.used_tokens.forget_expired(now)
        await self.rooms.delete_used_up(now)
        await self.webhooks.forget_settled(now)

    async def close(self) -> None:
        """Close the connections to the database."""
        await self._database.close()

"""The queue of webhook deliveries. What is announced is queued in the transaction that makes it true."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from signalling.store import schema
from signalling.store.database import Database
from signalling.store.numbers import conf_num_of
from signalling.webhooks.announcements import Announcement, body, event_id

_TABLE = schema.webhook_deliveries
# Settled deliveries are kept for whoever looks into what was sent (seconds).
_KEPT_AFTER_SETTLING = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Delivery:
    """One announcement on its way to one URL. `created_at` is in Unix seconds."""

    delivery_number: int
    event_id: str
    url: str
    name: str
    body: str
    created_at: float
    attempts: int


class Webhooks:
    """Deliveries to all of `urls`."""

    def __init__(self, database: Database, urls: tuple[str, ...]) -> None:
        self._database = database
        self.urls = urls

    def announce(self, connection: Connection, session_number: int, announcement: Announcement) -> None:
        """Queue an announcement within the caller's transaction; one that is queued already stays as it is."""
        if not self.urls:
            return
        sessions = schema.sessions
        query = select(sessions.c.app_id, sessions.c.room_id, sessions.c.room).where(
            sessions.c.session_number == session_number
        )
        session = connection.execute(query).one()
        conf_num = conf_num_of(session_number)
        identity = event_id(conf_num, announcement)
        text = body(
            announcement,
            app_id=session.app_id,
            conf_num=conf_num,
            room_id=session.room_id,
            room_name=session.room["name"],
        )
        known = set(connection.execute(select(_TABLE.c.url).where(_TABLE.c.event_id == identity)).scalars())
        for url in self.urls:
            if url not in known:
                connection.execute(
                    insert(_TABLE).values(
                        event_id=identity,
                        url=url,
                        name=announcement.name,
                        body=text,
                        created_at=announcement.at,
                        next_attempt_at=announcement.at,
                    )
                )

    async def due(self, url: str, now: float, limit: int) -> list[Delivery]:
        """The deliveries to a URL that are to be attempted now, oldest first."""
        query = (
            select(_TABLE)
            .where(_TABLE.c.url == url, _TABLE.c.next_attempt_at <= now)
            .order_by(_TABLE.c.delivery_number)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [
                Delivery(
                    delivery_number=row.delivery_number,
                    event_id=row.event_id,
                    url=row.url,
                    name=row.name,
                    body=row.body,
                    created_at=row.created_at,
                    attempts=row.attempts,
                )
                for row in await connection.execute(query)
            ]

    async def delivered(self, delivery: Delivery, now: float) -> None:
        await self._settle(delivery, delivered_at=now, next_attempt_at=None, last_error=None)

    async def failed(self, delivery: Delivery, error: str, next_attempt_at: float | None) -> None:
        """`next_attempt_at` None gives it up."""
        await self._settle(delivery, delivered_at=None, next_attempt_at=next_attempt_at, last_error=error)

    async def waiting(self) -> int:
        """How many deliveries are neither done nor given up."""
        query = select(func.count()).select_from(_TABLE).where(_TABLE.c.next_attempt_at.is_not(None))
        async with self._database.read() as connection:
            number: int = (await connection.execute(query)).scalar_one()
        return number

    async def forget_settled(self, now: float) -> None:
        """Forget deliveries that were settled long ago, and those to URLs that are configured no more."""
        old = _TABLE.c.next_attempt_at.is_(None) & (_TABLE.c.created_at < now - _KEPT_AFTER_SETTLING)
        async with self._database.write() as connection:
            await connection.execute(delete(_TABLE).where(or_(old, _TABLE.c.url.not_in(self.urls))))

    async def _settle(
        self, delivery: Delivery, *, delivered_at: float | None, next_attempt_at: float | None, last_error: str | None
    ) -> None:
        async with self._database.write() as connection:
            await connection.execute(
                update(_TABLE)
                .where(_TABLE.c.delivery_number == delivery.delivery_number)
                .values(
                    attempts=delivery.attempts + 1,
                    delivered_at=delivered_at,
                    next_attempt_at=next_attempt_at,
                    last_error=last_error,
                )
            )

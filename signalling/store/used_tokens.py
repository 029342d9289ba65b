"""Which tokens were used. This is what makes a token good for one use only, across processes and restarts."""

from sqlalchemy import delete, select

from signalling.store import schema
from signalling.store.database import Database
from signalling.store.insertion import insert_new

_TABLE = schema.used_tokens
# A used token is remembered longer than it is valid, in case the clocks of two machines differ (seconds).
_KEPT_AFTER_EXPIRY = 3600


class UsedTokens:
    """The ids (`jti`) of tokens that were used and have not expired long ago."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use(self, jti: str, expires: float) -> bool:
        """Use up a token: True for exactly one caller, however many try at once. `expires` is in Unix seconds."""
        values = {"jti": jti, "expires_at": expires}
        return await self._database.write_with(lambda connection: insert_new(connection, _TABLE, values))

    async def is_used(self, jti: str) -> bool:
        """Whether the token was used, for those who only want to know."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(_TABLE.c.jti).where(_TABLE.c.jti == jti))).first()
        return row is not None

    async def forget_expired(self, now: float) -> int:
        """Forget tokens that expired long enough ago; returns how many."""
        async with self._database.write() as connection:
            result = await connection.execute(delete(_TABLE).where(_TABLE.c.expires_at < now - _KEPT_AFTER_EXPIRY))
        return result.rowcount

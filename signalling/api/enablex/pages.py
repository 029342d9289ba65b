"""Long lists in pages: the query parameters `limit` and `after`, and `next` in the answer."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic_core import PydanticCustomError

from signalling.api.enablex.errors import ApiError, ErrorCode
from signalling.api.enablex.queries import check_query

MAX_LIMIT = 1000

CursorInstant = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
"""Unix seconds in a cursor, within what a database can hold."""
RoomId = Annotated[str, Field(pattern="^[0-9a-f]{24}$")]

K = TypeVar("K")


def _digits(value: object) -> object:
    # Pydantic would take 1_0 and 10.0 too.
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) <= 9):
        raise PydanticCustomError("not-a-number", "must be a whole number")
    return value


class PageQuery(BaseModel):
    """The query parameters of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=MAX_LIMIT)] = MAX_LIMIT
    after: Annotated[str, Field(max_length=512)] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[K]):
    """At most `limit` items of a list, those that follow the item with the key `after`."""

    limit: int
    after: K | None
    key: TypeAdapter[K]

    def next(self, keys: Sequence[K]) -> dict[str, str]:
        """What the answer says of the next page: its cursor, and nothing when there is none.

        `keys` are those of the items that were found, of which `limit` are shown: ask for one more than that.
        """
        if len(keys) <= self.limit:
            return {}
        return {"next": urlsafe_b64encode(self.key.dump_json(keys[self.limit - 1])).decode()}


def page_of(request: web.Request, key: TypeAdapter[K]) -> Page[K]:
    """The page that a request asks for. `key` checks what its cursors hold, which anyone may have written.

    Raises ApiError for a parameter that is unknown, malformed or given twice.
    """
    query = check_query(PageQuery, request)
    if query.after is None:
        return Page(query.limit, None, key)
    try:
        return Page(query.limit, key.validate_json(urlsafe_b64decode(query.after)), key)
    except ValueError as error:
        raise ApiError(
            ErrorCode.INVALID_VALUE, "after is no cursor of this list: take the one that `next` of an answer holds."
        ) from error

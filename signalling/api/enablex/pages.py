"""Long lists in pages: the query parameters `limit` and `after`, and `next` in the answer."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from signalling.api.enablex.errors import ApiError, ErrorCode

MAX_LIMIT = 1000

CursorInstant = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
"""Unix seconds in a cursor, within what a database can hold."""
RoomId = Annotated[str, Field(pattern="^[0-9a-f]{24}$")]
ConfNum = Annotated[str, Field(pattern="^CONF-[0-9]{6,9}$")]

K = TypeVar("K")


def _digits(value: object) -> object:
    # Pydantic would take 1_0 and 10.0 too.
    if isinstance(value, str) and not (value.isascii() and value.isdecimal() and len(value) <= 9):
        raise PydanticCustomError("not-a-number", "must be a whole number")
    return value


class PageQuery(BaseModel):
    """The query parameters of a list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(_digits)] = Field(
        MAX_LIMIT, description="How many items to show at most."
    )
    after: Annotated[str | SkipJsonSchema[None], Field(max_length=512)] = Field(
        None, description="The `next` of an answer, to get the items that follow."
    )


@dataclass(frozen=True, slots=True)
class Page(Generic[K]):
    """At most `limit` items of a list, those that follow the item with the key `after`."""

    limit: int
    after: K | None
    key: TypeAdapter[K]

    def next(self, keys: Sequence[K]) -> str | None:
        """The cursor of the next page; None when there is none.

        `keys` are those of the items that were found, of which `limit` are shown: ask for one more than that.
        """
        if len(keys) <= self.limit:
            return None
        return urlsafe_b64encode(self.key.dump_json(keys[self.limit - 1])).decode()


def page_of(query: PageQuery, key: TypeAdapter[K]) -> Page[K]:
    """The page that a query asks for. `key` checks what its cursor holds, which anyone may have written.

    Raises ApiError for a cursor that is none.
    """
    if query.after is None:
        return Page(query.limit, None, key)
    try:
        return Page(query.limit, key.validate_json(urlsafe_b64decode(query.after)), key)
    except ValueError as error:
        raise ApiError(
            ErrorCode.INVALID_VALUE, "after is no cursor of this list: take the one that `next` of an answer holds."
        ) from error

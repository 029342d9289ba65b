"""What an endpoint is: how it is asked, what it answers, and with which errors. The routes, the checks of requests and
the OpenAPI document are all made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from signalling.api.enablex.errors import ErrorCode

Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)


class Nothing(BaseModel):
    """A query without parameters, a request without a body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[Q, B]):
    """A request whose query and body are checked."""

    request: web.Request
    query: Q
    body: B

    @property
    def path(self) -> dict[str, str]:
        """The variable parts of the path, as they came."""
        return dict(self.request.match_info)


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q, B]):
    """`path` is that below the prefix of the API. `answer` is None for a file. `errors` are those beside the ones that
    every request of the kind may meet. `run` raises ApiError."""

    method: str
    path: str
    summary: str
    run: Callable[[Call[Q, B]], Awaitable[BaseModel | web.StreamResponse]]
    answer: type[BaseModel] | None
    query: type[Q]
    body: type[B]
    errors: tuple[ErrorCode, ...] = ()

    @property
    def all_errors(self) -> list[ErrorCode]:
        """In the order of their numbers."""
        common = {ErrorCode.UNAUTHORISED, ErrorCode.INVALID_VALUE, ErrorCode.UNKNOWN_FIELD, ErrorCode.INTERNAL}
        if self.body is not Nothing:
            common |= {
                ErrorCode.MALFORMED_BODY,
                ErrorCode.MISSING_FIELD,
                ErrorCode.BODY_TOO_LARGE,
                ErrorCode.NOT_JSON,
            }
        return sorted(common | set(self.errors))

"""Query parameters: like the fields of a body, those that an endpoint does not know are refused."""

from collections import Counter
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from signalling.api.enablex.errors import ApiError, ErrorCode, from_validation

_Q = TypeVar("_Q", bound=BaseModel)


def check_query(model: type[_Q], request: web.Request) -> _Q:
    """The query as the model; ApiError names the first parameter that is wrong, unknown or given twice."""
    for name, times in Counter(name for name, _ in request.query.items()).items():
        if times > 1:
            raise ApiError(ErrorCode.INVALID_VALUE, f"{name} is given {times} times: give it once.")
    try:
        return model.model_validate(dict(request.query))
    except ValidationError as error:
        raise from_validation(error, known=list(model.model_fields)) from error

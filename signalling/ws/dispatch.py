"""From a request to its answer: the table of methods, and what errors look like to clients."""

from collections.abc import Mapping

import structlog
from pydantic import ValidationError

from signalling.domain.errors import RefusedError
from signalling.live.session import NoMediaNodeError
from signalling.sdp import SdpError
from signalling.ws import joining, media_methods, message_methods, moderation_methods, params, resuming
from signalling.ws.client import Client, Method, Services
from signalling.ws.errors import RpcError
from signalling.ws.jsonrpc import Request, describe
from signalling.ws.results import encode_result

log = structlog.get_logger()

METHODS: Mapping[str, tuple[type[params.Params], Method]] = {
    "join": (params.JoinParams, joining.join),
    "resume": (params.ResumeParams, resuming.resume),
    "leave": (params.NoParams, joining.leave),
    "negotiate": (params.NegotiateParams, media_methods.negotiate),
    "publish": (params.TrackParams, media_methods.publish),
    "unpublish": (params.TrackParams, media_methods.unpublish),
    "mute": (params.SourceParams, media_methods.mute),
    "unmute": (params.SourceParams, media_methods.unmute),
    "limit-slots": (params.LimitSlotsParams, media_methods.limit_slots),
    "send-message": (params.SendMessageParams, message_methods.send_message),
    "send-user-data": (params.SendUserDataParams, message_methods.send_user_data),
    "set-data": (params.SetDataParams, message_methods.set_data),
    "ping": (params.NoParams, message_methods.ping),
    **moderation_methods.METHODS,
}


async def perform(services: Services, client: Client, request: Request) -> str:
    """Carry out a request and return its result as JSON. Raises RpcError, and nothing else."""
    found = METHODS.get(request.method)
    if found is None:
        raise RpcError("unknown-method", f"There is no method {request.method!r}.")
    model, method = found
    try:
        given = model.model_validate(request.params)
    except ValidationError as error:
        raise RpcError("invalid-params", describe(error)) from error
    try:
        return encode_result(await method(services, client, given))
    except RpcError:
        raise
    except RefusedError as error:
        raise RpcError(error.reason, error.sentence) from error
    except SdpError as error:
        raise RpcError("bad-offer", error.sentence, detail=error.code) from error
    except NoMediaNodeError as error:
        raise RpcError("no-media-node", str(error)) from error
    except Exception as error:
        # A mistake of ours, or a database that is gone: this request fails, the connection and its neighbours go on.
        log.exception("a request failed", method=request.method)
        raise RpcError("internal-error", "Something went wrong on the server; it has been logged.") from error

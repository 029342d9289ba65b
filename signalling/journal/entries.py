"""The entries of the journal: everything about a session that lasts. Instants (`at`) are Unix seconds.

Keeping an entry twice must do no harm: after a crash those are repeated of which it is not known whether they were
kept.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from signalling.domain.events import InterruptReason, LeaveReason
from signalling.domain.room import Role
from signalling.reports import Usage


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    conf_num: str
    at: float


class ConnectionBegan(_Entry):
    """Someone is in. `address` is their IP address, `agent` their User-Agent."""

    type: Literal["connection-began"] = "connection-began"
    client_id: str
    name: str
    role: Role
    user_ref: str
    address: str
    agent: str


class ConnectionEnded(_Entry):
    """They are out for good."""

    type: Literal["connection-ended"] = "connection-ended"
    client_id: str
    reason: LeaveReason | InterruptReason


class UsageMeasured(_Entry):
    """What was measured of a connection from its beginning to now; it takes the place of what was measured before."""

    type: Literal["usage-measured"] = "usage-measured"
    client_id: str
    usage: Usage


class Happened(_Entry):
    """Something of which the session's log tells: `name` and `details` are those of the event in the client protocol.

    `event_id` is unique, `client_id` who caused it, if anybody did.
    """

    type: Literal["happened"] = "happened"
    event_id: str
    name: str
    client_id: str | None = None
    details: dict[str, JsonValue] = {}


class SessionEnded(_Entry):
    """`interrupted` says that the server stopped: people come back, and go on in another session."""

    type: Literal["session-ended"] = "session-ended"
    interrupted: bool = False


Entry = Annotated[
    ConnectionBegan | ConnectionEnded | UsageMeasured | Happened | SessionEnded, Field(discriminator="type")
]

ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)

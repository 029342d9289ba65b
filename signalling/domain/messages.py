"""Chat and custom data."""

from dataclasses import dataclass

from pydantic import JsonValue

from signalling.domain.effects import Effect, Notify
from signalling.domain.events import MessageReceived, UserDataChanged, UserDataReceived
from signalling.domain.state import Handler, SessionState


@dataclass(frozen=True, slots=True)
class SendMessage:
    """Chat text to all others, or to those in `to`. `at` is UTC in ISO 8601."""

    client_id: str
    text: str
    to: tuple[str, ...] | None
    at: str


@dataclass(frozen=True, slots=True)
class SendUserData:
    """Custom data to all others, or to those in `to`; nothing of it is kept."""

    client_id: str
    data: JsonValue
    to: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class SetData:
    """Replace the custom data that the roster shows of the participant."""

    client_id: str
    data: dict[str, JsonValue]


def recipients(state: SessionState, client_id: str, to: tuple[str, ...] | None) -> tuple[str, ...]:
    """Whom a message goes to, each once. Raises RefusedError (`unknown-participant`)."""
    state.participant(client_id)
    if to is None:
        return tuple(other for other in state.participants if other != client_id)
    return tuple(state.participant(recipient).client_id for recipient in dict.fromkeys(to))


def send_message(state: SessionState, message: SendMessage, now: float) -> list[Effect]:
    to = recipients(state, message.client_id, message.to)
    event = MessageReceived(
        sender=message.client_id,
        text=message.text,
        to=None if message.to is None else to,
        broadcast=message.to is None,
        at=message.at,
    )
    return [Notify(to, event)]


def send_user_data(state: SessionState, message: SendUserData, now: float) -> list[Effect]:
    to = recipients(state, message.client_id, message.to)
    return [Notify(to, UserDataReceived(message.client_id, message.data, message.to is None))] if to else []


def set_data(state: SessionState, change: SetData, now: float) -> list[Effect]:
    state.participant(change.client_id).data = change.data
    return state.notify_others(change.client_id, UserDataChanged(change.client_id, change.data))


HANDLERS: dict[type, Handler] = {SendMessage: send_message, SendUserData: send_user_data, SetData: set_data}

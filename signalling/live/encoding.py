"""Events as the text that goes to clients. What goes to hundreds is encoded once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from signalling.domain.events import ActiveTalkersUpdated, Event
from signalling.domain.views import ParticipantView, SlotView, TalkerView

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """A JSON-RPC notification, ready but for the number that differs from participant to participant."""

    before_seq: str
    after_seq: str
    size: int
    """Characters, but for those of the number."""

    def text(self, seq: int) -> str:
        return f"{self.before_seq}{seq}{self.after_seq}"


def encode_event(event: Event) -> EncodedEvent:
    return _encoded(event, to_json(event)[1:-1])


def _encoded(event: Event, members: str) -> EncodedEvent:
    before_seq = f'{{"jsonrpc":"2.0","method":"{event.name}","params":{{"seq":'
    after_seq = f",{members}}}}}" if members else "}}"
    return EncodedEvent(before_seq, after_seq, len(before_seq) + len(after_seq))


class Fragments(Generic[T]):
    """The JSON of values that change seldom and go into many messages, each under a key."""

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        self._adapter = adapter
        self._known: dict[str, tuple[T, str]] = {}

    def text(self, key: str, value: T) -> str:
        """The JSON of a value that cannot change: while it is the same object, it is not encoded again."""
        known = self._known.get(key)
        if known is None or known[0] is not value:
            known = self._known[key] = (value, self._adapter.dump_json(value, by_alias=True).decode())
        return known[1]

    def forget(self, key: str) -> None:
        self._known.pop(key, None)


class SessionEncoder:
    """What is said again and again in one session, by client id: the participants to those who join, the slots of each
    one whenever another begins to talk."""

    def __init__(self) -> None:
        self._participants = Fragments(_PARTICIPANT)
        self._slots = Fragments(_SLOTS)
        self._active = Fragments(_ACTIVE)

    def participants(self, views: Iterable[ParticipantView]) -> str:
        """JSON of an array."""
        return f"[{','.join([self._participants.text(one.client_id, one) for one in views])}]"

    def talkers(self, client_id: str, event: ActiveTalkersUpdated) -> EncodedEvent:
        """The event for one participant."""
        active, slots = self._active.text("", event.active), self._slots.text(client_id, event.slots)
        return _encoded(event, f'"active":{active},"slots":{slots}')

    def forget(self, client_id: str) -> None:
        """Somebody has left."""
        self._participants.forget(client_id)
        self._slots.forget(client_id)


def to_json(value: object) -> str:
    """JSON of a dataclass or pydantic model."""
    kind = type(value)
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        adapter = _ADAPTERS[kind] = TypeAdapter(kind)
    return adapter.dump_json(value, by_alias=True).decode()


# Making an adapter takes a thousand times as long as using it.
_PARTICIPANT = TypeAdapter(ParticipantView)
_SLOTS = TypeAdapter(tuple[SlotView, ...])
_ACTIVE = TypeAdapter(tuple[TalkerView, ...])
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}

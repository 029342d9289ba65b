"""Events as the text that goes to clients. One event often goes to hundreds: it is encoded once."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from signalling.domain.events import Event


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
    body = to_json(event)
    members = body[1:-1]
    before_seq = f'{{"jsonrpc":"2.0","method":"{event.name}","params":{{"seq":'
    after_seq = f",{members}}}}}" if members else "}}"
    return EncodedEvent(before_seq, after_seq, len(before_seq) + len(after_seq))


def to_json(value: object) -> str:
    """JSON of a dataclass or pydantic model."""
    kind = type(value)
    adapter = _ADAPTERS.get(kind)
    if adapter is None:
        adapter = _ADAPTERS[kind] = TypeAdapter(kind)
    return adapter.dump_json(value, by_alias=True).decode()


# Making an adapter takes a thousand times as long as using it.
_ADAPTERS: dict[type, TypeAdapter[Any]] = {}

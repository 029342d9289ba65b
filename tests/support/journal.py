"""Entries of the journal, stored at once."""

from typing import Any

from signalling.journal.entries import ConnectionBegan, ConnectionEnded, SessionEnded, UsageMeasured
from signalling.reports import Usage
from signalling.store import Store


async def join(store: Store, conf_num: str, client_id: str, at: float, **changes: Any) -> None:
    given = {"name": "n", "role": "viewer", "user_ref": "u", "address": "203.0.113.42", "agent": "Mozilla/5.0"}
    began = ConnectionBegan(conf_num=conf_num, at=at, client_id=client_id, **(given | changes))
    await store.chronicle.keep([began])


async def measure(store: Store, conf_num: str, client_id: str, usage: Usage) -> None:
    await store.chronicle.keep([UsageMeasured(conf_num=conf_num, at=1.0, client_id=client_id, usage=usage)])


async def leave(store: Store, conf_num: str, client_id: str, at: float) -> None:
    await store.chronicle.keep([ConnectionEnded(conf_num=conf_num, at=at, client_id=client_id, reason="left")])


async def end(store: Store, conf_num: str, at: float) -> None:
    await store.chronicle.keep([SessionEnded(conf_num=conf_num, at=at)])

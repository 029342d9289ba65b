"""Who is talking: ranking by the audio levels of RFC 6464."""

from typing import NamedTuple


class Ranking(NamedTuple):
    """`order`: everyone who has talked, those speaking first, then the most recent first. `speaking`: who speaks now,
    in the same order."""

    order: tuple[str, ...]
    speaking: tuple[str, ...]


class TalkerRanking:
    """The ranking of one session."""

    def add(self, endpoint_id: str, now: float) -> None: ...

    def remove(self, endpoint_id: str) -> None: ...

    def level(self, endpoint_id: str, level: int, voice: bool, now: float) -> None: ...

    def decide(self, now: float) -> Ranking: ...

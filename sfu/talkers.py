"""Who is talking: ranking by the audio levels of RFC 6464.

Levels are in -dBov: 0 is the loudest, 127 is silence. A packet is *loud* when it stands out of the noise that the same
endpoint makes all the time. Loud packets add up to evidence of speech, which quiet ones take away: about 120 ms of it
make a talker, so a cough does not. A talker remains one through the pauses between words, and whoever speaks already
keeps a place before those who join in, unless their share of loud time falls far behind.
"""

from math import exp
from typing import NamedTuple

_QUIET = 50  # level; nothing quieter is speech
_ABOVE_NOISE = 10  # dB
_LOWEST_NOISE = 60.0  # level
_HIGHEST_NOISE = 38.0  # level; whatever stands out of this is speech, be it a steady tone
_NOISE_RISE = 2.0  # dB/s: a fan is taken for speech for some seconds, a long sentence is not taken for noise
_NOISE_FALL = 60.0  # dB/s: a breath between two words brings the noise back down
_LONGEST_PACKET = 0.04  # s; what is longer between two packets counts as silence
_EVIDENCE_OF_SPEECH = 0.12  # s
_EVIDENCE_TO_GO_ON = 0.06  # s; a click now and then does not keep a talker
_MAX_EVIDENCE = 0.3  # s
_EVIDENCE_LOSS = 0.5  # s per second of silence
_HOLD = 0.6  # s without speech until a talker is none any more
_OVERTAKING_LEAD = 0.35  # share of loud time, of about the last second


class Ranking(NamedTuple):
    """`order`: everyone who has talked, those speaking first, then the most recent first. `speaking`: who speaks now,
    in the same order."""

    order: tuple[str, ...]
    speaking: tuple[str, ...]


class _Voice:
    """What is known of one endpoint's sound. Times are seconds, `noise` is a level."""

    __slots__ = (
        "activity",
        "evidence",
        "has_detector",
        "joined",
        "last_packet",
        "last_speech",
        "noise",
        "talking_since",
    )

    def __init__(self, joined: int, now: float) -> None:
        self.joined = joined
        self.noise = _LOWEST_NOISE
        self.evidence = 0.0
        self.activity = 0.0  # share of loud time in about the last second
        self.has_detector = False  # whether the sender ever set the voice flag; many never do
        self.last_packet = now
        self.last_speech = now
        self.talking_since: float | None = None

    def age(self, now: float) -> None:
        """Counts the time without packets (DTX, mute, loss) as silence."""
        silence = now - self.last_packet - _LONGEST_PACKET
        if silence > 0:
            self.evidence = max(0.0, self.evidence - _EVIDENCE_LOSS * silence)
            self.activity *= exp(-silence)
            self.last_packet += silence

    def hear(self, level: int, voice: bool, now: float) -> None:
        self.age(now)
        duration = max(0.0, now - self.last_packet)
        self.last_packet = now
        self.has_detector = self.has_detector or voice
        loud = level <= _QUIET and level <= self.noise - _ABOVE_NOISE and (voice or not self.has_detector)
        if level < self.noise:
            self.noise = max(_HIGHEST_NOISE, self.noise - _NOISE_RISE * duration)
        else:
            self.noise = min(_LOWEST_NOISE, self.noise + _NOISE_FALL * duration)
        if loud:
            self.activity += (1 - self.activity) * duration
            self.evidence = min(_MAX_EVIDENCE, self.evidence + duration)
            if self.evidence >= _EVIDENCE_TO_GO_ON:
                self.last_speech = now
            if self.talking_since is None and self.evidence >= _EVIDENCE_OF_SPEECH:
                self.talking_since = now
        else:
            self.activity -= self.activity * duration
            self.evidence = max(0.0, self.evidence - _EVIDENCE_LOSS * duration)

    def settle(self, now: float) -> None:
        """Ends a talk that has been over for long enough."""
        self.age(now)
        if self.talking_since is not None and now - self.last_speech > _HOLD:
            self.talking_since = None
            self.evidence = 0.0


class TalkerRanking:
    """The ranking of one session. Times are seconds; `level` is called for every audio packet, `decide` each 300 ms."""

    def __init__(self) -> None:
        self._voices: dict[str, _Voice] = {}
        self._talking: set[str] = set()
        self._joined = 0
        self._order: list[str] = []
        self._speaking: list[str] = []

    def add(self, endpoint_id: str, now: float) -> None:
        """An endpoint joins. One that is there already keeps its place."""
        if endpoint_id not in self._voices:
            self._joined += 1
            self._voices[endpoint_id] = _Voice(self._joined, now)

    def remove(self, endpoint_id: str) -> None:
        """An endpoint leaves. One that is not there is no error."""
        if self._voices.pop(endpoint_id, None) is not None:
            self._talking.discard(endpoint_id)
            self._order = [other for other in self._order if other != endpoint_id]
            self._speaking = [other for other in self._speaking if other != endpoint_id]

    def level(self, endpoint_id: str, level: int, voice: bool, now: float) -> None:
        """The audio level of one packet. An endpoint that has left may still have packets on their way: ignored."""
        heard = self._voices.get(endpoint_id)
        if heard is not None:
            heard.hear(level, voice, now)
            if heard.talking_since is not None:
                self._talking.add(endpoint_id)

    def decide(self, now: float) -> Ranking:
        """Ranks anew. Those who are silent, in a large room nearly all, need no look."""
        voices = self._voices
        talking: dict[str, float] = {}
        for endpoint in self._talking:
            voices[endpoint].settle(now)
            if (since := voices[endpoint].talking_since) is not None:
                talking[endpoint] = since
        self._talking.intersection_update(talking)
        staying = [endpoint for endpoint in self._speaking if endpoint in talking]
        joining = sorted(
            talking.keys() - set(staying), key=lambda endpoint: (talking[endpoint], voices[endpoint].joined)
        )
        self._speaking = self._overtake(staying + joining)
        self._order = self._speaking + [endpoint for endpoint in self._order if endpoint not in talking]
        return Ranking(tuple(self._order), tuple(self._speaking))

    def _overtake(self, speaking: list[str]) -> list[str]:
        """Moves those forward who talk much more than whoever is before them, as speech does beside noises."""
        result: list[str] = []
        for endpoint in speaking:
            needed = self._voices[endpoint].activity - _OVERTAKING_LEAD
            place = len(result)
            while place and self._voices[result[place - 1]].activity < needed:
                place -= 1
            result.insert(place, endpoint)
        return result

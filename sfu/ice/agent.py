"""The decisions of an ICE-lite agent (RFC 8445): which checks are answered, which path is selected, when consent ends.

Pure: the time is an argument. A path is whatever the caller tells peers apart by (a UDP address, a TCP connection).
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sfu.ice.stun import BindingRequest, role_conflict_response, success_response
from sfu.link_messages import Ice

CONSENT_TIMEOUT = 30.0
"""Seconds without a check after which nothing may be sent on a path any more (RFC 7675 section 5.1)."""

MAX_PATHS = 16
"""How many verified paths one peer may have; the longest unused one gives way."""

PathT = TypeVar("PathT", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Check(Generic[PathT]):
    """What came of a connectivity check.

    `refused` is a counter's name and there is no answer, or None: the sender proved to be the peer. `response` is
    sent back on the same path. `verified`: the path may carry DTLS and media from now on. `selected`: the selected
    path has become this one. `evicted` is a path that lost its place.
    """

    refused: str | None = None
    response: bytes | None = None
    verified: bool = False
    selected: bool = False
    evicted: PathT | None = None


def username(ice: Ice) -> str:
    """The USERNAME of the checks that the peer sends us (RFC 8445 section 7.2.2)."""
    return f"{ice.local_ufrag}:{ice.remote_ufrag}"


class IceLiteAgent(Generic[PathT]):
    """The ICE side of one peer connection, always in the controlled role."""

    def __init__(self, ice: Ice, now: float) -> None:
        self._current = ice
        self._previous: Ice | None = None
        self._confirmed = False
        self._last_check: dict[PathT, float] = {}
        self._deadline = now + CONSENT_TIMEOUT
        self.selected: PathT | None = None

    @property
    def usernames(self) -> tuple[str, ...]:
        """The USERNAMEs that are accepted: the newest generation's, and during a restart the one before."""
        generations = (self._current,) if self._previous is None else (self._current, self._previous)
        return tuple(username(ice) for ice in generations)

    @property
    def paths(self) -> tuple[PathT, ...]:
        """The verified paths: authenticated checks came on them, and they have not been given up."""
        return tuple(self._last_check)

    def restart(self, ice: Ice, now: float) -> None:
        """Begin a new generation (RFC 8445 section 9). The old one is accepted until a path of the new is nominated.

        A restart is often the answer to a path that broke, so the peer gets the full time for new checks.
        """
        if ice == self._current:
            return
        if self._confirmed:
            self._previous = self._current
        self._current = ice
        self._confirmed = False
        self._deadline = max(self._deadline, now + CONSENT_TIMEOUT)

    def check(self, request: BindingRequest, path: PathT, host: str, port: int, now: float) -> Check[PathT]:
        """Judge a check that came on `path`, whose other end is `host` and `port`."""
        generation = self._generation(request.username)
        if generation is None:
            return Check(refused="stun-unknown-username")
        password = generation.local_pwd.encode()
        if not request.is_authentic(password):
            return Check(refused="stun-bad-integrity")
        if request.controlled:
            return Check(response=role_conflict_response(request, password))
        evicted = self._verify(path, now)
        nominated = request.use_candidate and generation is self._current
        if nominated:
            self._confirmed = True
            self._previous = None
        return Check(
            response=success_response(request, host, port, password),
            verified=True,
            selected=nominated and self._select(path),
            evicted=evicted,
        )

    def used(self, path: PathT) -> bool:
        """Note that the peer began DTLS on a verified path. True if that selected it, for want of a nominated one.

        Browsers may begin before the check that nominates the path.
        """
        return self.selected is None and path in self._last_check and self._select(path)

    def seconds_since_check(self, path: PathT, now: float) -> float:
        """How long ago the last authenticated check came on this path, in seconds; infinite if none did."""
        return now - self._last_check.get(path, float("-inf"))

    def consent_expired(self, now: float) -> bool:
        """Whether the peer fell silent: no check on the selected path, or none at all yet, for 30 s."""
        return now >= self._deadline

    def give_up(self, path: PathT) -> None:
        """Give up a path. If it is the selected one it stays so, until another is or consent ends."""
        self._last_check.pop(path, None)

    def give_up_idle_paths(self, now: float) -> list[PathT]:
        """Give up the paths, other than the selected one, on which no check came for 30 s, and return them."""
        idle = [
            path for path, last in self._last_check.items() if path != self.selected and now - last >= CONSENT_TIMEOUT
        ]
        for path in idle:
            self.give_up(path)
        return idle

    def _generation(self, name: str) -> Ice | None:
        if name == username(self._current):
            return self._current
        if self._previous is not None and name == username(self._previous):
            return self._previous
        return None

    def _verify(self, path: PathT, now: float) -> PathT | None:
        """Note an authenticated check on a path; returns the path that had to make room."""
        evicted = None
        if path not in self._last_check and len(self._last_check) >= MAX_PATHS:
            evicted = min((p for p in self._last_check if p != self.selected), key=self._last_check.__getitem__)
            self.give_up(evicted)
        self._last_check[path] = now
        if path == self.selected:
            self._deadline = max(self._deadline, now + CONSENT_TIMEOUT)
        return evicted

    def _select(self, path: PathT) -> bool:
        changed = path != self.selected
        self.selected = path
        # Consent is for a path: that of the path left behind says nothing about this one.
        self._deadline = self._last_check[path] + CONSENT_TIMEOUT
        return changed

"""The planner: from the lines of a timeline to the scene of the moment. Pure: it is fed lines and asked for scenes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from recorder.layouts import Rect, Size, arrange, places_for_people
from recorder.timeline import FileBegan, FileEnded, PersonJoined, PersonLeft, SourceShown, TalkersChanged, TimelineLine
from sfu.link_messages import Source

_ONLOOKERS = ("viewer", "audience")  # roles that do not publish: without a picture or a sound they get no tile
_SCREENS: tuple[Source, ...] = ("screen", "canvas")


@dataclass(frozen=True)
class Clip:
    """A file, or a live stream, of someone: its time 0 is at `at` seconds of the segment."""

    name: str
    at: float
    screen: bool = False


@dataclass(frozen=True)
class View:
    """One tile of a scene. `clip` is where its picture comes from; without one the avatar is shown."""

    owner: str
    name: str
    rect: Rect
    screen: bool
    speaking: bool
    clip: Clip | None


@dataclass(frozen=True)
class Scene:
    """What is to be seen until the next scene, and every clip that may be heard."""

    views: tuple[View, ...] = ()
    heard: tuple[Clip, ...] = ()


@dataclass
class _Person:
    name: str
    role: str = "participant"
    live: dict[Source, bool] = field(default_factory=dict)


class Planner:
    """Follows a timeline line by line.

    People keep their places as long as they are seen at all: a change of talker moves nobody, unless someone has to
    make room. `left_out` names the files that cannot be used: their people are shown as avatars.
    """

    def __init__(self, size: Size, left_out: Iterable[str] = ()) -> None:
        self._size = size
        self._left_out = frozenset(left_out)
        self._people: dict[str, _Person] = {}
        self._clips: dict[str, tuple[str, Clip]] = {}  # file name → (who, clip)
        self._stage: tuple[str, ...] = ()
        self._speaking: frozenset[str] = frozenset()
        self._places: dict[bool, list[str]] = {False: [], True: []}  # beside a screen or not → who sits where

    def apply(self, line: TimelineLine) -> None:
        """Take in the next line."""
        match line:
            case PersonJoined():
                person = self._person(line.client_id)
                person.name, person.role = line.name, line.role
            case PersonLeft():
                self._people.pop(line.client_id, None)
                self._clips = {name: clip for name, clip in self._clips.items() if clip[0] != line.client_id}
            case FileBegan() if line.file not in self._left_out:
                self._person(line.client_id)
                self._clips[line.file] = (line.client_id, Clip(line.file, line.at, line.screen))
            case FileEnded():
                self._clips.pop(line.file, None)
            case SourceShown():
                self._person(line.client_id).live[line.source] = line.live
            case TalkersChanged():
                self._stage, self._speaking = line.stage, frozenset(line.speaking)
            case _:
                pass  # the first and the last line say nothing about what is seen

    def scene(self) -> Scene:
        """What is to be seen and heard after the lines so far."""
        screens = self._screens()
        places = self._seated(bool(screens), places_for_people(len(screens), self._size))
        views = []
        for tile in arrange(places, list(screens), self._speaking, self._size):
            clip = screens[tile.owner] if tile.screen else self._camera(tile.owner)
            name = self._people[tile.owner].name
            views.append(View(tile.owner, name, tile.rect, tile.screen, tile.speaking, clip))
        return Scene(tuple(views), tuple(clip for _, clip in self._clips.values()))

    def _person(self, client_id: str) -> _Person:
        return self._people.setdefault(client_id, _Person(client_id))

    def _screens(self) -> dict[str, Clip]:
        """Who shares a screen now, in the order in which they began."""
        found: dict[str, Clip] = {}
        for owner, clip in self._clips.values():
            live = self._people[owner].live
            told = [live[source] for source in _SCREENS if source in live]
            if clip.screen and (any(told) or not told):
                found[owner] = clip
        return found

    def _camera(self, owner: str) -> Clip | None:
        """The newest file of someone, unless the camera is known to be off."""
        if not self._people[owner].live.get("camera", True):
            return None
        return next((clip for who, clip in reversed(self._clips.values()) if who == owner and not clip.screen), None)

    def _seated(self, beside_screen: bool, places: int) -> list[str]:
        """Who is seen, each at the place of before; newcomers fill the places that became free, then the end."""
        wanted = self._ranked()[:places]
        before = self._places[beside_screen][:places]
        newcomers = iter([person for person in wanted if person not in before])
        seated = [person if person in wanted else next(newcomers, None) for person in before]
        self._places[beside_screen] = [person for person in seated if person is not None] + list(newcomers)
        return self._places[beside_screen]

    def _ranked(self) -> list[str]:
        """All who could be seen: the stage first, then those with a camera, a microphone, and those who just came."""
        publishing = {owner for owner, _ in self._clips.values()}
        candidates = [
            client_id
            for client_id, person in self._people.items()
            if person.role not in _ONLOOKERS or client_id in publishing
        ]
        on_stage = {person: place for place, person in enumerate(self._stage)}

        def rank(client_id: str) -> tuple[int, int]:
            live = self._people[client_id].live
            return on_stage.get(client_id, len(on_stage)), 0 if live.get("camera") else 1 if live.get(
                "microphone"
            ) else 2

        return sorted(candidates, key=rank)

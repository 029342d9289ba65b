from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.composite.planner import Clip, Planner
from recorder.layouts import MAX_PEOPLE, SIZES
from recorder.timeline import FileBegan, FileEnded, PersonJoined, PersonLeft, SourceShown, TalkersChanged, TimelineLine

HD = SIZES["HD"]


def played(*lines: TimelineLine, left_out: tuple[str, ...] = ()) -> Planner:
    planner = Planner(HD, left_out)
    for line in lines:
        planner.apply(line)
    return planner


def person(client_id: str, role: str = "participant") -> PersonJoined:
    return PersonJoined(client_id=client_id, name=client_id.title(), role=role)


def file(client_id: str, name: str | None = None, at: float = 0.0, screen: bool = False) -> FileBegan:
    return FileBegan(at=at, file=name or f"{client_id}-1.mkv", client_id=client_id, screen=screen)


def crowd(count: int) -> list[TimelineLine]:
    return [person(f"p{number:02}") for number in range(count)]


def shown(planner: Planner) -> list[str]:
    return [view.owner for view in planner.scene().views if not view.screen]


def test_people_have_their_newest_file_and_its_time():
    planner = played(person("ada"), file("ada"), FileEnded(file="ada-1.mkv"), file("ada", "ada-2.mkv", 7.5))

    (view,) = planner.scene().views

    assert (view.name, view.clip) == ("Ada", Clip("ada-2.mkv", 7.5))


def test_a_camera_that_is_off_shows_no_picture_but_is_heard():
    planner = played(person("ada"), file("ada"), SourceShown(client_id="ada", source="camera", live=False))

    scene = planner.scene()

    assert scene.views[0].clip is None
    assert scene.heard == (Clip("ada-1.mkv", 0.0),)


def test_a_file_left_out_leaves_the_person_there():
    planner = played(person("ada"), file("ada"), left_out=("ada-1.mkv",))

    assert planner.scene().views[0].clip is None


def test_whoever_only_looks_on_is_not_shown_until_publishing():
    planner = played(person("ada"), person("bob", "viewer"), person("eve", "audience"))
    assert shown(planner) == ["ada"]

    planner.apply(file("eve"))
    assert shown(planner) == ["ada", "eve"]


def test_a_screen_is_shown_from_its_file_to_its_end():
    planner = played(person("ada"), file("ada"), file("ada", "ada-screen-1.mkv", 2.0, screen=True))
    assert [(view.screen, view.clip) for view in planner.scene().views] == [
        (True, Clip("ada-screen-1.mkv", 2.0, screen=True)),
        (False, Clip("ada-1.mkv", 0.0)),
    ]

    planner.apply(SourceShown(client_id="ada", source="screen", live=False))
    assert [view.screen for view in planner.scene().views] == [False]


def test_a_change_of_talker_moves_nobody_while_all_are_seen():
    planner = played(*crowd(5))
    before = shown(planner)

    planner.apply(TalkersChanged(stage=("p04", "p01"), speaking=("p04",)))

    assert shown(planner) == before
    assert [view.owner for view in planner.scene().views if view.speaking] == ["p04"]


def test_in_a_crowd_a_newcomer_to_the_stage_takes_one_place_and_the_others_stay():
    planner = played(*crowd(MAX_PEOPLE + 10))
    before = shown(planner)

    planner.apply(TalkersChanged(stage=("p20",), speaking=("p20",)))

    after = shown(planner)
    assert [one for one, other in zip(after, before, strict=True) if one != other] == ["p20"]


def test_who_leaves_is_gone_and_may_come_back():
    planner = played(*crowd(2), file("p00"), PersonLeft(client_id="p00"))
    assert shown(planner) == ["p01"]
    assert planner.scene().heard == ()

    planner.apply(person("p00"))
    assert shown(planner) == ["p01", "p00"]


ids = st.sampled_from([f"p{number}" for number in range(30)])
names = st.sampled_from([f"f{number}.mkv" for number in range(40)])
some_lines = st.one_of(
    st.builds(PersonJoined, client_id=ids, name=st.text(max_size=5), role=st.sampled_from(["participant", "viewer"])),
    st.builds(PersonLeft, client_id=ids),
    st.builds(FileBegan, file=names, client_id=ids, screen=st.booleans()),
    st.builds(FileEnded, file=names),
    st.builds(SourceShown, client_id=ids, source=st.sampled_from(["camera", "screen", "canvas"]), live=st.booleans()),
    st.builds(TalkersChanged, stage=st.lists(ids).map(tuple), speaking=st.lists(ids).map(tuple)),
)


@settings(max_examples=60)
@given(st.lists(some_lines, max_size=60))
def test_whatever_happens_nobody_is_shown_twice_or_without_having_come(lines):
    planner = Planner(HD)
    for line in lines:
        planner.apply(line)
        views = planner.scene().views
        places = [(view.owner, view.screen) for view in views]
        assert len(places) == len(set(places))
        assert all(view.clip is None or view.clip.screen == view.screen for view in views)
        assert all(view.clip is not None for view in views if view.screen)

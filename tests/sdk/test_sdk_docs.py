"""docs/sdk.md and the types of the SDK name the same things, and its examples are JavaScript."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent.parent
TYPES = (TOP / "sdk" / "roomcast.d.ts").read_text()
PAGE = (TOP / "docs" / "sdk.md").read_text()
# What is about `Room`; the chapter on the other vendor's names follows.
CHAPTERS, _, OTHER_NAMES = PAGE.partition("## Pages written to the EnableX Web SDK")
EXAMPLE = re.compile(r"^```js\n(.*?)^```", re.MULTILINE | re.DOTALL)
EMITTER = {"on", "once", "off"}
NODE = shutil.which("node")


def members(interface: str, types: str = TYPES) -> set[str]:
    """What an interface has, inherited from an emitter or its own."""
    found = re.search(rf"^export interface {interface}\b([^\n]*) \{{\n(.*?)^\}}", types, re.MULTILINE | re.DOTALL)
    assert found is not None, f"there is no {interface}"
    inherited = EMITTER if "extends Emitter<" in found[1] else set()
    return inherited | set(re.findall(r"^  (?:readonly )?\"?([\w-]+)\"?[(?:]", found[2], re.MULTILINE))


@pytest.mark.parametrize(
    ("variable", "interface"), [("room", "Room"), ("slot", "Slot"), ("participant", "Participant")]
)
def test_every_member_is_in_an_example_and_every_member_in_an_example_exists(variable: str, interface: str) -> None:
    shown = set(re.findall(rf"\b{variable}\.(\w+)", "".join(EXAMPLE.findall(CHAPTERS))))
    assert len(shown) > 5
    assert shown == members(interface)


def test_every_event_is_in_an_example_and_every_event_in_an_example_exists() -> None:
    shown = set(re.findall(r"\broom\.(?:on|once)\(\"([\w-]+)\"", "".join(EXAMPLE.findall(CHAPTERS))))
    assert shown == members("RoomEvents") | members("ModerationEvents") | members("RecordingEvents")


def test_every_option_of_a_join_is_in_the_table_and_the_other_way_round() -> None:
    table = CHAPTERS[CHAPTERS.index("| option |") :].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == members("JoinOptions")


def test_everything_that_is_exported_is_mentioned() -> None:
    exported = re.findall(r"^export (?:const|function|class) (\w+)", TYPES, re.MULTILINE)
    assert [name for name in exported if not re.search(rf"\b{name}\b", CHAPTERS)] == []


def test_the_other_vendors_methods_and_properties_are_mentioned_where_they_are_offered() -> None:
    types = (TOP / "sdk" / "enx.d.ts").read_text()
    offered = set().union(*(members(name, types) for name in ("EnxRoom", "EnxStream", "EnxLocalStream")))
    # Not of that vendor's: `stream` is what `play` plays, and `clientId` another spelling.
    assert {name for name in offered - {"stream", "clientId"} if not re.search(rf"\b{name}\b", OTHER_NAMES)} == set()


@pytest.mark.skipif(NODE is None, reason="needs node")
@pytest.mark.parametrize("example", EXAMPLE.findall(PAGE), ids=lambda example: example.splitlines()[0][:40])
def test_the_examples_are_javascript(example: str, tmp_path: Path) -> None:
    assert NODE is not None
    file = tmp_path / "example.mjs"
    file.write_text(example)
    result = subprocess.run([NODE, "--check", str(file)], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr

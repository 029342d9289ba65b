"""The documents agree with the code, and their links lead somewhere.

`python -m tests.test_docs` writes the table of options into docs/configuration.md.
"""

import re
from pathlib import Path

import pytest

from roomcast.config import Options
from roomcast.config_text import describe

TOP = Path(__file__).parent.parent
CONFIGURATION = TOP / "docs" / "configuration.md"
TABLE = re.compile(
    r"(?<=<!-- options: written by `python -m tests\.test_docs` -->\n).*?(?=<!-- /options -->)", re.DOTALL
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)")
DOCUMENTS = sorted(
    path
    for path in (*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md"), *(TOP / "sdk").glob("*.md"))
    if path.stat().st_size
)


def table_of_options() -> str:
    """Every option as `roomcast config` describes it."""
    lines = ["", "| option | default | what it is for |", "| --- | --- | --- |"]
    for option in describe(Options()):
        default = f"`{option.default}`" if option.default else ""
        lines.append(f"| `{option.name}` | {default} | {option.reason.replace('|', chr(92) + '|')} |")
    return "\n".join([*lines, "", ""])


def test_the_table_of_options_is_that_of_the_code() -> None:
    found = TABLE.search(CONFIGURATION.read_text())
    assert found is not None
    assert found[0] == table_of_options(), "run `python -m tests.test_docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_every_command_of_make_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:`|^\s*)make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


if __name__ == "__main__":
    CONFIGURATION.write_text(TABLE.sub(lambda _: table_of_options(), CONFIGURATION.read_text()))

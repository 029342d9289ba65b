"""A Python in which nothing can be imported but what an installation without the tests' dependencies has."""

import os
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[2]
OURS = {"roomcast"}
BLOCKING = """
import sys

class Blocked:
    names = {names!r}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{{name}} is there for the tests only", name=name)

sys.meta_path.insert(0, Blocked())
"""


def without_what_tests_need(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Python processes started from now on import our own dependencies only; `folder` is for this alone."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(BLOCKING.format(names=_modules_of_tests()))
    before = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *([before] if before else [])]))


def _modules_of_tests() -> set[str]:
    own = OURS | set(_needed(tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]))
    return {
        module
        for module, distributions in packages_distributions().items()
        if own.isdisjoint(map(canonicalize_name, distributions))
    }


def _needed(requirements: Iterable[str]) -> Iterator[str]:
    """The distributions that these requirements bring, each with what it needs itself."""
    waiting = [(requirement, "") for requirement in requirements]
    seen: set[tuple[str, str]] = set()
    while waiting:
        text, extra = waiting.pop()
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) in seen:
                continue
            seen.add((name, wanted))
            yield name
            try:
                waiting += [(one, wanted) for one in requires(name) or []]
            except PackageNotFoundError:
                # For another platform, or an alternative that is not needed here.
                continue

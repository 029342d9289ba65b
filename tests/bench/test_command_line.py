import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bench.cli import app
from bench.namespace import NamespaceError, namespaces
from roomcast.cli import app as roomcast

runner = CliRunner()


def said(result: Result) -> str:
    return " ".join(result.output.split())


def test_help_names_the_commands():
    output = said(runner.invoke(app, ["--help"]))
    assert all(name in output for name in ("run", "report", "load", "smoke", "soak"))


def test_an_unknown_scenario_is_refused_before_anything_is_started():
    result = runner.invoke(app, ["run", "party-3"])
    assert result.exit_code == 1
    assert "there are webinar-VIEWERS-BURST" in said(result)


def test_an_unknown_server_is_refused():
    result = runner.invoke(app, ["run", "rooms-2", "--servers", "apache"])
    assert result.exit_code == 2


def test_a_file_without_results_is_refused(tmp_path: Path):
    file = tmp_path / "run.json"
    file.write_text("{}")
    result = runner.invoke(app, ["report", str(file)])
    assert result.exit_code == 1
    assert "Not measured" in said(result)


def test_without_root_namespaces_are_refused_with_what_to_do_instead(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(NamespaceError, match="need root"), namespaces():
        pass


def test_a_load_test_of_nobody_says_so(tmp_path: Path):
    arguments = ["load", "--url", "http://127.0.0.1:9", "--app-id", "a", "--app-key", "b"]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1
    assert "does not answer as roomcast does" in said(result)


def test_roomcast_bench_needs_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROOMCAST_DATA_DIR", str(tmp_path))
    result = runner.invoke(roomcast, ["bench", "--url", "http://127.0.0.1:9"])
    assert result.exit_code == 2
    assert "data_dir" in said(result)

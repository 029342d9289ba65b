import json
from pathlib import Path

import pytest
from PIL import Image

from bench.figures import Round, percentile, spread
from bench.page import render, write_page
from bench.results import Outcome, Results, ResultsError, read_results
from bench.scenarios.catalogue import FULL, UnknownScenarioError, scenario_of
from bench.soak import Soak
from bench.table import rows


def rounds(*costs: float, **more: float) -> list[Round]:
    return [Round({"cpu_per_packet": cost, "latency_p99": 2 * cost} | more) for cost in costs]


def results() -> Results:
    noisy = Round(
        {"cpu_per_packet": 20.0}, ["others used 90 % of a core meanwhile"], {"SRTP": "X"}, ["3 packets were lost"]
    )
    both = Outcome("webinar-50-20", "webinar, 1 → 50", {"roomcast": rounds(4.0, 3.0, 8.0), "janus": [noisy]})
    alone = Outcome("churn-40", "churn", {"roomcast": rounds(5.0, switch_p50=400.0)})
    return Results({"processor": "a fast one"}, 3, 8.0, [both, alone])


def test_a_spread_is_median_least_and_most():
    one = spread(rounds(4.0, 3.0, 8.0), "cpu_per_packet")
    assert one is not None
    assert (one.median, one.least, one.most) == (4.0, 3.0, 8.0)
    assert spread(rounds(1.0), "capacity") is None


def test_percentiles_are_values_that_were_there():
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.99) == 2.0
    assert percentile([], 0.5) == 0.0


def test_a_table_shows_the_ratio_to_the_other_server():
    shown = rows(results().outcomes[0].servers)
    assert shown[0] == ["CPU per forwarded packet, µs", "4.00 (3.00–8.00)", "20.00", "0.20"]
    assert shown[1] == ["forwarding latency, p99, ms", "8.00 (6.00–16.00)", "–", ""]


def test_results_are_read_as_they_were_written(tmp_path: Path):
    file = tmp_path / "run.json"
    written = results()
    written.soak = Soak({"date": "today"}, 40, [(0.0, 180.5), (10.0, 181.0)])
    written.write(file)
    assert read_results(file) == written


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "outcomes": [1]}'])
def test_what_holds_no_results_is_refused_with_a_sentence(tmp_path: Path, text: str):
    file = tmp_path / "run.json"
    file.write_text(text)
    with pytest.raises(ResultsError, match=r"run\.json"):
        read_results(file)
    with pytest.raises(ResultsError, match="cannot be read"):
        read_results(tmp_path / "missing.json")


def test_the_page_shows_figures_ratios_remarks_and_the_machine():
    text = render(results())
    assert "| CPU per forwarded packet, µs | 4.00 (3.00–8.00) | 20.00 | 0.20 |" in text
    assert "Janus. SRTP: X." in text
    assert "- round 1: 3 packets were lost; others used 90 % of a core meanwhile" in text
    assert "In 1 of 5 rounds other processes used the same machine" in text
    assert "- processor: a fast one" in text
    assert "median of 3 rounds of 8 seconds" in text


def test_the_page_begins_with_the_goals_and_shows_a_soak():
    shown = results()
    shown.soak = Soak({"date": "today"}, 40, [(60.0 * minute, 200.0) for minute in range(61)])
    text = render(shown)
    assert "| CPU per forwarded packet, bursts of 20 | at most 0.30 of Janus's | 0.20 | met |" in text
    assert "| a lecture of 1,000 connected people | holds on one core, loss-free | – | not measured |" in text
    assert "40 people" in text
    assert "| 60 | 200 |" in text


def test_a_scenario_of_which_every_round_failed_says_so_instead_of_a_table(tmp_path: Path):
    failed = Round({}, faults=["failed: Janus does not start"])
    outcome = Outcome("audio-100", "audio", {"roomcast": [failed], "janus": [failed]})
    write_page(Results({}, 1, 8.0, [outcome]), tmp_path)
    assert "- round 1: failed: Janus does not start" in (tmp_path / "performance.md").read_text()


def test_the_page_the_chart_and_the_data_are_written_together(tmp_path: Path):
    page, chart, data = write_page(results(), tmp_path)
    assert page.read_text().startswith("# Performance")
    with Image.open(chart) as image:
        assert image.width > 800
        assert len(image.getcolors(1 << 24) or []) > 3
    assert json.loads(data.read_text())["outcomes"][1]["key"] == "churn-40"


def test_every_scenario_of_a_whole_run_is_there_under_its_own_key():
    scenarios = [scenario_of(key) for key in FULL]
    assert [one.key for one in scenarios] == list(FULL)
    assert len({one.title for one in scenarios}) == len(FULL)


@pytest.mark.parametrize(
    "key", ["", "webinar", "webinar-50", "webinar-50-7", "webinar-x-20", "rooms-0", "party-3", "rooms-99999"]
)
def test_a_key_that_names_nothing_is_refused(key: str):
    with pytest.raises(UnknownScenarioError):
        scenario_of(key)


def test_a_busy_machine_explains_a_little_loss_and_nothing_else():
    assert not Round({"loss": 1.0}, faults=["9 packets were lost"]).is_broken
    assert Round({"loss": 30.0}, faults=["9 packets were lost"]).is_broken
    assert Round({"loss": 0.0}, faults=["nothing arrived"]).is_broken

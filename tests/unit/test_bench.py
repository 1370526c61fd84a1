"""The bench runs, judges by its bars, and says what it left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
SMALL = ("--only", "sealtape", "--sizes", "5", "--rounds", "1", "--tests", "2")


@pytest.fixture(autouse=True)
def _tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TOOLS)


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def measured_by(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    """Return the JSON of a small run."""
    done = run_bench(*SMALL, *arguments, "--json", str(tmp_path / "bench.json"))
    assert done.returncode == 0, done.stderr
    measured: dict[str, Any] = json.loads((tmp_path / "bench.json").read_text())
    assert measured["skipped"] == {}
    return measured


def test_it_measures_sealtape_beside_its_floors_after_the_servers_are_gone(tmp_path: Path) -> None:
    workloads = ("dynamodb", "httpx", "aiohttp")
    chosen = [argument for name in workloads for argument in ("--workload", name)]
    measured = measured_by(tmp_path, "--part", "replay", "--part", "recording", *chosen)

    rows = {(row["workload"], row["contender"]): row for row in measured["results"]}
    assert set(rows) == {(name, who) for name in workloads for who in ("floor", "sealtape")}
    for name in workloads:
        assert rows[name, "floor"]["calls_ratio"] == 1.0
        assert rows[name, "sealtape"]["ratio"] > rows[name, "sealtape"]["calls_ratio"] > 0
    assert measured["figures"]["recording"]["value"] > 0


def test_it_measures_suites_beside_the_same_without_sealtape(tmp_path: Path) -> None:
    measured = measured_by(tmp_path, "--part", "clients", "--part", "marked")

    assert set(measured["figures"]) == {"clients", "marked, sealtape", "marked, vcrpy"}


def test_it_measures_every_step_from_the_captured_to_the_file_and_back(tmp_path: Path) -> None:
    from bench.processes import environment
    from bench.sealing import rates

    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n")
    with environment():
        found = rates(tmp_path, 1, sizes=(200,))

    assert {step for step, *_ in found} == {"scrub", "residue gate", "seal", "open"}
    assert {kind for _, kind, *_ in found} == {"text", "json", "binary"}


def test_a_floor_is_not_measured_where_sealtape_is_loaded(tmp_path: Path) -> None:
    import sealtape  # noqa: F401  # that it is loaded is the point
    from bench.child import perform
    from bench.contenders import CONTENDERS
    from bench.workloads import WORKLOADS, Answer, Site
    from bench.workloads.http import part_of

    site = Site(tmp_path, "", "http://parts.example.com")
    site.keep_answer("requests", Answer(200, [], part_of(0)))

    with pytest.raises(AssertionError, match="sealtape is loaded"):
        perform("replay", CONTENDERS["floor"], WORKLOADS["requests"], site, 1)


def test_a_wrong_last_answer_is_no_measurement(tmp_path: Path) -> None:
    from bench.child import perform
    from bench.contenders import CONTENDERS
    from bench.workloads import WORKLOADS, Answer, Site
    from bench.workloads.http import part_of

    site = Site(tmp_path, "", "http://parts.example.com")
    site.keep_answer("httpx", Answer(200, [], part_of(7)))

    with pytest.raises(AssertionError, match="part number 00007"):
        perform("replay", CONTENDERS["floor"], WORKLOADS["httpx"], site, 1)


def test_a_contender_too_many_is_refused() -> None:
    done = run_bench("--only", "betamax")

    assert done.returncode == 2
    assert "vcrpy" in done.stderr


def test_bars_are_judged_by_the_worst_measurement_from_300_calls_on() -> None:
    from bench.bars import bars
    from bench.results import Measured, Result
    from bench.workloads import WORKLOADS

    def row(workload: str, n: int, ratio: float, who: str = "sealtape", call: float = 100) -> Result:
        return Result(workload, who, n, 3, call, 0.0, call, ratio, ratio)

    measured = Measured(
        [row("dynamodb", 1, 3.0), row("dynamodb", 300, 1.1), row("dynamodb", 1500, 1.2)]
        + [row("dynamodb", n, 2.0, "cassetter", 180) for n in (1, 300, 1500)]
        + [row("requests", n, ratio) for n, ratio in ((1, 3.0), (300, 1.2), (1500, 1.5))]
        + [row("requests", 1, 4.0, "cassetter", 99)]
    )

    judged = bars(measured, ["replay"], [WORKLOADS["dynamodb"], WORKLOADS["requests"]])
    assert [bar.met for bar in judged] == [False, True, True, True, True, False]


def test_time_that_grows_faster_than_the_number_of_calls_misses_a_bar() -> None:
    from bench.bars import bars
    from bench.results import Measured, Result
    from bench.workloads import WORKLOADS

    calls = [
        Result("dynamodb", "sealtape", n, 3, 100 * n**0.1, 0.0, 1.0, 1.0, 1.0) for n in (300, 1500, 10_000)
    ]

    slope = bars(Measured(calls), ["replay"], [WORKLOADS["dynamodb"]])[1]
    assert (slope.measured, slope.met) == ("1.100", False)


def test_what_a_step_or_a_suite_costs_is_judged() -> None:
    from bench.bars import bars
    from bench.results import Figure, Measured, Rate

    measured = Measured(
        rates=[Rate("open", "text", 200, 19.0), Rate("open", "text", 2_000_000, 11_000)]
        + [Rate(step, "text", 2_000_000, 19_000) for step in ("scrub", "residue gate", "seal")],
        figures={"memory": Figure(1.4, "×"), "marked, sealtape": Figure(0.5, "ms")},
    )

    parts = ["sealing", "marked"]
    assert [bar.met for bar in bars(measured, parts, [])] == [True, False, True, True, True, True, False]


def test_what_was_not_measured_counts_as_not_met() -> None:
    from bench.__main__ import PARTS
    from bench.bars import bars
    from bench.results import Measured
    from bench.workloads import WORKLOADS

    assert {bar.met for bar in bars(Measured(), PARTS, WORKLOADS.values())} == {None}

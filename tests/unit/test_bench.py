"""The bench runs, judges by its bars, and says what it left out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
SMALL = ("--only", "sealtape", "--sizes", "5", "--rounds", "1")


@pytest.fixture(autouse=True)
def _tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TOOLS)


def run_bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [str(TOOLS), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def test_it_measures_sealtape_beside_its_floors_after_the_servers_are_gone(tmp_path: Path) -> None:
    done = run_bench(*SMALL, "--json", str(tmp_path / "bench.json"))

    assert done.returncode == 0, done.stderr
    measured = json.loads((tmp_path / "bench.json").read_text())
    assert measured["skipped"] == {}
    rows = {(row["track"], row["contender"]): row for row in measured["results"]}
    for track, floor in (("aws", "canned, unsigned"), ("http", "canned adapter")):
        assert rows[track, floor]["ratio"] == 1.0
        assert rows[track, "sealtape"]["call"] > 0
        assert rows[track, "sealtape"]["opening"] > 0
    assert "sealtape" in done.stdout


def test_a_contender_too_many_is_refused() -> None:
    done = run_bench("--only", "betamax")

    assert done.returncode == 2
    assert "vcrpy" in done.stderr


def test_bars_are_judged_by_the_worst_measurement() -> None:
    from bench.report import bars
    from bench.results import Measured, Result

    def row(track: str, n: int, ratio: float, opening: float, who: str = "sealtape") -> Result:
        return Result(who, track, n, 3, 100 * ratio, ratio, opening)  # type: ignore[arg-type]

    measured = Measured(
        [row("aws", 300, 1.5, 29.0), row("aws", 1500, 1.7, 31.0)]
        + [row("http", n, ratio, 20.0) for n, ratio in ((1, 3.0), (300, 1.2), (1500, 1.5))]
        + [row("http", 1, 4.0, 0.0, "vcrpy")]
    )

    assert [bar.met for bar in bars(measured)] == [False, True, True, False, False, True]


def test_what_was_not_measured_counts_as_not_met() -> None:
    from bench.report import bars
    from bench.results import Measured

    assert {bar.met for bar in bars(Measured())} == {None}

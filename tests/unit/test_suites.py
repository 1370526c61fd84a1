"""How the run of the peers' suites is read and judged; the run itself is a command."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"
LISTED = {"tests.a::test_one": "why", "tests.a::test_two[x]": "why", "tests.a::test_gone": "why"}


@pytest.fixture(autouse=True)
def _tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TOOLS)


def test_each_test_of_a_report_passed_failed_or_was_skipped(tmp_path: Path) -> None:
    from suites.__main__ import outcomes_in

    cases = {
        "one": "",
        "two": "<failure/>",
        "three": "<error/>",
        "four[x]": "<skipped/>",
        "five": "<system-out/>",
    }
    written = "".join(
        f'<testcase classname="a" name="{name}">{kind}</testcase>' for name, kind in cases.items()
    )
    (tmp_path / "report.xml").write_text(f"<testsuites><testsuite>{written}</testsuite></testsuites>")
    assert outcomes_in(tmp_path / "report.xml") == {
        "a::one": "passed",
        "a::two": "failed",
        "a::three": "failed",
        "a::four[x]": "skipped",
        "a::five": "passed",
    }


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ({"tests.a::test_one[p]", "tests.a::test_two[x]"}, []),
        (
            {"tests.a::test_one[p]", "tests.a::test_two[x]", "tests.a::test_two[y]"},
            ["tests.a::test_two[y]: lost"],
        ),
        ({"tests.a::test_two[x]"}, ["tests.a::test_one: in exceptions.toml, and passes"]),
        ({"tests.a::test_one[p]"}, ["tests.a::test_two[x]: in exceptions.toml, and passes"]),
    ],
    ids=["as listed", "one more", "a name passes", "a parameter passes"],
)
def test_what_is_lost_and_what_is_listed_must_agree(lost: set[str], told: list[str]) -> None:
    from suites.__main__ import complaints

    can_pass = {
        "tests.a::test_one[p]",
        "tests.a::test_one[q]",
        "tests.a::test_two[x]",
        "tests.a::test_two[y]",
    }
    found = complaints(can_pass, lost, LISTED)
    assert len(found) == len(told)
    assert all(complaint.startswith(text) for complaint, text in zip(found, told, strict=True))


def test_every_listed_test_has_a_reason_and_stands_there_once() -> None:
    from suites.__main__ import SUITES, reasons

    listed = tomllib.loads((TOOLS / "suites" / "exceptions.toml").read_text(encoding="utf-8"))
    assert set(listed) == {suite.distribution for suite in SUITES}
    for groups in listed.values():
        assert all(group["reason"] for group in groups)
        assert len(reasons(groups)) == sum(len(group["tests"]) for group in groups)

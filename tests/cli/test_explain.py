from __future__ import annotations

import pytest

from sealtape.drift import rules as drift
from sealtape.scrub.rules import RULES
from tests.cli.project import Project


def test_every_rule_is_listed(bare: Project) -> None:
    result = bare.run("explain")
    assert result.code == 0
    listed = [line.split()[0] for line in result.out.splitlines()]
    assert listed == [*(rule.id for rule in RULES), *(rule.id for rule in drift.RULES), "draws", "clock"]


@pytest.mark.parametrize("rule", drift.RULES, ids=lambda rule: rule.id)
def test_every_drift_rule_is_told_with_its_severity_and_advice(bare: Project, rule: drift.Rule) -> None:
    result = bare.run("explain", rule.id)
    assert result.code == 0
    assert result.out.startswith(f"{rule.id}: {rule.text}\n")
    assert f"severity  {rule.severity}\n" in result.out
    assert f"advice    {rule.advice}\n" in result.out


def test_a_rule_is_told_in_words(bare: Project) -> None:
    result = bare.run("explain", "account-id")
    assert result.code == 0
    assert result.out.startswith("account-id: ")
    for word in ("found in", "stand-in keeps", "source"):
        assert word in result.out


@pytest.mark.parametrize("setting", ["draws", "clock"])
def test_what_a_test_is_given_is_told_with_default_reason_and_limits(bare: Project, setting: str) -> None:
    result = bare.run("explain", setting)
    assert result.code == 0
    for word in (f"{setting}: ", "(the default)", "why ", "not ", f"--sealtape-{setting}"):
        assert word in result.out


def test_an_unknown_rule_names_the_nearest(bare: Project) -> None:
    result = bare.run("explain", "acount-id")
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: there is no rule 'acount-id'\nhint: sealtape explain account-id\n"

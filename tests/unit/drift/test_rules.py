from __future__ import annotations

import re

import pytest

from sealtape.drift import SEVERITIES
from sealtape.drift.rules import RULE, RULES, Rule


def test_ids_are_unique_kebab_case_words() -> None:
    assert len(RULE) == len(RULES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_what_it_means_and_what_to_do(rule: Rule) -> None:
    assert rule.text
    assert rule.advice
    assert not (rule.text + rule.advice).endswith(".")
    assert rule.severity in SEVERITIES

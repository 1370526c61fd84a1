from __future__ import annotations

import re
from typing import get_args

import pytest

from sealtape.drift.findings import Severity
from sealtape.drift.rules import RULE, RULES


def test_ids_are_unique_kebab_case_words() -> None:
    assert len(RULE) == len(RULES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_what_it_means_and_what_to_do(rule: object) -> None:
    assert rule in RULES
    text, advice = getattr(rule, "text", ""), getattr(rule, "advice", "")
    assert text
    assert advice
    assert not (text + advice).endswith(".")
    assert getattr(rule, "severity", "") in get_args(Severity)

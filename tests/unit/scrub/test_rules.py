from __future__ import annotations

import re

import pytest

from sealtape.scrub import RULES, explain
from sealtape.scrub.detectors import DETECTORS
from sealtape.scrub.evidence import HEADER_RULES, QUERY_RULES


def test_every_rule_has_an_id_of_its_own_in_kebab_case() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", rule_id) for rule_id in ids)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_told_in_words(rule: object) -> None:
    assert explain(getattr(rule, "id", "")) is rule
    assert all(getattr(rule, field) for field in ("where", "kind", "stand_in", "source", "text"))


def test_an_unknown_rule_is_not_explained() -> None:
    assert explain("no-such-rule") is None


def test_what_looks_for_secrets_goes_by_rules_of_the_table() -> None:
    used = {detector.rule for detector in DETECTORS} | {*HEADER_RULES.values(), *QUERY_RULES.values()} - {""}
    assert used <= {rule.id for rule in RULES}

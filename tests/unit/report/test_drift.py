from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from sealtape.drift import Finding, compare
from sealtape.drift.rules import RULE, RULES
from sealtape.report.drift_json import drift_document, drift_schema
from sealtape.report.drift_markdown import code, drift_markdown
from sealtape.report.drift_text import drift_summary, drift_text, extent
from tests.unit.drift.recordings import aws, recording

OLD = {"Name": "a|b `c`", "Owner": None, "Tags": ["x", "y"], "Text": "one two three " * 10}
NEW = {"Name": 1, "Owner": {"Id": 7}, "Tags": ["y", "x"], "Text": "one two four " * 10}


@pytest.fixture
def findings() -> list[Finding]:
    return compare(OLD, NEW, service="s3", operation="ListObjectsV2", test="test_it")


def test_json_is_as_its_schema_has_it(findings: list[Finding]) -> None:
    document = json.loads(json.dumps(drift_document(findings)))
    schema = json.loads(drift_schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert list(document["findings"][0]) == schema["$defs"]["finding"]["required"]


def test_the_schema_lists_the_kinds_of_all_rules() -> None:
    kinds = json.loads(drift_schema())["$defs"]["finding"]["properties"]["kind"]["enum"]
    assert kinds == sorted({rule.kind for rule in RULES})


def test_text_has_a_line_for_each_fact_and_the_sum(findings: list[Finding]) -> None:
    lines = [line.plain for line in drift_text(findings)]
    assert lines[0].startswith("breaking  s3.ListObjectsV2  Name  type-changed")
    assert lines[-1] == "3 facts: 1 breaking, 1 risky, 1 info · 1 quiet (-v shows them)"
    assert not any("order-changed" in line for line in lines)


def test_long_values_stand_below_their_fact(findings: list[Finding]) -> None:
    lines = [line.plain for line in drift_text(findings)]
    at = next(n for n, line in enumerate(lines) if "text-changed" in line)
    assert lines[at + 1].lstrip().startswith('- "one two three')
    assert lines[at + 2].lstrip().startswith('+ "one two four')


def test_quiet_facts_are_told_when_asked_for(findings: list[Finding]) -> None:
    assert any("order-changed" in line.plain for line in drift_text(findings, verbose=True))


def finding(rule: str, *tests: str, count: int = 1, **more: Any) -> Finding:
    said = {"severity": "risky", "cause": "provider", "service": "s3", "operation": "ListObjectsV2", **more}
    kind = RULE[rule].kind
    return Finding(id=rule, kind=kind, path="", old=None, new=None, tests=tests, count=count, **said)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (finding("field-removed"), "provider"),
        (finding("field-removed", "test_a"), "in test_a · provider"),
        (finding("field-removed", "test_a", count=2), "2 responses in test_a · provider"),
        (finding("field-removed", "test_a", "test_b", count=3), "3 responses in 2 tests · provider"),
        (finding("interaction-added", "test_a", count=2), "2 calls in test_a · provider"),
        (finding("recording-failed", "test_a", cause="unknown"), "in test_a"),
        (finding("recording-failed", "test_a", "test_b", count=2, cause="unknown"), "2 tests"),
    ],
)
def test_a_finding_says_how_far_it_reaches(found: Finding, said: str) -> None:
    assert extent(found) == said


def test_tests_are_named_where_there_are_several_and_all_of_them_when_asked_for() -> None:
    found = [finding("field-removed", "test_a"), finding("error-code", "test_a", "test_b", count=2)]
    brief, full = ([line.plain for line in drift_text(found, verbose=v)] for v in (False, True))
    assert "in test_a" in brief[0]
    assert not any("test_b" in line for line in brief)
    assert [line.strip() for line in full if line.strip().startswith("in ")] == ["in test_a", "in test_b"]
    assert not any("fingerprint" in line for line in brief)
    (_, shown, *_) = drift_text([replace(found[0], fingerprint="0f3c9a7b5d2e4816")], verbose=True)
    assert shown.plain.strip() == "fingerprint 0f3c9a7b5d2e4816"
    assert "test_b" not in drift_markdown(found)
    assert "in `test_a`, `test_b`" in drift_markdown(found, verbose=True)
    assert not any("test_a" in line.plain for line in drift_text(found[:1]))


def test_what_came_or_went_as_a_whole_is_not_its_own_value() -> None:
    (line, _) = drift_text(compare(recording(), recording(aws("sqs.ListQueues", {}))))
    assert line.plain.endswith("sqs.ListQueues  interaction-added  request")


def test_objects_are_shown_as_json_and_not_as_text() -> None:
    lines = [line.plain for line in drift_text(compare({"a": True}, {"a": True, "b": {"c": 1}}))]
    assert lines[0].endswith('field-added  nothing → {"c": 1}')
    assert "| `true` |" in drift_markdown(compare({"a": True}, {}))


def test_nothing_is_called_no_drift() -> None:
    assert drift_summary([]) == "no drift"


def test_markdown_keeps_recorded_values_in_their_cells(findings: list[Finding]) -> None:
    text = drift_markdown(findings)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows)
    assert "### breaking" in text
    assert "<details><summary>1 quiet</summary>" in text


def test_code_is_fenced_against_what_it_holds() -> None:
    assert code("a`b") == "``a`b``"
    assert code("`") == "`` ` ``"
    assert code("a|b") == "`a\\|b`"
    assert code("a\nb") == "`a\\x0ab`"
    assert code("") == ""

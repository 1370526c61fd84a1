from __future__ import annotations

import json
import re

import jsonschema  # type: ignore[import-untyped]
import pytest

from sealtape.drift import Finding, compare
from sealtape.drift.rules import RULES
from sealtape.report.drift_json import drift_document, drift_schema
from sealtape.report.drift_markdown import code, drift_markdown
from sealtape.report.drift_text import drift_summary, drift_text

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
    assert lines[-1] == "3 facts: 1 breaking, 1 risky, 1 info · 1 quiet"
    assert not any("order-changed" in line for line in lines)


def test_long_values_stand_below_their_fact(findings: list[Finding]) -> None:
    lines = [line.plain for line in drift_text(findings)]
    at = next(n for n, line in enumerate(lines) if "text-changed" in line)
    assert lines[at + 1].lstrip().startswith('- "one two three')
    assert lines[at + 2].lstrip().startswith('+ "one two four')


def test_quiet_facts_are_told_when_asked_for(findings: list[Finding]) -> None:
    assert any("order-changed" in line.plain for line in drift_text(findings, quiet=True))


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

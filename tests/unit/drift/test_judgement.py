"""Levels of a project's own, accepted facts, and members that vary."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from sealtape.drift import compare
from sealtape.drift.judgement import Judgement, judgement
from sealtape.drift.memory import EMPTY, MEMORY, Memory, read_memory, write_memory
from sealtape.errors import SettingsError, StoreError
from sealtape.settings import DriftSettings, Settings
from tests.unit.drift.recordings import aws, recording

DAY = date(2026, 1, 31)


def levels(**ids: str) -> Settings:
    return Settings(drift=DriftSettings(levels=tuple((name.replace("_", "-"), v) for name, v in ids.items())))


def test_the_settings_overrule_the_levels_of_rules_and_the_worst_still_comes_first() -> None:
    facts = compare({"A": 1}, {"B": "x"})
    assert [f.id for f in facts] == ["field-removed", "field-added"]
    judged = judgement(levels(field_removed="quiet", field_added="breaking")).of(facts)
    assert [(f.id, f.severity) for f in judged] == [("field-added", "breaking"), ("field-removed", "quiet")]


def test_a_removed_member_that_somebody_reads_ranks_above_one_that_nobody_reads() -> None:
    users: tuple[dict[str, object], ...] = ({"Id": 1, "Name": "a"}, {})
    old, new = (recording(aws("example.List", {"Users": [user]})) for user in users)
    facts = compare(old, new)
    judging = Judgement(reads={"example.List": frozenset(("Users", "Users[].Name"))})
    assert [(f.path, f.severity) for f in judging.of(facts)] == [
        ("Users[].Name", "breaking"),
        ("Users[].Id", "risky"),
    ]
    elsewhere = Judgement(reads={"example.Get": frozenset(("Users",))})
    assert {f.severity for f in elsewhere.of(facts)} == {"breaking"}


def test_an_id_that_is_no_rules_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError, match="field-remove") as refused:
        judgement(levels(field_remove="quiet"))
    assert "'field-removed'" in refused.value.hint


def test_an_accepted_fact_is_quiet_until_its_day_and_back_on_the_next() -> None:
    facts = compare({"A": 1}, {})
    memory = EMPTY.accepting(facts, DAY, "nobody reads it")
    for day, severity in ((DAY, "quiet"), (DAY + timedelta(days=1), "breaking")):
        assert [f.severity for f in Judgement(memory=memory, day=day).of(facts)] == [severity]
    (other,) = Judgement(memory=memory, day=DAY).of(compare({"B": 1}, {}))
    assert other.severity == "breaking"


def test_a_member_that_varies_is_quiet_where_its_value_differs_and_not_where_it_goes() -> None:
    memory = EMPTY.having_seen(["example.List A"], DAY)
    judging = Judgement(memory=memory, day=DAY)
    on, off, gone = (recording(aws("example.List", a)) for a in ({"A": "on"}, {"A": "off"}, {}))
    assert [f.severity for f in judging.of(compare(on, off))] == ["quiet"]
    assert [f.severity for f in judging.of(compare(on, gone))] == ["breaking"]
    later = Judgement(memory=memory, day=DAY + timedelta(days=200))
    assert [f.severity for f in later.of(compare(on, off))] == ["risky"]


def test_the_file_is_small_sorted_and_holds_no_recorded_value(tmp_path: Path) -> None:
    facts = compare({"Owner": "corp-secret-name"}, {"Owner": None})
    memory = EMPTY.accepting(facts, DAY, "legacy").having_seen(["b.C x", "a.B y"], DAY)
    assert write_memory(tmp_path, memory, DAY)
    text = (tmp_path / MEMORY).read_text(encoding="utf-8")
    assert "corp-secret-name" not in text
    row = '{"until": "2026-01-31", "fact": "value-became-null Owner", "why": "legacy"}'
    assert text.splitlines()[3] == f'"{facts[0].fingerprint}": {row}'
    assert list(json.loads(text)["varies"]) == ["a.B y", "b.C x"]
    assert read_memory(tmp_path) == memory
    assert not write_memory(tmp_path, memory, DAY)


def test_a_member_is_counted_once_a_day_and_everything_expires(tmp_path: Path) -> None:
    memory = EMPTY.having_seen(["a.B y"], DAY).having_seen(["a.B y"], DAY)
    memory = memory.having_seen(["a.B y"], DAY + timedelta(days=7))
    assert memory.varying["a.B y"].times == 2
    assert memory.accepting(compare({"A": 1}, {}), DAY).on(DAY + timedelta(days=400)) == Memory()


def test_what_flaps_is_kept_with_the_rest_until_it_was_not_seen_for_half_a_year(tmp_path: Path) -> None:
    (fact,) = compare({"A": 1}, {})
    memory = EMPTY.having_flapped([fact], DAY).accepting_flapping(fact.fingerprint, DAY, "a cache")
    assert memory.accepted == EMPTY.accepting([fact], DAY, "a cache").accepted
    assert write_memory(tmp_path, memory, DAY)
    assert read_memory(tmp_path) == memory
    assert memory.on(DAY + timedelta(days=182)).flapping == memory.flapping
    assert memory.on(DAY + timedelta(days=183)) == Memory()
    with pytest.raises(KeyError):
        EMPTY.accepting_flapping(fact.fingerprint, DAY)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "it is no memory of drift"),
        ("[]", "it is no memory of drift"),
        ('{"drift": 1, "accepted": {"a": {"until": "soon"}}, "varies": {}}', "it is no memory of drift"),
        ("<<<<<<< HEAD\n", "merge-conflict markers"),
        ('{"drift": 2}', "written by a later version"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_and_not_an_empty_memory(
    tmp_path: Path, content: str, complaint: str
) -> None:
    (tmp_path / MEMORY).write_text(content)
    with pytest.raises(StoreError, match=complaint):
        read_memory(tmp_path)

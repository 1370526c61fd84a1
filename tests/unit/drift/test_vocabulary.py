"""Enumerations that only the recording shows."""

from __future__ import annotations

import pytest

from sealtape.drift import compare
from tests.unit.drift.recordings import aws, http, recording


def jobs(*states: str) -> dict[str, object]:
    return {
        "jobs": [
            {"name": f"job-of-{letter}", "state": state}
            for letter, state in zip("abcdef", states, strict=False)
        ]
    }


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("on", "lost", "enum-outside-recorded"),
        ("on", "off", "enum-value-changed"),
        ("on", "on and on", "value-changed"),
    ],
)
def test_a_member_with_a_few_values_that_come_again_is_an_enumeration(
    old: str, new: str, expected: str
) -> None:
    before, after = (jobs("off", "on", "off", "on", last) for last in (old, new))
    sides = (recording(http("/jobs", answer)) for answer in (before, after))
    assert [(f.id, f.path) for f in compare(*sides)] == [(expected, "jobs[].state")]


def test_a_member_with_many_values_or_seen_too_seldom_is_none() -> None:
    for states in (("on", "off"), ("red", "blue", "green", "grey", "pink")):
        before, after = jobs(*states), jobs(*states[:-1], "lost")
        assert [f.id for f in compare(before, after)] == ["value-changed"]


def test_all_answers_of_an_operation_show_its_enumeration_and_no_other_ones_do() -> None:
    def read(operation: str, last: str) -> list[str]:
        calls = [aws(f"example.{operation}", {"State": "on"}, {"Id": n}) for n in range(5)]
        changed = aws("example.Get", {"State": last}, {"Id": 9})
        kept = aws("example.Get", {"State": "on"}, {"Id": 9})
        return [f.id for f in compare(recording(*calls, kept), recording(*calls, changed))]

    assert read("Get", "lost") == ["enum-outside-recorded"]
    assert read("List", "lost") == ["value-changed"]

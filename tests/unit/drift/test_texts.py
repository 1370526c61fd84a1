from __future__ import annotations

import pytest

from sealtape.drift.texts import changes
from sealtape.renaming import Renaming

ENUM = "Value x at 'runtime' must be one of: [{}] or a valid ARN"


def changed(old: str, new: str) -> list[tuple[str, str | None, str | None]]:
    return [(c.what, c.old, c.new) for c in changes(old, new, Renaming())]


def kinds(old: str, new: str) -> list[str]:
    return [change.what for change in changes(old, new, Renaming())]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (ENUM.format("py3, js18, go1"), ENUM.format("js18, py3, go1")),
        ("One of red, green, or blue is wanted", "One of blue, green, or red is wanted"),
    ],
)
def test_the_order_of_an_enumeration_in_a_text_says_nothing(old: str, new: str) -> None:
    assert changed(old, new) == []


def test_entries_of_an_enumeration_come_and_go_by_name() -> None:
    assert changed(ENUM.format("py3, js18, go1"), ENUM.format("js20, py3, js18")) == [
        ("listed-removed", "go1", None),
        ("listed-added", None, "js20"),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Task timed out after 1.02 seconds", "Task timed out after 1.00 seconds"),
        ("took 12ms and 300 KB in all", "took 9ms and 512 KB in all"),
    ],
)
def test_numbers_with_a_unit_are_measurements(old: str, new: str) -> None:
    assert kinds(old, new) == ["measured"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("must be shorter than 262144 bytes", "must be shorter than 1048576 bytes"),
        (
            "Member must have length less than or equal to 140",
            "Member must have length less than or equal to 2048",
        ),
        ("Rate exceeded: maximum is 5 per second", "Rate exceeded: maximum is 10 per second"),
        ("You may have 3 concurrent builds", "You may have 6 concurrent builds"),
        ("it supports 16 characters or fewer", "it supports 32 characters or fewer"),
    ],
)
def test_numbers_that_bound_something_are_limits(old: str, new: str) -> None:
    assert changed(old, new) == [("limit", old, new)]


def test_days_are_set_and_not_measured() -> None:
    assert kinds("the link expires after 7 days", "the link expires after 14 days") == ["text"]


def test_wording_is_told_from_punctuation() -> None:
    assert kinds("it is not valid, sorry", "It is not valid; sorry") == ["punctuation"]
    assert kinds("it is not valid here", "it is not allowed here") == ["text"]


def test_opaque_values_in_a_text_are_renamed() -> None:
    ids = "0b1f6c1e-4e50-4f2e-9c47-0d8f1c2b3a4d", "5c7d9e2f-1a3b-4c5d-8e6f-7a8b9c0d1e2f"
    assert changes(f"order {ids[0]} is not there", f"order {ids[1]} is not there", Renaming()) == []


def test_a_number_inside_of_a_name_is_no_measurement() -> None:
    assert kinds("use runtime python3.9 now please", "use runtime python3.12 now please") == ["text"]

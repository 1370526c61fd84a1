"""Answers that notice what is read of them, and are plain answers to everybody else."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import jmespath  # type: ignore[import-untyped]
import pytest

from sealtape.capture.reading import watched


def answer() -> dict[str, Any]:
    return {
        "Users": [{"Name": "ada", "Id": 1}, {"Name": "eve", "Id": 2}],
        "IsTruncated": False,
        "Owner": {"A": 1},
    }


def read(use: Callable[[Any], Any]) -> set[str]:
    noted: set[tuple[str, ...]] = set()
    use(watched(answer(), noted.add))
    return {".".join(path) for path in noted}


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (lambda a: None, set()),
        (lambda a: a["Users"], {"Users"}),
        (lambda a: a.get("Owner", {}).get("A"), {"Owner", "Owner.A"}),
        (lambda a: a["Users"][0]["Name"], {"Users", "Users.[].Name"}),
        (lambda a: [user["Id"] for user in a["Users"]], {"Users", "Users.[].Id"}),
        (lambda a: "Marker" in a, {"Marker"}),
        (lambda a: a.get("Marker"), {"Marker"}),
        (lambda a: a.pop("IsTruncated"), {"IsTruncated"}),
        (lambda a: len(a["Users"]), {"Users"}),
        (lambda a: dict(a["Owner"]), {"Owner", "Owner.A"}),
        (lambda a: {**a["Owner"]}, {"Owner", "Owner.A"}),
        (lambda a: a["Owner"] == {"A": 1}, {"Owner", "Owner.A"}),
        (lambda a: jmespath.search("Users[].Name", a), {"Users", "Users.[].Name"}),
    ],
)
def test_what_is_read_is_noted_by_its_path(use: Callable[[Any], Any], expected: set[str]) -> None:
    assert read(use) == expected


WHOLE = {"Users", "Users.[].Name", "Users.[].Id", "IsTruncated", "Owner", "Owner.A"}


@pytest.mark.parametrize(
    "use",
    [json.dumps, copy.deepcopy, pickle.dumps, lambda a: a == answer()],
    ids=["json", "copy", "pickle", "=="],
)
def test_what_is_taken_as_a_whole_is_read_as_a_whole(use: Callable[[Any], Any]) -> None:
    assert read(use) == WHOLE


def test_a_watched_answer_is_equal_to_the_plain_one_and_its_copies_are_plain() -> None:
    seen = watched(answer(), lambda path: None)
    assert seen == answer()
    assert (seen != answer()) is False
    assert isinstance(seen, dict)
    assert isinstance(seen["Users"], list)
    assert json.loads(json.dumps(seen)) == answer()
    assert type(copy.deepcopy(seen)) is dict
    assert pickle.loads(pickle.dumps(seen)) == answer()
    assert sorted(seen) == sorted(answer())
    assert jmespath.search("length(Users)", seen) == 2


def test_a_watched_answer_can_be_changed_as_the_plain_one() -> None:
    seen = watched(answer(), lambda path: None)
    seen["Users"].append({"Name": "kim"})
    seen["Users"][0]["Name"] = "lea"
    del seen["Owner"]
    assert [user["Name"] for user in seen["Users"]] == ["lea", "eve", "kim"]
    assert "Owner" not in seen


def test_a_body_is_handed_on_as_it_is() -> None:
    body = object()
    assert watched({"Body": body}, lambda path: None)["Body"] is body

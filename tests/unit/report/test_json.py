from __future__ import annotations

import json
import math

from sealtape.interaction import Tree
from sealtape.report.json import plain, show_schema


def test_values_without_a_json_form_are_tagged() -> None:
    tree: Tree = {"a": b"\x00\x01", "b": [math.nan, -math.inf], "c": {"d": None, "e": 1.5}}
    assert plain(tree) == {
        "a": {"$bytes": "AAE="},
        "b": [{"$float": "nan"}, {"$float": "-inf"}],
        "c": {"d": None, "e": 1.5},
    }


def test_a_callers_object_that_looks_like_a_tag_is_told_from_one() -> None:
    assert plain({"$bytes": "AAE="}) == {"$$bytes": "AAE="}
    assert plain({"$$float": 1}) == {"$$$float": 1}
    assert plain({"$bytes": 1, "more": 2}) == {"$bytes": 1, "more": 2}


def test_the_schema_comes_with_the_package() -> None:
    assert json.loads(show_schema())["title"] == "sealtape show --json"

"""A change that is made on purpose is found, alone, among ids and times that are other ones each time."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealtape.drift import Finding, compare
from tests.unit.drift.recordings import http, recording
from tests.unit.drift.wire import LIMITED, WORDS, Drawn, repeated, said

NAMES = (
    *("Owner", "Status", "Version", "Endpoint", "Policy", "Region", "Queue", "Topic", "Settings", "Rules"),
    *("Listener", "Role", "Labels", "Schedule", "Encryption", "Visibility", "Storage", "Engine", "Family"),
)

drawn = st.builds(Drawn, st.sampled_from(("id", "arn", "time", "epoch", "text")), st.integers(0, 3))
chosen = st.sampled_from(WORDS) | st.integers(0, 9999) | st.booleans() | st.none()
leaves = drawn | chosen | st.just(LIMITED)
lists = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3, unique=True)
answers = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), leaves | lists, min_size=1, max_size=5),
    lambda inner: st.dictionaries(
        st.sampled_from(NAMES),
        leaves | lists | inner | st.lists(inner, min_size=1, max_size=3),
        min_size=1,
        max_size=5,
    ),
    max_leaves=4,
)


def documents(old: Any, new: Any) -> list[Finding]:
    return compare(old, new)


def json_over_http(old: Any, new: Any) -> list[Finding]:
    return compare(*(recording(http("/orders", side)) for side in (old, new)))


def xml_over_http(old: Any, new: Any) -> list[Finding]:
    sides = (http("/orders", repeated("Order", side), media="application/xml") for side in (old, new))
    return compare(*map(recording, sides))


compared = pytest.mark.parametrize("compared", [documents, json_over_http, xml_over_http])


def members(answer: Any, path: str = "") -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield each member below ``answer``: the object that holds it, its name, and the object's path."""
    if isinstance(answer, list):
        for item in answer:
            yield from members(item, f"{path.removesuffix('.')}[].")
    elif isinstance(answer, dict):
        for name, value in answer.items():
            yield answer, name, path
            yield from members(value, f"{path}{name}.")


def remove(holder: dict[str, Any], name: str) -> None:
    del holder[name]


def add(holder: dict[str, Any], name: str) -> None:
    holder["Novelty"] = "new"


def rename(holder: dict[str, Any], name: str) -> None:
    holder["Novelty"] = holder.pop(name)


def retype(holder: dict[str, Any], name: str) -> None:
    # In XML a list is a name that comes again, and a lone item of it is one.
    holder[name] = "a text" if isinstance(holder[name], dict) else {"Value": 1}


def limit(holder: dict[str, Any], name: str) -> None:
    holder[name] = LIMITED.replace("64", "128")


@compared
@settings(max_examples=60, deadline=None)
@given(answer=answers)
def test_an_answer_is_the_same_with_other_ids_and_times(
    compared: Callable[[Any, Any], list[Finding]], answer: dict[str, Any]
) -> None:
    assert compared(said(answer, 0), said(answer, 0)) == []
    assert compared(said(answer, 0), said(answer, 1)) == []


@compared
@pytest.mark.parametrize(
    ("mutate", "kind", "place"),
    [
        (remove, "field-removed", "{}"),
        (add, "field-added", "Novelty"),
        (rename, "field-renamed", "{}"),
        (retype, "type-changed", "{}"),
        (limit, "default-or-limit", "{}"),
    ],
)
@settings(max_examples=60, deadline=None)
@given(answer=answers, data=st.data())
def test_a_single_change_is_one_fact_of_its_kind_in_its_place(
    mutate: Callable[[dict[str, Any], str], None],
    kind: str,
    place: str,
    compared: Callable[[Any, Any], list[Finding]],
    answer: dict[str, Any],
    data: Any,
) -> None:
    old = copy.deepcopy(answer)
    number = data.draw(st.integers(0, len(list(members(old))) - 1))
    holder, name, path = list(members(old))[number]
    if mutate is limit:
        holder[name] = LIMITED
    if mutate is retype and isinstance(holder[name], (list, type(None))) and compared is xml_over_http:
        holder[name] = WORDS[0]
    new = copy.deepcopy(old)
    holder, name, path = list(members(new))[number]
    mutate(holder, name)
    (finding,) = compared(said(old, 0), said(new, 1))
    expected = path + place.format(name)
    if compared is xml_over_http:
        # Of an element that comes once nobody knows whether it could come again.
        assert (finding.kind, finding.path.replace("[]", "")) == (kind, f"Order.{expected.replace('[]', '')}")
    else:
        assert (finding.kind, finding.path) == (kind, expected)

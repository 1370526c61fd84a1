"""A change that is made on purpose to what a service wrote is found, alone, whatever the protocol."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sealtape.drift import compare
from sealtape.drift.models import Shape
from sealtape.interaction import Recording
from tests.unit.drift.recordings import aws, http, recording
from tests.unit.drift.wire import LIMITED, Answer, Moved, drawn_answer

Mutation = Callable[[dict[str, Any], str, Shape], None]

answers = st.randoms(use_true_random=False).map(drawn_answer)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_what_a_service_wrote_is_the_same_with_other_ids_and_times(answer: Answer) -> None:
    assert compare(answer.recorded(0), answer.recorded(0)) == []
    assert compare(answer.recorded(0), answer.recorded(1)) == []


def remove(holder: dict[str, Any], name: str, shape: Shape) -> None:
    del holder[name]


def add(holder: dict[str, Any], name: str, shape: Shape) -> None:
    holder["Novelty"] = {"Inner": ["new", "newer"]}


def rename(holder: dict[str, Any], name: str, shape: Shape) -> None:
    holder["Novelty"] = Moved(holder.pop(name), shape)


def retype(holder: dict[str, Any], name: str, shape: Shape) -> None:
    holder[name] = "a text" if isinstance(holder[name], (dict, list)) else {"Value": holder[name]}


def retype_items(holder: dict[str, Any], name: str, shape: Shape) -> None:
    holder[name] = ["a text" if isinstance(item, dict) else {"Value": item} for item in holder[name]]


def limit(holder: dict[str, Any], name: str, shape: Shape) -> None:
    holder[name] = LIMITED.replace("64", "128")


def suits(mutate: Mutation, shape: Shape) -> bool:
    if mutate is retype:
        # Of a list without an element of its own a lone item is an item.
        return not shape.serialization.get("flattened")
    if mutate is retype_items:
        return bool(shape.type_name == "list")
    return mutate is not limit or (shape.type_name == "string" and not shape.enum)


@pytest.mark.parametrize(
    ("mutate", "kind", "place"),
    [
        (remove, "field-removed", "{}"),
        (add, "field-added", "Novelty"),
        (rename, "field-renamed", "{}"),
        (retype, "type-changed", "{}"),
        (retype_items, "type-changed", "{}[]"),
        (limit, "default-or-limit", "{}"),
    ],
)
@settings(max_examples=60, deadline=None)
@given(answer=answers, draw=st.randoms(use_true_random=False))
def test_a_single_change_of_what_a_service_wrote_is_one_fact_of_its_kind(
    mutate: Mutation, kind: str, place: str, answer: Answer, draw: random.Random
) -> None:
    numbers = [i for i, (*_, shape) in enumerate(answer.members()) if suits(mutate, shape)]
    assume(numbers)
    number = draw.choice(numbers)
    holder, name, path, shape = list(answer.members())[number]
    if mutate is limit:
        holder[name] = LIMITED
    changed = copy.deepcopy(answer)
    holder, name, path, shape = list(changed.members())[number]
    mutate(holder, name, shape)
    (finding,) = compare(answer.recorded(0), changed.recorded(1))
    assert (finding.kind, finding.path) == (kind, path + place.format(name))


def user(inner: str = "<User><UserName>ada</UserName></User>", beside: str = "") -> Recording:
    body = f"<GetUserResult>{inner}</GetUserResult>{beside}<ResponseMetadata/>"
    return recording(aws("iam.GetUser", f"<GetUserResponse>{body}</GetUserResponse>", protocol="query"))


@pytest.mark.parametrize(
    ("new", "kind", "path"),
    [
        (user(beside="<Notice>soon</Notice>"), "field-added", "GetUserResponse.Notice"),
        (user("<User>ada</User>"), "type-changed", "User"),
        (user("<User><UserName>ada</UserName></User>" * 2), "type-changed", "User"),
        (user("<User><UserName>ada</UserName><Id>1</Id></User>"), "field-added", "User.Id"),
    ],
)
def test_what_stands_in_xml_where_the_model_does_not_look_is_seen(
    new: Recording, kind: str, path: str
) -> None:
    assert [(f.kind, f.path) for f in compare(user(), new)] == [(kind, path)]


def test_of_xml_without_a_model_one_element_and_several_are_lists_of_another_length() -> None:
    one, two = (
        recording(http("/", f"<Users>{'<User><Age>7</Age></User>' * n}</Users>", media="text/xml"))
        for n in (1, 2)
    )
    assert [f.kind for f in (*compare(one, two), *compare(two, one))] == ["count", "count"]


def test_an_element_without_content_is_renamed_like_any_other() -> None:
    assert [(f.kind, f.path) for f in compare(user("<User/>"), user("<Person/>"))] == [
        ("field-renamed", "User")
    ]

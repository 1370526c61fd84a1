"""A change that is made on purpose is found, alone, among ids and times that are other ones each time."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.drift import compare

LIMITED = "a name must have at most 64 letters"
NAMES = (
    *("Owner", "Status", "Version", "Endpoint", "Policy", "Region", "Queue", "Topic", "Settings", "Rules"),
    *("Listener", "Role", "Labels", "Schedule", "Encryption", "Visibility", "Storage", "Engine", "Family"),
)
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")


class Drawn:
    """A place for what is another value in each recording, the same one in all places with its number."""

    def __init__(self, form: str, number: int) -> None:
        self.form, self.number = form, number

    def __repr__(self) -> str:
        return f"<{self.form} {self.number}>"

    def of(self, recording: int) -> Any:
        drawn = str(uuid.UUID(int=(recording << 64) + (self.number + 1) * 0x9E3779B97F4A7C15, version=4))
        match self.form:
            case "arn":
                return f"arn:aws:orders:eu-west-1:210987654321:order/{drawn}"
            case "time":
                return f"2026-{recording + 1:02d}-{self.number + 1:02d}T10:00:00Z"
            case "epoch":
                return 1_700_000_000 + recording * 9_973 + self.number + 0.25
            case "text":
                return f"the order {drawn} was taken and must hold at most 20 lines"
        return drawn


drawn = st.builds(Drawn, st.sampled_from(("id", "arn", "time", "epoch", "text")), st.integers(0, 3))
chosen = st.sampled_from(WORDS) | st.integers(0, 9999) | st.booleans() | st.none()
leaves = drawn | chosen | st.just(LIMITED)
lists = st.lists(st.sampled_from(WORDS), max_size=3, unique=True)
answers = st.recursive(
    st.dictionaries(st.sampled_from(NAMES), leaves | lists, min_size=1, max_size=5),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), leaves | lists | inner, min_size=1, max_size=5),
    max_leaves=4,
)


def said(answer: Any, recording: int) -> Any:
    """Return ``answer`` as one recording has it."""
    if isinstance(answer, dict):
        return {name: said(value, recording) for name, value in answer.items()}
    if isinstance(answer, list):
        return [said(value, recording) for value in answer]
    return answer.of(recording) if isinstance(answer, Drawn) else answer


def members(answer: dict[str, Any], path: str = "") -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield each member below ``answer``: the object that holds it, its name, and the object's path."""
    for name, value in answer.items():
        yield answer, name, path
        if isinstance(value, dict):
            yield from members(value, f"{path}{name}.")


def remove(holder: dict[str, Any], name: str) -> None:
    del holder[name]


def add(holder: dict[str, Any], name: str) -> None:
    holder["Novelty"] = "new"


def rename(holder: dict[str, Any], name: str) -> None:
    holder["Novelty"] = holder.pop(name)


def retype(holder: dict[str, Any], name: str) -> None:
    holder[name] = "a text" if isinstance(holder[name], (dict, list)) else [holder[name]]


def limit(holder: dict[str, Any], name: str) -> None:
    holder[name] = LIMITED.replace("64", "128")


@given(answers)
def test_an_answer_is_the_same_with_other_ids_and_times(answer: dict[str, Any]) -> None:
    assert compare(said(answer, 0), said(answer, 0)) == []
    assert compare(said(answer, 0), said(answer, 1)) == []


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
@given(answer=answers, data=st.data())
def test_a_single_change_is_one_fact_of_its_kind_in_its_place(
    mutate: Callable[[dict[str, Any], str], None], kind: str, place: str, answer: dict[str, Any], data: Any
) -> None:
    number = data.draw(st.integers(0, len(list(members(answer))) - 1))
    if mutate is limit:
        holder, name, _ = list(members(answer))[number]
        holder[name] = LIMITED
    changed = copy.deepcopy(answer)
    holder, name, path = list(members(changed))[number]
    mutate(holder, name)
    (finding,) = compare(said(answer, 0), said(changed, 1))
    assert (finding.kind, finding.path) == (kind, path + place.format(name))

"""Enumerations that no model lists: members whose values, as recorded, are a few words that come again.

A state is one of few, and is met often; a name is one of many. So a member that was seen at least four
times, with each of its values met twice on average, has these values, and another one is a new one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from sealtape.drift.models import ENTRY, ITEM
from sealtape.drift.noise import is_opaque_key
from sealtape.renaming import masked

_WORD = re.compile(r"[A-Za-z][\w-]{0,39}")
_ENOUGH, _EACH = 4, 2
NOTHING: frozenset[str] = frozenset()


class Vocabulary:
    """The words that one recording says at each place: read when it is first asked."""

    def __init__(self, answers: Iterable[tuple[Hashable, Any]]) -> None:
        self._answers = list(answers)

    def enumeration(self, operation: Hashable, path: tuple[str, ...], old: Any, new: Any) -> frozenset[str]:
        """Return the recorded enumeration that ``old`` and perhaps ``new`` are of, empty if it is none."""
        if not (isinstance(old, str) and isinstance(new, str)):
            return NOTHING
        if not (_is_word(old) and _is_word(new)):
            return NOTHING
        said = self._said.get((operation, path), Counter())
        is_enumeration = said.total() >= max(_ENOUGH, _EACH * len(said)) and all(map(_is_word, said))
        return frozenset(said) if is_enumeration else NOTHING

    @cached_property
    def _said(self) -> Mapping[Hashable, Counter[str]]:
        said: defaultdict[Hashable, Counter[str]] = defaultdict(Counter)
        for operation, tree in self._answers:
            for path, text in _texts(tree):
                said[operation, path][text] += 1
        return said


def _is_word(text: str) -> bool:
    return _WORD.fullmatch(text) is not None and masked(text) == text


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, (*path, ENTRY if is_opaque_key(name) else name))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, (*path, ITEM))

"""Finding any of many strings in a text, at a cost that grows with the text and not with their number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_START = 4
_PER_NEEDLE, _PER_CHARACTER = 250, 350


class Needles(Generic[T]):
    """Strings of at least four characters, and what is known about each.

    One thread may add while others search: a search that started earlier may miss what is new.
    """

    __slots__ = ("_items", "_lengths", "_pairs", "_shortest")

    def __init__(self) -> None:
        self._items: dict[str, T] = {}
        self._pairs: list[tuple[str, T]] = []
        self._lengths: dict[str, tuple[int, ...]] = {}
        self._shortest = 0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._items))

    def get(self, text: str) -> T | None:
        """Return what was added for ``text``."""
        return self._items.get(text)

    def add(self, text: str, item: T) -> None:
        """Look for ``text`` from now on."""
        self._shortest = min(self._shortest or len(text), len(text))
        if text in self._items:
            if self._items[text] == item:
                return
            self._pairs = [pair for pair in self._pairs if pair[0] != text]
        self._pairs.append((text, item))
        self._items[text] = item
        lengths = self._lengths.get(text[:_START], ())
        if len(text) not in lengths:
            self._lengths[text[:_START]] = (*lengths, len(text))

    def found_in(self, text: str) -> list[tuple[str, T]]:
        """Return those that occur in ``text``, the longest first."""
        items, size = self._items, len(text)
        if size < self._shortest:
            return []
        # Few needles: the interpreter's search for each is faster than a look at every position.
        if len(items) * (_PER_NEEDLE + size) < _PER_CHARACTER * size:
            found = [pair for pair in self._pairs if pair[0] in text]
        else:
            found = list(self._scan(text).items())
        return sorted(found, key=_size, reverse=True) if len(found) > 1 else found

    def _scan(self, text: str) -> dict[str, T]:
        found: dict[str, T] = {}
        items, starts = self._items, self._lengths
        for at in range(len(text) - _START + 1):
            lengths = starts.get(text[at : at + _START])
            if lengths is not None:
                for length in lengths:
                    piece = text[at : at + length]
                    if piece in items:
                        found[piece] = items[piece]
        return found


def _size(found: tuple[str, object]) -> int:
    return len(found[0])


def occurrences(text: str, needle: str, *, anywhere: bool) -> Iterator[int]:
    """Yield where ``needle`` starts; unless ``anywhere``, only where no word or number goes on around it."""
    at = text.find(needle)
    while at >= 0:
        end = at + len(needle)
        if anywhere or not (_continues(text, at - 1, needle, 0) or _continues(text, end, needle, -1)):
            yield at
            at = text.find(needle, end)
        else:
            at = text.find(needle, at + 1)


def _continues(text: str, beside: int, needle: str, edge: int) -> bool:
    if not 0 <= beside < len(text):
        return False
    char = text[beside]
    if needle.isdecimal():
        return char.isdecimal()
    return needle[edge].isalnum() and char.isascii() and char.isalnum()


def replaced(text: str, needle: str, by: str, *, anywhere: bool) -> tuple[str, int]:
    """Return ``text`` with every occurrence of ``needle`` replaced, and how many there were."""
    if anywhere:
        return text.replace(needle, by), text.count(needle)
    pieces, at, count = [], 0, 0
    for start in occurrences(text, needle, anywhere=False):
        pieces += [text[at:start], by]
        at = start + len(needle)
        count += 1
    return ("".join([*pieces, text[at:]]) if count else text), count

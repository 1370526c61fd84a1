"""Equal up to a consistent renaming: which value of one side stands for which of the other.

The walk over the pieces of two texts and the bijection are the same for everybody. What may stand for
what is judged by who asks: two recordings are compared by looks (`sealtape.renaming.recordings`), a
request is answered by what nobody can have chosen (`sealtape.renaming.requests`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import TypeAlias

from sealtape.renaming.values import Piece

Pair: TypeAlias = "tuple[str, str]"
"""An old value and the new one that it stands for."""


class Likeness(Enum):
    """How two texts compare up to a consistent renaming of the opaque values in them."""

    EQUAL = "equal"
    RENAMED = "renamed"
    CONFLICT = "conflict"
    """They would be equal, but what the renaming so far says forbids it."""
    DIFFERENT = "different"


class Bijection:
    """Which old value is called what on the new side, as far as it is known."""

    def __init__(self) -> None:
        self.forward: dict[str, str] = {}
        self.backward: dict[str, str] = {}

    def clashes(self, pair: Pair) -> bool:
        """Whether one of the two stands for something else already."""
        old, new = pair
        return self.forward.get(old, new) != new or self.backward.get(new, old) != old

    def bind(self, pairs: Iterable[Pair]) -> None:
        """Remember that each old value stands for its new one."""
        for old, new in pairs:
            self.forward[old] = new
            self.backward[new] = old


def paired(
    ours: Sequence[Piece], theirs: Sequence[Piece], judge: Callable[[int], Sequence[Pair] | None]
) -> list[Pair] | None:
    """Return what stands for what where two texts, in pieces, differ; None if they differ otherwise.

    ``judge`` is given the index of two pieces that differ, and returns the pairs to bind, or None.
    """
    if len(ours) != len(theirs):
        return None
    pairs: list[Pair] = []
    for index, ((_, old), (_, new)) in enumerate(zip(ours, theirs, strict=True)):
        if old != new:
            found = judge(index)
            if found is None:
                return None
            pairs += found
    return pairs

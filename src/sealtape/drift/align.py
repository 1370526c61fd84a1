"""Which old thing is which new one: interactions of two recordings, items of two lists.

Everything is paired up to renaming, so that one more call or one more item is one fact and not a
cascade of shifted ones. Hashing does the bulk; only what is left over is compared one by one.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict, deque
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sealtape.drift.conversation import Conversation, Telling, answer_signatures
from sealtape.drift.models import Shape
from sealtape.drift.noise import is_identifier, signature, words
from sealtape.interaction import HIDDEN_SEGMENT, AwsRequest, HttpRequest, Request
from sealtape.renaming import Renaming, masked

_PORT = re.compile(r":(\d+)$")
_OWN_PORTS = {"http": "80", "https": "443"}
_COMPARABLE = 40
"""More left-over items than this on a side are paired in order: similarity costs their product."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Pairs of indexes, old and new, and the indexes that have no partner."""

    pairs: tuple[tuple[int, int], ...]
    removed: tuple[int, ...] = ()
    added: tuple[int, ...] = ()

    @property
    def is_reordered(self) -> bool:
        """Whether the paired items stand in another order than before."""
        news = [new for _, new in sorted(self.pairs)]
        return news != sorted(news)


class _Pairing:
    def __init__(self, old: Sequence[Any], new: Sequence[Any]) -> None:
        self.old, self.new = old, new
        self.pairs: list[tuple[int, int]] = []
        self.left = list(range(len(old)))
        self.right = list(range(len(new)))

    def by(self, old_keys: Sequence[Hashable], new_keys: Sequence[Hashable]) -> None:
        """Pair what has equal keys, equal ones in order; a key None pairs with nothing."""
        waiting: dict[Hashable, deque[int]] = defaultdict(deque)
        for index in self.right:
            if new_keys[index] is not None:
                waiting[new_keys[index]].append(index)
        rest = []
        for index in self.left:
            queue = waiting.get(old_keys[index])
            if queue:
                self.pairs.append((index, queue.popleft()))
            else:
                rest.append(index)
        taken = {new for _, new in self.pairs}
        self.left, self.right = rest, [index for index in self.right if index not in taken]

    def by_place(self, old_keys: Sequence[Hashable], new_keys: Sequence[Hashable]) -> None:
        """Pair what has equal keys: of equal ones those that kept their place, if the lists are as long."""
        if len(self.old) == len(self.new):
            right = set(self.right)
            self.take([(i, i) for i in self.left if i in right and old_keys[i] == new_keys[i]])
        self.by(old_keys, new_keys)

    def take(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Pair these indexes."""
        chosen = list(pairs)
        olds, news = {old for old, _ in chosen}, {new for _, new in chosen}
        self.pairs += chosen
        self.left = [i for i in self.left if i not in olds]
        self.right = [i for i in self.right if i not in news]

    def done(self) -> Alignment:
        return Alignment(tuple(sorted(self.pairs)), tuple(self.left), tuple(self.right))


# Lists ----------------------------------------------------------------------------------------------


def align_items(old: Sequence[Any], new: Sequence[Any], shape: Shape, renaming: Renaming) -> Alignment:
    """Pair the items of two lists: by a member that identifies them, else by content, else by likeness."""
    pairing = _Pairing(old, new)
    key = _key_member(old, new, renaming)
    if key:
        pairing.by([_key(item, key, renaming) for item in old], [_key(item, key) for item in new])
    if pairing.left and pairing.right:
        # What is the same in every byte is the same item: of several alike, the one that changed is left.
        pairing.by_place([repr(item) for item in old], [repr(item) for item in new])
    if pairing.left and pairing.right:
        pairing.by_place(
            [signature(item, shape, mask=renaming.old_masked) for item in old],
            [signature(item, shape, mask=renaming.new_masked) for item in new],
        )
    if pairing.left and pairing.right:
        ours, theirs = ([signature(item, shape) for item in items] for items in (old, new))
        pairing.by_place(ours, theirs)
        pairing.take(_alike(pairing, ours, theirs))
    return pairing.done()


def _key(item: Any, name: str, renaming: Renaming | None = None) -> Hashable:
    value = item[name]
    return renaming.renamed(value) if renaming is not None and isinstance(value, str) else value


def _key_member(old: Sequence[Any], new: Sequence[Any], renaming: Renaming) -> str:
    """Return the name of the member that tells the items apart and is the same in both lists; else ``""``."""
    everything = [*old, *new]
    if not old or not new or not all(isinstance(item, Mapping) for item in everything):
        return ""
    best, chosen = (0.0, 0), ""
    for name in old[0]:
        if not all(isinstance(item.get(name), (str, int)) for item in everything):
            continue
        ours = {_key(item, name, renaming) for item in old}
        theirs = {_key(item, name) for item in new}
        distinct = len(ours) == len(old) and len(theirs) == len(new)
        if not distinct or (all(isinstance(value, int) for value in theirs) and _are_ordinals(theirs)):
            continue
        share = len(ours & theirs) / min(len(ours), len(theirs))
        rank = (share, _rank(name))
        if share >= 0.5 and rank > best and (_rank(name) or share == 1.0 or len(ours) > 2):
            best, chosen = rank, name
    return chosen


def _rank(name: str) -> int:
    last = words(name)[-1:]
    return 2 if last in (("name",), ("key",), ("arn",)) else 1 if is_identifier(name) else 0


def _are_ordinals(values: Iterable[Any]) -> bool:
    """Whether the values merely count the items: then they say where an item stands, not which it is."""
    numbers = {value for value in values if isinstance(value, int)}
    return len(numbers) > 1 and max(numbers) - min(numbers) < 2 * len(numbers)


def is_history(items: Sequence[Any]) -> bool:
    """Whether a list tells what happened: its items are numbered in a row, under a name for identifiers."""
    if len(items) < 3 or not all(isinstance(item, Mapping) for item in items):
        return False
    return any(
        is_identifier(name) and [item.get(name) for item in items] == list(range(first, first + len(items)))
        for name, first in items[0].items()
        if isinstance(first, int)
    )


def _alike(pairing: _Pairing, ours: Sequence[Any], theirs: Sequence[Any]) -> list[tuple[int, int]]:
    """Pair what is left by how much of it is equal, most alike first."""
    left, right = pairing.left, pairing.right
    if len(left) > _COMPARABLE or len(right) > _COMPARABLE:
        return list(zip(left, right, strict=False)) if len(left) == len(right) else []
    scored = sorted(
        ((_likeness(ours[i], theirs[j]), -abs(i - j), i, j) for i in left for j in right), reverse=True
    )
    taken: list[tuple[int, int]] = []
    if len(left) == len(right) == 1:
        i, j = left[0], right[0]
        # One that changed is told better than one that went and another one that came.
        both = isinstance(pairing.old[i], Mapping) and isinstance(pairing.new[j], Mapping)
        return [(i, j)] if both else []
    for score, _, i, j in scored:
        if score < 0.5:
            break
        if all(i != a and j != b for a, b in taken):
            taken.append((i, j))
    if not taken and len(left) == len(pairing.old) == len(right) == len(pairing.new):
        everything = [*pairing.old, *pairing.new]
        # As many as before, and not one is still alike: it is their form that changed.
        return list(zip(left, right, strict=True)) if all(isinstance(i, Mapping) for i in everything) else []
    return taken


def _likeness(ours: Any, theirs: Any) -> float:
    """Return which share of two signatures is equal, from 0 to 1."""
    if ours == theirs:
        return 1.0
    one, other = dict(_leaves(ours)), dict(_leaves(theirs))
    if len(one) <= 1 and len(other) <= 1:
        return 0.0
    shared = sum(1.0 if one[place] == other[place] else 0.25 for place in one.keys() & other.keys())
    return shared / max(len(one), len(other))


def _leaves(value: Any, place: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(value, tuple) and value and all(isinstance(p, tuple) and len(p) == 2 for p in value):
        for name, inner in value:
            yield from _leaves(inner, f"{place}.{name}")
    elif isinstance(value, tuple) and value[:1] == ("[]",):
        for index, inner in enumerate(value[1:]):
            yield from _leaves(inner, f"{place}[{index}]")
    else:
        yield place, value


# Interactions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Aligned:
    """Which interaction of an old recording is which one of a new one.

    ``named`` are the pairs that asked for the same, told by name: their requests say what is called
    otherwise now. ``polls`` are the interactions without a partner, old and new, of which the other
    side has others that asked the same: how often one had to ask is chance.
    """

    all: Alignment
    named: tuple[tuple[int, int], ...]
    polls: tuple[frozenset[int], frozenset[int]]


def align_interactions(old: Conversation, new: Conversation, requests: Telling) -> Aligned:
    """Pair interactions by what was asked, then by operation alone; equal ones in order.

    Of requests that were made several times, those with equal answers pair first, and a read whose
    answer the other side got at another time stays alone.
    """
    pairing = _Pairing(old.interactions, new.interactions)
    sides = requests.old, requests.new
    ours, theirs = named = tuple([request.named for request in side] for side in sides)
    answers = _answers(old, new, named)
    pairing.by(*answers)
    waited = _waited(pairing, answers)
    pairing.left = [i for i in pairing.left if i not in waited[0]]
    pairing.right = [j for j in pairing.right if j not in waited[1]]
    pairing.by([repr(asked) for asked in old.asked], [repr(asked) for asked in new.asked])
    pairing.by(ours, theirs)
    sure = tuple(sorted(pairing.pairs))
    pairing.by(*([request.bare for request in side] for side in sides))
    pairing.take(
        _same_operation(pairing, *([_operation(i.request) for i in s.interactions] for s in (old, new)))
    )
    pairing.left += waited[0]
    pairing.right += waited[1]
    alignment = pairing.done()
    return Aligned(alignment, sure, _polls(alignment, answers))


def _answers(
    old: Conversation, new: Conversation, named: Sequence[Sequence[str]]
) -> tuple[list[Hashable], list[Hashable]]:
    """Return, for each read that was made more than twice in all, a key for what was asked and answered."""
    asked = Counter(named[0]) + Counter(named[1])
    repeated = [
        {
            i
            for i, request in enumerate(requests)
            if asked[request] > 2 and _is_read(side.interactions[i].request)
        }
        for requests, side in zip(named, (old, new), strict=True)
    ]
    said = answer_signatures(old, new, (repeated[0], repeated[1]))
    ours, theirs = (
        [(request, answers[i]) if i in answers else None for i, request in enumerate(side)]
        for side, answers in zip(named, said, strict=True)
    )
    return list(ours), list(theirs)


def _waited(pairing: _Pairing, answers: Sequence[Sequence[Hashable]]) -> tuple[set[int], set[int]]:
    """Return what is unpaired and got an answer that the other side has as well."""
    known = [set(side) - {None} for side in answers]
    return (
        {i for i in pairing.left if answers[0][i] in known[1]},
        {j for j in pairing.right if answers[1][j] in known[0]},
    )


def _polls(alignment: Alignment, answers: Sequence[Sequence[Any]]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the reads without a partner that both sides made, one of them often or to several answers."""
    asked: list[dict[str, list[Hashable]]] = [defaultdict(list), defaultdict(list)]
    for requests, side in zip(asked, answers, strict=True):
        for key in side:
            if key is not None:
                requests[key[0]].append(key[1])

    def is_poll(side: int, index: int) -> bool:
        key = answers[side][index]
        mine = asked[side][key[0]] if key is not None else []
        return (len(mine) > 2 or len(set(mine)) > 1) and key[0] in asked[1 - side]

    return (
        frozenset(i for i in alignment.removed if is_poll(0, i)),
        frozenset(j for j in alignment.added if is_poll(1, j)),
    )


def _is_read(request: Request) -> bool:
    """Whether a request merely asks, by its name."""
    if isinstance(request, AwsRequest):
        return request.operation.startswith(("Describe", "Get", "List", "Head", "Batch", "Query", "Scan"))
    return request.method.upper() in ("GET", "HEAD")


def _same_operation(
    pairing: _Pairing, ours: Sequence[Hashable], theirs: Sequence[Hashable]
) -> Iterable[tuple[int, int]]:
    """Pair the calls of an operation whose requests changed, if as many are left on both sides."""
    left: dict[Hashable, list[int]] = defaultdict(list)
    right: dict[Hashable, list[int]] = defaultdict(list)
    for i in pairing.left:
        left[ours[i]].append(i)
    for j in pairing.right:
        right[theirs[j]].append(j)
    for operation, indexes in left.items():
        if len(indexes) == len(right[operation]):
            yield from zip(indexes, right[operation], strict=True)


def _operation(request: Request) -> Hashable:
    if isinstance(request, AwsRequest):
        return (request.service, request.operation)
    host, operation = http_operation(request)
    # Which port of this machine a server got is chance.
    return masked(host), operation


def http_operation(request: HttpRequest) -> tuple[str, str]:
    """Return host, and method and path with opaque parts as ``{}``: what an operation is for HTTP."""
    method, _, place = request.label.partition(" ")
    path = place.partition("/")[2].replace(HIDDEN_SEGMENT, "{}")
    parts = ["{}" if part.isdigit() or masked(part) != part else part for part in path.split("/")]
    return _host(request.url), f"{method.upper()} /{'/'.join(parts)}"


def _host(url: str) -> str:
    """Return the host of a URL, with the port where that is not the scheme's own."""
    found = urlsplit(url)
    name, port = found.hostname or "", _PORT.search(found.netloc)
    host = f"[{name}]" if ":" in name else name
    return f"{host}:{port[1]}" if port and port[1] != _OWN_PORTS.get(found.scheme) else host

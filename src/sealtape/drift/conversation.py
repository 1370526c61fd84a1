"""What was asked and answered in two recordings, told in words that both have.

An id differs from one recording to the other, and its form does not always give it away: of twenty
random letters some read like a word. Its origin does: the second answer of ``CreateAccessKey`` gave
it, and ``DeleteAccessKey`` sends it back. So a name that the other side never asks by goes by the
place where it was first said, and requests that ask for the same are the same text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from sealtape.drift.bodies import NO_MODELS, Document, document, read_body
from sealtape.drift.noise import signature
from sealtape.drift.openapi import Api
from sealtape.interaction import AwsRequest, Interaction, Request, Response
from sealtape.renaming import Piece, masked, masked_piece, pieces

_Speech: TypeAlias = Callable[[Piece], str]

_NAMED = frozenset(("word", "uuid"))
"""The classes of pieces that can name something; the others are times, addresses and the like."""
_NAME = "\x00"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One recording, taken apart: what was asked and answered, and the stand-ins for what was scrubbed."""

    interactions: Sequence[Interaction]
    asked: Sequence[Any]
    answered: Sequence[Document]
    stand_ins: frozenset[str]
    broken: Sequence[str]
    """The stand-ins that are no word, the longest first: where they break is chance."""

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Return ``text`` as `sealtape.renaming.pieces` does, with each stand-in as one word."""
        for stand_in in self.broken:
            before, found, after = text.partition(stand_in)
            if found:
                return (*self.pieces(before), ("word", stand_in), *self.pieces(after))
        return pieces(text)

    def names(self, trees: Iterable[Any]) -> set[str]:
        """Return all in ``trees`` that could name something."""
        texts = (text for tree in trees for _, _, text in _texts(tree))
        return {value for text in texts for kind, value in self.pieces(text) if kind in _NAMED}


def conversation(
    interactions: Sequence[Interaction], stand_ins: frozenset[str], models: Mapping[str, Api] = NO_MODELS
) -> Conversation:
    """Take the interactions of a recording apart; ``models`` are OpenAPI documents by host."""
    return Conversation(
        interactions,
        [asked(interaction.request) for interaction in interactions],
        [document(interaction, models) for interaction in interactions],
        stand_ins,
        sorted((one for one in stand_ins if len(pieces(one)) > 1), key=len, reverse=True),
    )


def asked(request: Request) -> Any:
    """Return a request as a tree, without what only says how it was sent."""
    if isinstance(request, AwsRequest):
        return {"parameters": _plain(request.parameters), "body": read_body(request.body or b"", "")[1]}
    url, _, query = request.url.partition("?")
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return {"url": url, "query": dict(parse_qsl(query)), "body": read_body(request.body, kind)[1]}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, (list, tuple)) else value


# Requests -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A request in words that both recordings have.

    ``named`` tells each name by its origin, ``bare`` only that it is one.
    """

    named: str
    bare: str


@dataclass(frozen=True, slots=True)
class Telling:
    """The requests of both recordings, to be told apart and paired, and where names were first said."""

    old: list[Told]
    new: list[Told]
    origins: tuple[Mapping[str, str], Mapping[str, str]]

    def is_same_name(self, old: str, new: str) -> bool:
        """Whether two names were first said in the same place."""
        return self.origins[0].get(old, old) == self.origins[1].get(new, new)


def tell(old: Conversation, new: Conversation) -> Telling:
    """Tell the requests of both recordings in words that both have."""
    ours, theirs = (side.names(side.asked) for side in (old, new))

    @cache
    def shared() -> set[str]:
        said = (side.names(answer.tree for answer in side.answered) for side in (old, new))
        return set.intersection(*said)

    tellers = _Teller(old, ours - theirs, shared), _Teller(new, theirs - ours, shared)
    return Telling(tellers[0].told(), tellers[1].told(), (tellers[0].origins, tellers[1].origins))


class _Teller:
    """Tells the requests of one side; ``foreign`` are the names by which the other side never asks.

    ``shared`` gives the words that the answers of both sides say.
    """

    def __init__(self, side: Conversation, foreign: set[str], shared: Callable[[], set[str]]) -> None:
        self.side, self.foreign, self.shared = side, foreign, shared
        self.scrubbed = side.stand_ins.union(value for one in side.stand_ins for _, value in pieces(one))
        self.origins: dict[str, str] = {}
        self.made_up: dict[str, str] = {}

    def told(self) -> list[Told]:
        listed: list[Told] = []
        times: Counter[str] = Counter()
        side = self.side
        for interaction, tree, answer in zip(side.interactions, side.asked, side.answered, strict=True):
            request, self.made_up = interaction.request, {}
            head = request.label if isinstance(request, AwsRequest) else request.method
            named = f"{head} {self._text(tree, self.by_origin)}"
            listed.append(Told(named, f"{head} {self._text(tree, self.as_name)}" if self.foreign else named))
            if self.made_up or len(self.origins) < len(self.foreign):
                times[named] += 1
                self._learn(_short(f"{named} {times[named]}"), answer)
        return listed

    def by_origin(self, piece: Piece) -> str:
        kind, value = piece
        if kind not in _NAMED:
            return masked_piece(piece)
        if value not in self.foreign:
            return value
        if value not in self.origins and (value in self.scrubbed or masked_piece(piece) != value):
            self.made_up.setdefault(value, f"{_NAME}{len(self.made_up)}")
        return self.origins.get(value) or self.made_up.get(value) or value

    def as_name(self, piece: Piece) -> str:
        return _NAME if piece[1] in self.origins or piece[1] in self.made_up else self.by_origin(piece)

    def _text(self, value: Any, speak: _Speech) -> str:
        """Return a tree as text; of binary content, which a rebuilt archive changes, only that it is."""
        if isinstance(value, Mapping):
            members = (f"{self._text(n, speak)}:{self._text(inner, speak)}" for n, inner in value.items())
            return f"{{{','.join(sorted(members))}}}"
        if isinstance(value, (list, tuple)):
            return f"[{','.join(self._text(inner, speak) for inner in value)}]"
        if isinstance(value, bytes):
            return "bytes"
        return "".join(speak(piece) for piece in self.side.pieces(str(value)))

    def _learn(self, here: str, answer: Document) -> None:
        """Note the names that were first said in an interaction: by its request, else by its answer."""
        self.origins.update({value: f"{_NAME}{here}{place}" for value, place in self.made_up.items()})
        for path, around, text in _texts({"headers": answer.headers, "body": answer.tree}):
            for kind, value in self.side.pieces(text):
                if kind in _NAMED and value in self.foreign and value not in self.origins:
                    # Items of a list that has no order are told apart by what else both sides say of them.
                    beside = sorted(self.side.names([around]) & self.shared()) if around is not None else []
                    self.origins[value] = f"{_NAME}{_short(f'{here} {path} {beside}')}"


def _short(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _texts(value: Any, path: str = "", around: Any = None) -> Iterator[tuple[str, Any, str]]:
    """Yield each text in a tree with its path and the item of a list that it stands in."""
    if isinstance(value, Mapping):
        for name in sorted(value, key=str):
            yield f"{path}.{{}}", around, str(name)
            yield from _texts(value[name], f"{path}.{masked(str(name))}", around)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner, f"{path}[]", inner)
    elif value is not None and not isinstance(value, (bool, bytes)):
        yield path, around, str(value)


# Answers --------------------------------------------------------------------------------------------------


def answer_signatures(
    old: Conversation, new: Conversation, chosen: tuple[set[int], set[int]]
) -> tuple[dict[int, Hashable], dict[int, Hashable]]:
    """Return what each of the ``chosen`` answers of both sides says, up to what one side never says."""
    sides = list(zip((old, new), chosen, strict=True))
    shared = set.intersection(*(side.names(side.answered[i].tree for i in some) for side, some in sides))
    ours, theirs = ({i: _said(side, i, shared) for i in some} for side, some in sides)
    return ours, theirs


def _said(side: Conversation, index: int, shared: set[str]) -> Hashable:
    outcome, answer = side.interactions[index].outcome, side.answered[index]

    def mask(text: str) -> str:
        return "".join(
            (value if value in shared else _NAME) if kind in _NAMED else masked_piece((kind, value))
            for kind, value in side.pieces(text)
        )

    if not isinstance(outcome, Response):
        return outcome.kind
    return outcome.status, signature(answer.tree, answer.shape, mask=mask)

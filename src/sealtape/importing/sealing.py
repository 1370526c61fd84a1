"""Interactions of another tool's recording as a sealed cassette, and the proof that none was lost."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sealtape import store
from sealtape.cassette import Cassette
from sealtape.errors import CassetteMalformed, CassetteMissing, Miss, UsageError
from sealtape.interaction import Captured, Interaction, Outcome, Recording, Removal, Response, Scrubbed
from sealtape.library import Library
from sealtape.modes import NONE
from sealtape.scrub import codecs, content
from sealtape.scrub.pseudonyms import StandIns
from sealtape.scrub.scrubber import Scrubber
from sealtape.seal.format import new_cassette_id, seal, unseal


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a recording: whether its cassette is new or was there, and what was removed.

    ``secrets`` are the removals of values that somebody could use: they have to be revoked if others
    have seen the recording.
    """

    outcome: Literal["new", "same"]
    interactions: tuple[Scrubbed, ...]
    secrets: tuple[Removal, ...] = ()


_IDENTIFIERS = frozenset({"account-id", "iam-unique-id", "sigv4-signature"})
"""Rules whose values say who somebody is, or expire within minutes: nobody can revoke those."""

_PLACEHOLDERS = ("FILTERED", "REDACTED", "DUMMY", "SECRET", "FAKE", "TOKEN", "PASSWORD", "MASKED", "REMOVED")
_WRAPPINGS = ("{}", "[{}]", "<{}>", "***{}***", "__{}__", "{{{}}}", "({})")


def _secrets(scrubbed: Sequence[Scrubbed], library: Library) -> tuple[Removal, ...]:
    """Return the removals that were no identifier, and no placeholder of the tool that recorded."""
    digest = StandIns(library.key.derive("stand-ins")).digest
    words = [wrapping.format(word) for word in _PLACEHOLDERS for wrapping in _WRAPPINGS]
    harmless = {digest(case(word)) for word in words for case in (str, str.lower, str.capitalize)}
    return tuple(
        removal
        for one in scrubbed
        for removal in one.removals
        if removal.rule not in _IDENTIFIERS
        and removal.length >= _SHORTEST_SECRET
        and removal.digest not in harmless
    )


_SHORTEST_SECRET = 4


def seal_into(
    target: Path, interactions: Sequence[Interaction], library: Library, where: str, *, write: bool = True
) -> Imported:
    """Scrub and seal ``interactions`` into the cassette at ``target``; ``where`` is their source's name.

    A cassette that is there is left alone: it holds the same, or `UsageError` is raised. Raise
    `ResidueFound` where scrubbing leaves a secret, and `CassetteMalformed` where the cassette would not
    answer as its source does. Whatever is raised, nothing was written.
    """
    with store.lock(target) if write else nullcontext():
        scrubbed = _scrubber(library).scrub([Captured(interaction) for interaction in interactions])
        try:
            there = library.read(target)
        except CassetteMissing:
            there = None
        if there is not None:
            if there.interactions != scrubbed:
                raise _other_cassette(target, where)
            return Imported("same", scrubbed, _secrets(scrubbed, library))
        recording = Recording(new_cassette_id(), library.settings.name_of(target), scrubbed)
        sealed = seal(recording, library.key, clear=library.settings.cassette_clear == "full")
        opened = unseal(sealed.data, library.key, where=where, name=recording.name)
        if opened != recording:
            raise _lost("the sealed cassette does not open to what was sealed", where)
        _replay(interactions, opened, library, where)
        if write:
            store.write(target, sealed)
        return Imported("new", scrubbed, _secrets(scrubbed, library))


def _scrubber(library: Library, removals: Sequence[Removal] = ()) -> Scrubber:
    return Scrubber(library.settings.scrub, library.key.derive("stand-ins"), removals=removals)


def _replay(source: Sequence[Interaction], opened: Recording, library: Library, where: str) -> None:
    """Ask the opened cassette all that the source was asked; raise unless it answers the same."""
    removals = [removal for scrubbed in opened.interactions for removal in scrubbed.removals]
    cassette = Cassette(
        opened,
        where=where,
        mode=NONE,
        scrubber=lambda: _scrubber(library, removals),
        sandbox=library.sandbox,
    )
    for number, (interaction, scrubbed) in enumerate(zip(source, opened.interactions, strict=True), 1):
        try:
            outcome = cassette.answer(interaction.request)
        except Miss as miss:
            raise _lost(f"the cassette would not answer interaction {number}: {miss.what}", where) from None
        if outcome is None or not _says_the_same(interaction.outcome, outcome, scrubbed.removals):
            raise _lost(f"the cassette would answer interaction {number} differently", where)


def _lost(what: str, where: str) -> CassetteMalformed:
    return CassetteMalformed(
        what, where=where, why="so nothing was written", hint="record it again: pytest --record-mode=rewrite"
    )


def _other_cassette(target: Path, where: str) -> UsageError:
    return UsageError(
        "its sealed cassette is there already and holds something else, so nothing was overwritten",
        where=where,
        hint=f"git rm {shlex.quote(where)}, or, if the sealed one is to go: rm {shlex.quote(str(target))}",
    )


def _says_the_same(before: Outcome, after: Outcome, removals: Sequence[Removal]) -> bool:
    """Whether two outcomes differ in nothing but what was removed."""
    if before == after:
        return True
    if not isinstance(before, Response) or not isinstance(after, Response):
        return False
    stand_ins = tuple(removal.stand_in for removal in removals if removal.place.startswith("response."))
    if before.status != after.status or [n for n, _ in before.headers] != [n for n, _ in after.headers]:
        return False
    pairs = [(before.reason, after.reason)]
    pairs += [
        (ours, theirs)
        for (name, ours), (_, theirs) in zip(before.headers, after.headers, strict=True)
        if content.mended(((name, ours),), after.body) != ((name, theirs),)
    ]
    return all(
        _differs_by(ours.encode("latin-1", "replace"), theirs.encode("latin-1", "replace"), stand_ins)
        for ours, theirs in pairs
    ) and _differs_by(_decoded(before), _decoded(after), stand_ins)


def _decoded(response: Response) -> bytes:
    body = response.body
    try:
        for coding in content.applied_codings(response.headers, body):
            body = content.decode_content(body, coding)
    except content.Unreadable:
        return response.body
    return body


def _differs_by(before: bytes, after: bytes, stand_ins: Sequence[str]) -> bool:
    """Whether ``after`` is ``before`` with values replaced by ``stand_ins``.

    What is not covered by them as they are is an encoding of them: there only what stands around the
    words is compared, and nothing in what is no text.
    """
    if before == after or not stand_ins:
        return before == after
    return (
        _has_gaps_filled(before, after, stand_ins)
        or codecs.printable(before) is None
        or _WORD.sub(b"", before) == _WORD.sub(b"", after)
    )


_WORD = re.compile(rb"[A-Za-z0-9+/=_%.~-]+")


def _has_gaps_filled(before: bytes, after: bytes, stand_ins: Sequence[str]) -> bool:
    """Whether ``before`` has something in every place of a stand-in, and ``after``'s bytes around it."""
    longest_first = sorted(set(stand_ins), key=len, reverse=True)
    pieces = re.split(b"|".join(re.escape(text.encode()) for text in longest_first), after)
    first, *middle = pieces
    if len(pieces) == 1 or not before.startswith(first):
        return False
    at, last = len(first), middle.pop()
    for piece in middle:
        found = before.find(piece, at + 1)
        if found < 0:
            return False
        at = found + len(piece)
    return len(before) - len(last) > at and before.endswith(last)

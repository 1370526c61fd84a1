"""Keeping what a new recording says again, so that recording again changes only what changed.

A provider draws new ids and tokens for every recording. Were they all taken over, every row of a
cassette would change whenever one fact did, and no reviewer could see which. So the new recording is
told in the names of the accepted one, by the renaming that drift found between the two, and an
interaction that then asks for the same and says nothing new stays as it was accepted, byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sealtape.drift.engine import WORD, answered_words, asked_words, unchanged
from sealtape.drift.noise import PER_RESPONSE_HEADERS
from sealtape.interaction import Outcome, Recording, Response, Scrubbed
from sealtape.matching import canonical
from sealtape.renaming import Bindings
from sealtape.scrub.scrubber import Scrubber

_SHORTEST_LINK = 6
"""Characters from which on a word that a response says and a later request repeats links the two."""


def settled(accepted: Recording, recorded: Recording, scrubber: Scrubber) -> Recording:
    """Return ``recorded`` with the accepted interaction in the place of each that says nothing new.

    The others carry the accepted names where those are known, so that the whole replays: what a kept
    response gives is what a later request sends. Names that the test itself draws follow from the seed, so
    they are the accepted ones only if that stays too, and it can if nothing is asked that was not before.
    """
    old, new = accepted.interactions, recorded.interactions
    same, names = unchanged(accepted, recorded)
    pairs = {j: old[i] for j, i in same.items()}
    names = names | _speakers(old, new, pairs)
    told = scrubber.renamed(new, names, old)
    asked = {canonical(one.interaction.request) for one in old}
    nothing_new = all(canonical(one.interaction.request) in asked for one in told)
    draws = _draws(new, names)
    if not all(_asks_the_same(told[j], before) for j, before in pairs.items()) or (
        draws and not (nothing_new and accepted.seed)
    ):
        # Something, a time perhaps, was sent back in a form that no name covers, or drawn anew. Then names
        # prove nothing, and only what is the same in every byte of its body can stay.
        told, nothing_new = new, False
        pairs = {j: before for j, before in pairs.items() if _says_the_same(new[j], before)}
    pairs = {j: before for j, before in pairs.items() if _asks_the_same(told[j], before)}
    pairs = _unlinked(told, pairs)
    inputs = accepted if nothing_new else recorded
    return replace(
        recorded,
        interactions=tuple(pairs.get(j, one) for j, one in enumerate(told)),
        seed=inputs.seed,
        start=inputs.start,
        regions=accepted.regions if nothing_new else {**accepted.regions, **recorded.regions},
        # The SDK may have moved without the answers: then the file stays as it is.
        additions=accepted.additions if len(pairs) == len(told) == len(old) else recorded.additions,
    )


def _draws(recorded: Sequence[Scrubbed], names: Mapping[str, str]) -> bool:
    """Whether a request says one of ``names`` before any response has."""
    said: set[str] = set()
    drawn = {name: set(WORD.findall(name)) for name in names}
    for scrubbed in recorded:
        asked = asked_words(scrubbed.interaction.request) - said
        if any(words & asked and words <= asked | said for words in drawn.values()):
            return True
        said |= asked | answered_words(scrubbed.interaction)
    return False


def _speakers(
    accepted: Sequence[Scrubbed], recorded: Sequence[Scrubbed], pairs: Mapping[int, Scrubbed]
) -> dict[str, str]:
    """Return the accounts and callers that are others now, new to old."""
    bindings = Bindings(name for old in accepted for name in canonical(old.interaction.request).names)
    for j, old in pairs.items():
        ours = canonical(recorded[j].interaction.request).names
        theirs = canonical(old.interaction.request).names
        if bindings.admits(ours, theirs):
            bindings.bind(ours, theirs)
    return {
        new: old for (kind, new), (_, old) in bindings.renamed.items() if kind != "region" and new and old
    }


def _asks_the_same(new: Scrubbed, old: Scrubbed) -> bool:
    return canonical(new.interaction.request) == canonical(old.interaction.request)


def _says_the_same(new: Scrubbed, old: Scrubbed) -> bool:
    return _gist(new.interaction.outcome) == _gist(old.interaction.outcome)


def _gist(outcome: Outcome) -> object:
    """Return an outcome without what is new in every response."""
    if not isinstance(outcome, Response):
        return outcome
    headers = tuple(field for field in outcome.headers if field[0].lower() not in PER_RESPONSE_HEADERS)
    return outcome.status, headers, outcome.body, outcome.broken


def _unlinked(told: Sequence[Scrubbed], pairs: Mapping[int, Scrubbed]) -> dict[int, Scrubbed]:
    """Return the pairs without those whose old response lacks a word that a request repeats."""
    asked: set[str] = set()
    for scrubbed in told:
        asked |= asked_words(scrubbed.interaction.request)
    asked = {word for word in asked if len(word) >= _SHORTEST_LINK}
    return {
        j: old
        for j, old in pairs.items()
        if not (answered_words(told[j].interaction) - answered_words(old.interaction)) & asked
    }

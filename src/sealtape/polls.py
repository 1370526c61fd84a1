"""Waits, kept as the states that they passed through.

Code that waits for a provider asks the same until the answer is another one. Of such a run of equal requests,
next to each other, an answer that says what the one before it said is left out, and the last one *stays*: it
answers for as long as the code goes on asking, until something else has been asked and it is the turn of what
comes after. Only reads are waited with: of two equal writes, each does something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from sealtape.capture.sandbox import is_read
from sealtape.interaction import HttpRequest, Interaction, Outcome, Response, Scrubbed
from sealtape.matching import canonical
from sealtape.matching.trees import canonical_json
from sealtape.renaming.values import is_jumbled, pieces

_NEW_IN_EACH = frozenset(
    (
        *("date", "age", "content-length", "x-amz-crc32", "x-request-id"),
        *("x-amzn-requestid", "x-amz-request-id", "x-amz-id-2", "x-amzn-trace-id"),
    )
)
_LONGEST = 1 << 20
"""Bytes from which on a body is compared as it is."""


def collapsed(recorded: Sequence[Scrubbed]) -> tuple[Scrubbed, ...]:
    """Return ``recorded`` with the distinct states of each wait only, the last of which stays.

    Two answers say the same if they differ in their date and in ids that nothing else says, such as that of
    the request. A time in a body is not passed over: it may be what the code waits for.
    """
    said = Counter(word for one in recorded for word in set(_opaque_words(one.interaction)))
    kept: list[Scrubbed] = []
    for (_, may_wait), group in groupby(recorded, _asked):
        run = list(group)
        if len(run) < 2 or not may_wait:
            kept += run
            continue
        states = [next(same) for _, same in groupby(run, lambda one: _state(one.interaction.outcome, said))]
        kept += [*states[:-1], _staying(states[-1])]
    return tuple(kept)


def _asked(recorded: Scrubbed) -> tuple[object, bool]:
    request = recorded.interaction.request
    return canonical(request), is_read(request)


def _staying(recorded: Scrubbed) -> Scrubbed:
    outcome = recorded.interaction.outcome
    if not isinstance(outcome, Response) or outcome.broken:
        return recorded
    return replace(recorded, interaction=replace(recorded.interaction, outcome=replace(outcome, stays=True)))


def _state(outcome: Outcome, said: Counter[str]) -> object:
    """Return what an answer says, without what is new in each."""
    if not isinstance(outcome, Response):
        return outcome
    headers = [(name, value) for name, value in outcome.headers if name.lower() not in _NEW_IN_EACH]
    body: object = outcome.body
    if len(outcome.body) < _LONGEST:
        text = outcome.body.decode("latin-1")
        body = ["" if _is_opaque(piece) and said[piece[1]] == 1 else piece[1] for piece in pieces(text)]
    return outcome.status, headers, body, outcome.broken


def _opaque_words(interaction: Interaction) -> Iterator[str]:
    request, outcome = interaction.request, interaction.outcome
    asked = request.url if isinstance(request, HttpRequest) else canonical_json(request.parameters)
    given = outcome.body if isinstance(outcome, Response) else b""
    for text in (
        asked,
        *(body.decode("latin-1") for body in (request.body or b"", given) if len(body) < _LONGEST),
    ):
        yield from (piece[1] for piece in pieces(text) if _is_opaque(piece))


def _is_opaque(piece: tuple[str, str]) -> bool:
    kind, value = piece
    return kind == "uuid" or (kind == "word" and is_jumbled(value))

"""Whose doing a difference is, as far as two recordings tell: never guessed from the answer.

A request that changed explains what follows, an SDK that sends other things or in another protocol too,
as does another account or region, a date that has passed, or other scrub rules. What none of these
explains is the provider's, or the simulator's where one answered in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from sealtape.drift.bodies import Document
from sealtape.drift.compare import Fact
from sealtape.drift.conversation import asked
from sealtape.drift.findings import Answerer, Cause
from sealtape.interaction import UNSENDABLE, AwsRequest, Interaction, Recording, Response

_ACCOUNT_RULE = "account-id"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What two whole recordings say about where and by what they were made.

    ``stand_ins`` are those of either, ``upgraded`` are the operations of which the SDK sends other things
    than before, ``is_elsewhere`` says that they were made in different accounts, and ``answerer`` who
    gave the new answers: a simulator is always elsewhere, which explains nothing.
    """

    stand_ins: tuple[frozenset[str], frozenset[str]]
    upgraded: frozenset[str]
    is_elsewhere: bool
    answerer: Answerer = "provider"


def circumstances(old: Recording, new: Recording, answerer: Answerer = "provider") -> Circumstances:
    """Return what differs in how two recordings were made, the new one with ``answerer``."""
    ours, theirs = _accounts(old), _accounts(new)
    return Circumstances(
        (_stand_ins(old), _stand_ins(new)),
        frozenset(
            label
            for label in old.additions.keys() & new.additions.keys()
            if _adds_otherwise(old.additions[label], new.additions[label])
        ),
        answerer == "provider" and bool(ours) and bool(theirs) and ours.isdisjoint(theirs),
        answerer,
    )


def cause_of(
    old: Interaction,
    new: Interaction,
    around: Circumstances,
    asked_otherwise: bool,
    answers: tuple[Document, Document],
) -> Cause:
    """Return why two responses differ; ``asked_otherwise`` says whether the caller's requests do."""
    if asked_otherwise:
        return "request"
    before, after = old.request, new.request
    if isinstance(before, AwsRequest) and isinstance(after, AwsRequest):
        if before.protocol != after.protocol or after.label in around.upgraded:
            return "sdk"
        if before.region != after.region or around.is_elsewhere:
            return "environment"
    if any(answer.is_error for answer in answers) and _has_expired(old, new):
        return "environment"
    if not any(answer.failure for answer in answers):
        return around.answerer
    if around.answerer == "provider":
        return "environment"
    return "unknown" if answers[1].failure == UNSENDABLE else around.answerer


def is_recorders(fact: Fact, around: Circumstances) -> bool:
    """Whether a value was scrubbed in one recording and not in the other."""
    if fact.old is None or fact.new is None:
        return False
    old, new = (
        _is_scrubbed(_text(value), stand_ins)
        for value, stand_ins in zip((fact.old, fact.new), around.stand_ins, strict=True)
    )
    return old != new


def _is_scrubbed(text: str, stand_ins: frozenset[str]) -> bool:
    # Inside of a text three letters are met by chance.
    return text in stand_ins or any(one in text for one in stand_ins if len(one) > 3)


def _stand_ins(recording: Recording) -> frozenset[str]:
    return frozenset(removal.stand_in for row in recording.interactions for removal in row.removals)


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, (str, int, float)) else ""


def _adds_otherwise(old: str, new: str) -> bool:
    """Whether every request before had a name that none has now, or the other way round."""
    ours, theirs = old.split(), new.split()
    said = [{name.removesuffix("?") for name in side} for side in (ours, theirs)]
    return any(
        not name.endswith("?") and name not in other
        for side, other in ((ours, said[1]), (theirs, said[0]))
        for name in side
    )


def _accounts(recording: Recording) -> set[str]:
    return {
        removal.stand_in
        for scrubbed in recording.interactions
        for removal in scrubbed.removals
        if removal.rule == _ACCOUNT_RULE
    }


def _has_expired(old: Interaction, new: Interaction) -> bool:
    """Whether a date in the request was to come at the one recording and past at the other."""
    moments = [_sent_at(side) for side in (old, new)]
    if moments[0] is None or moments[1] is None:
        return False
    return any(moments[0] < date < moments[1] for date in _dates(asked(old.request)))


def _sent_at(interaction: Interaction) -> datetime | None:
    outcome = interaction.outcome
    fields = outcome.headers if isinstance(outcome, Response) else ()
    text = next((value for name, value in fields if name.lower() == "date"), "")
    try:
        sent = parsedate_to_datetime(text)
    except ValueError:
        return None
    return sent if sent.tzinfo is not None else None


def _dates(tree: Any) -> Iterable[datetime]:
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from _dates(value)
    elif isinstance(tree, (list, tuple)):
        for value in tree:
            yield from _dates(value)
    elif isinstance(tree, str) and len(tree) >= 19:
        try:
            date = datetime.fromisoformat(tree)
        except ValueError:
            return
        if date.tzinfo is not None:
            yield date

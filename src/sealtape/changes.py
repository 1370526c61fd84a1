"""What differs between two versions of one cassette, row by row.

The same answer serves a pending recording beside its accepted cassette and two revisions in git. With
the key it holds the drift between the two; without it, it says what the clear words allow. Whether a
row is the same is told by its sealed part where both versions were sealed for the same cassette under
the same key, for there equal rows are equal bytes; otherwise by what is in the rows, once opened.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Literal

from sealtape.drift import Finding, compare, group
from sealtape.drift.align import http_operation
from sealtape.errors import KeyringError, SealtapeError
from sealtape.interaction import AwsRequest, Failure, Interaction, Recording, Request
from sealtape.seal import content
from sealtape.seal.format import ClearCassette, read_clear, unseal
from sealtape.seal.keyring import Key

RowKind = Literal["added", "removed", "changed", "moved"]
KeyFor = Callable[[ClearCassette], Key]
"""Return the key of a cassette, or raise `KeyringError`."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One interaction that was added, removed, changed, or moved without a change.

    ``old`` and ``new`` are its numbers, from 1, in the two versions. ``label`` is its name
    (``s3.PutObject``), ``""`` where the clear words are hidden and the key is not here; ``subject`` is
    what findings call it. ``old_status`` and ``new_status`` are HTTP statuses, or names of exceptions
    where no response came.
    """

    kind: RowKind
    label: str
    old: int | None = None
    new: int | None = None
    old_status: int | str | None = None
    new_status: int | str | None = None
    subject: str = ""


@dataclass(frozen=True, slots=True)
class CassetteChange:
    """What became of one cassette between two versions.

    ``rows`` are in the order of the new version, removed ones where they were; ``same`` counts the
    others. ``old_scrubbed`` and ``new_scrubbed`` count the removed values by rule. ``findings`` is the
    drift between the versions, None where there is nothing to compare or ``locked`` says why the two
    could not be opened. ``sealed_anew`` is set where no row could be told to be the same without the
    key: the cassette was recorded from scratch, or under another key.
    """

    where: str
    kind: Literal["new", "removed", "changed", "renamed", "pending"]
    rows: tuple[RowChange, ...] = ()
    same: int = 0
    old_scrubbed: dict[str, int] = field(default_factory=dict)
    new_scrubbed: dict[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] | None = None
    locked: str = ""
    sealed_anew: bool = False
    old_where: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a cassette as far as it can be read."""

    clear: ClearCassette
    recording: Recording | None = None
    locked: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    """What a row is compared by, and what is said of it."""

    token: Hashable
    label: str
    status: int | str | None
    number: int
    subject: str = ""


def read_version(data: bytes, key_for: KeyFor, *, where: str) -> Version:
    """Return ``data`` in clear words and, where its key is at hand, opened.

    Raise `CassetteError` for what is not whole.
    """
    clear = read_clear(data, where=where)
    try:
        return Version(clear, unseal(data, key_for(clear), where=where, retired=True))
    except KeyringError as error:
        return Version(clear, None, error.what)


def change_between(
    old: Version | None,
    new: Version | None,
    *,
    where: str,
    kind: Literal["new", "removed", "changed", "renamed", "pending"],
    old_where: str = "",
) -> CassetteChange:
    """Return what differs between the two versions of the cassette ``where``; None is no cassette."""
    versions = [version for version in (old, new) if version is not None]
    locked = next((version.locked for version in versions if version.locked), "")
    by_content = all(version.recording is not None for version in versions)
    before = _rows(old, by_content)
    after = _rows(new, by_content)
    rows, same = _aligned(before, after)
    return CassetteChange(
        where=where,
        kind=kind,
        rows=tuple(rows),
        same=same,
        old_scrubbed=_scrubbed(old),
        new_scrubbed=_scrubbed(new),
        findings=_drift(old, new, where),
        locked=locked,
        sealed_anew=not by_content and _foreign(old, new),
        old_where=old_where,
    )


def damaged(where: str, error: SealtapeError) -> CassetteChange:
    """Return a change that says only that a version of the cassette ``where`` cannot be read."""
    said = ": ".join(part for part in (error.where, error.what, error.why) if part)
    return CassetteChange(where=where, kind="changed", problem=said)


def _foreign(old: Version | None, new: Version | None) -> bool:
    if old is None or new is None:
        return False
    return (old.clear.cassette_id, old.clear.key_id) != (new.clear.cassette_id, new.clear.key_id)


def _drift(old: Version | None, new: Version | None, where: str) -> tuple[Finding, ...] | None:
    if old is None or new is None or old.recording is None or new.recording is None:
        return None
    return tuple(group(compare(old.recording, new.recording, test=where)))


def _rows(version: Version | None, by_content: bool) -> list[_Row]:
    if version is None:
        return []
    if by_content and version.recording is not None:
        opened = version.recording.interactions
        return [
            _Row(
                content.pack(s),
                s.interaction.request.label,
                _status(s.interaction),
                number,
                _subject(s.interaction.request),
            )
            for number, s in enumerate(opened, 1)
        ]
    return [_Row(row.tag, row.id, row.status, number) for number, row in enumerate(version.clear.rows, 1)]


def _subject(request: Request) -> str:
    """Return what `Finding.subject` is for findings about ``request``."""
    if isinstance(request, AwsRequest):
        return request.label
    host, operation = http_operation(request)
    return operation.replace(" ", f" {host}", 1)


def _status(interaction: Interaction) -> int | str:
    outcome = interaction.outcome
    return outcome.kind if isinstance(outcome, Failure) else outcome.status


def _scrubbed(version: Version | None) -> dict[str, int]:
    counts: Counter[str] = Counter()
    if version is None:
        return {}
    if version.recording is not None:
        for scrubbed in version.recording.interactions:
            counts.update(scrubbed.scrubbed_counts)
    else:
        for row in version.clear.rows:
            counts.update(row.scrubbed)
    return dict(sorted(counts.items()))


def _aligned(before: Sequence[_Row], after: Sequence[_Row]) -> tuple[list[RowChange], int]:
    """Return the rows that differ, and how many do not.

    What has one label and stands in one place belongs together; then, wherever they stand, what is
    equal (it was moved) and what has one label. The rest came or went.
    """
    hunks = _hunks([row.token for row in before], [row.token for row in after])
    old = [row for start, stop, _, _ in hunks for row in before[start:stop]]
    new = [row for _, _, start, stop in hunks for row in after[start:stop]]
    same = len(before) - len(old)
    hunk_of = {id(row): n for n, (start, stop, _, _) in enumerate(hunks) for row in before[start:stop]}
    hunk_of |= {id(row): n for n, (_, _, start, stop) in enumerate(hunks) for row in after[start:stop]}
    changes = [_change("moved", *pair) for pair in _paired(old, new, lambda row: row.token)]
    for key in (lambda row: (row.label, hunk_of[id(row)]), lambda row: row.label):
        changes += [_change("changed", *pair) for pair in _paired(old, new, key)]
    changes += [_change("removed", row, None) for row in old]
    changes += [_change("added", None, row) for row in new]
    return sorted(changes, key=_place), same


def _hunks(old: list[Hashable], new: list[Hashable]) -> list[tuple[int, int, int, int]]:
    """Return the stretches that differ, each as a slice of ``old`` and one of ``new``."""
    # What is equal at both ends goes first: among many equal rows (polls) the matcher is quadratic.
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    return [
        (start + head, stop + head, first + head, last + head)
        for kind, start, stop, first, last in matcher.get_opcodes()
        if kind != "equal"
    ]


def _paired(old: list[_Row], new: list[_Row], key: Callable[[_Row], Hashable]) -> Iterator[tuple[_Row, _Row]]:
    """Take out of both lists, and yield, each new row with the first old one of the same key."""
    waiting: dict[Hashable, deque[_Row]] = {}
    for row in old:
        waiting.setdefault(key(row), deque()).append(row)
    pairs = [(same.popleft(), row) for row in new if (same := waiting.get(key(row)))]
    taken = {id(row) for pair in pairs for row in pair}
    old[:] = [row for row in old if id(row) not in taken]
    new[:] = [row for row in new if id(row) not in taken]
    yield from pairs


def _change(kind: RowKind, old: _Row | None, new: _Row | None) -> RowChange:
    row = new or old
    assert row is not None
    return RowChange(
        kind,
        row.label,
        old.number if old else None,
        new.number if new else None,
        old.status if old else None,
        new.status if new else None,
        row.subject,
    )


def _place(change: RowChange) -> tuple[int, int]:
    number = change.new if change.new is not None else change.old
    return (number or 0, change.new is not None)

"""What differs between two versions of one cassette, row by row.

The same answer serves a pending recording beside its accepted cassette and two revisions in git. With
the key it holds the drift between the two; without it, it says what the clear words allow. Whether a
row is the same is told by its sealed part where both versions were sealed for the same cassette under
the same key, for there equal rows are equal bytes; otherwise by what is in the rows, once opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
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

KeyFor = Callable[[ClearCassette], Key]
"""Return the key of a cassette, or raise `KeyringError`."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One interaction that was added, removed or changed.

    ``old`` and ``new`` are its numbers, from 1, in the two versions. ``label`` is its name
    (``s3.PutObject``), ``""`` where the clear words are hidden and the key is not here; ``subject`` is
    what findings call it. ``old_status`` and ``new_status`` are HTTP statuses, or names of exceptions
    where no response came.
    """

    kind: Literal["added", "removed", "changed"]
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
        return Version(clear, unseal(data, key_for(clear), where=where))
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
    """Return the rows that differ, and how many do not."""
    matcher = SequenceMatcher(None, [r.token for r in before], [r.token for r in after], autojunk=False)
    changes: list[RowChange] = []
    same = 0
    for tag, start, stop, first, last in matcher.get_opcodes():
        if tag == "equal":
            same += stop - start
        else:
            changes += _hunk(before[start:stop], after[first:last])
    return changes, same


def _hunk(before: Sequence[_Row], after: Sequence[_Row]) -> list[RowChange]:
    """Pair what has one label within a stretch of rows that differ; the rest came or went."""
    left = list(before)
    changes: list[RowChange] = []
    for row in after:
        other = next((r for r in left if r.label == row.label), None)
        if other is None:
            changes.append(
                RowChange("added", row.label, new=row.number, new_status=row.status, subject=row.subject)
            )
            continue
        left.remove(other)
        changes.append(
            RowChange("changed", row.label, other.number, row.number, other.status, row.status, row.subject)
        )
    gone = [
        RowChange("removed", row.label, old=row.number, old_status=row.status, subject=row.subject)
        for row in left
    ]
    return sorted([*gone, *changes], key=_place)


def _place(change: RowChange) -> tuple[int, int]:
    number = change.new if change.new is not None else change.old
    return (number or 0, change.new is not None)

"""What became of cassettes, for people at a terminal: interactions, what was scrubbed, and the drift."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from sealtape.changes import CassetteChange, RowChange
from sealtape.drift import Finding, group
from sealtape.report.drift_text import VERBOSE, drift_text, finding_lines
from sealtape.report.printable import printable_line
from sealtape.report.text import counted

SHOWN_ROWS = 40
"""How many interactions of one cassette are listed: a page must stay one that is read."""

SHOWN_NUMBERS = 8
"""How many interactions that are told in one line are numbered there."""

_KINDS = {
    "new": "new cassette",
    "removed": "cassette removed",
    "changed": "changed",
    "renamed": "renamed",
    "pending": "pending, not accepted yet",
}
_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow"), "moved": (">", "dim")}


@dataclass(frozen=True, slots=True)
class Told:
    """Interactions that are told in one line, and the drift that shows in them."""

    rows: tuple[RowChange, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def numbers(self) -> str:
        """Where the interactions stand, from 1: ``5, 6``."""
        shown = [str(row.new if row.new is not None else row.old) for row in self.rows[:SHOWN_NUMBERS]]
        return ", ".join(shown + ["…"] * (len(self.rows) > SHOWN_NUMBERS))


def review_text(changes: Sequence[CassetteChange], *, subject: str, verbose: bool = False) -> Iterator[Text]:
    """Yield what became of all of ``changes``, in lines; ``subject`` says between what.

    Quiet findings, and interactions that show no other, are only counted unless ``verbose``.
    """
    if not changes:
        yield Text(f"no cassette differs in {printable_line(subject)}")
        return
    yield Text.assemble(
        (f"{counted(len(changes), 'cassette')} in {printable_line(subject)}", "bold"),
        f"  {summary(changes)}",
    )
    for change in changes:
        yield Text("")
        yield from change_text(change, verbose=verbose)
    drift = drift_of(changes)
    if len(changes) > 1 and drift:
        yield Text("")
        yield Text("drift in all of them, by fact", style="bold")
        yield from drift_text(drift, verbose=verbose)


def drift_of(changes: Sequence[CassetteChange]) -> list[Finding]:
    """Return the drift of all cassettes by fact."""
    return group(finding for change in changes for finding in change.findings or ())


def change_text(change: CassetteChange, *, verbose: bool = False) -> Iterator[Text]:
    """Yield what became of one cassette, in lines."""
    yield Text.assemble((printable_line(change.where), "bold"), f"  {kind_of(change)}")
    if change.problem:
        yield Text(f"  cannot be read: {printable_line(change.problem)}", style="red")
        return
    told, rest = told_rows(change, verbose=verbose)
    for one in told[:SHOWN_ROWS]:
        yield _row(one)
        yield from _drift(one.findings)
    if len(told) > SHOWN_ROWS:
        yield Text(f"  … and {counted(len(told) - SHOWN_ROWS, 'interaction')} more", style="dim")
    if rest:
        yield Text("  drift", style="dim")
        yield from _drift(rest)
    for count, said in uneventful(change, told):
        yield Text(f"  = {counted(count, 'interaction')} {said}", style="dim")
    for name, said in notes_on(change, verbose=verbose):
        yield Text.assemble((f"  {name}  ", "dim"), said)


def told_rows(change: CassetteChange, *, verbose: bool = False) -> tuple[list[Told], list[Finding]]:
    """Return the interactions of ``change`` that are to be told, and the findings about none of them.

    Changed interactions of one operation are told once, for their findings are facts about it; those
    without a finding are left out unless ``verbose``, as far as their findings are known at all.
    """
    findings = [f for f in change.findings or () if verbose or f.severity != "quiet"]
    told: list[Told] = []
    places: dict[tuple[str, str], int] = {}
    for row in change.rows:
        key = (row.subject, status_of(row))
        about = tuple(finding for finding in findings if _is_about(finding, row))
        if row.kind == "changed" and key in places:
            before = told[places[key]]
            told[places[key]] = Told((*before.rows, row), before.findings)
            continue
        if row.kind == "changed" and not (about or verbose) and _says_the_same(change, row):
            continue
        if row.kind == "changed" and about:
            places[key] = len(told)
        told.append(Told((row,), tuple(finding for finding in about if finding in findings)))
        findings = [finding for finding in findings if finding not in about]
    return told, findings


def _says_the_same(change: CassetteChange, row: RowChange) -> bool:
    return change.findings is not None and row.old_status == row.new_status


def uneventful(change: CassetteChange, told: Sequence[Told]) -> Iterator[tuple[int, str]]:
    """Yield how many interactions of ``change`` are not told, and why, in words."""
    left_out = len(change.rows) - sum(len(one.rows) for one in told)
    if left_out:
        yield left_out, "as before but for ids, times and the like"
    if change.same:
        yield change.same, "as before"


def kind_of(change: CassetteChange) -> str:
    """Return in a few words what became of a cassette."""
    said = _KINDS[change.kind]
    return f"{said} from {printable_line(change.old_where)}" if change.old_where else said


def summary(changes: Sequence[CassetteChange]) -> str:
    """Return how many interactions were added, removed and changed in all, in words."""
    counts = {kind: sum(row.kind == kind for c in changes for row in c.rows) for kind in _SIGNS}
    said = [f"{count} {kind}" for kind, count in counts.items() if count]
    unread = sum(bool(change.problem) for change in changes)
    said += [f"{unread} cannot be read"] if unread else []
    return "interactions: " + ", ".join(said) if said else "no interaction differs"


def status_of(row: RowChange) -> str:
    """Return the status of an interaction, and what it was where that differs."""
    if row.kind == "removed":
        return printable_line(str(row.old_status))
    if row.kind == "moved":
        return f"as before, was number {row.old}"
    if row.kind == "changed" and row.old_status != row.new_status:
        return printable_line(f"{row.new_status}, was {row.old_status}")
    return printable_line(str(row.new_status))


def label_of(row: RowChange) -> str:
    """Return the name of an interaction, or that it has none without the key."""
    return printable_line(row.label) or "(hidden without the key)"


def notes_on(change: CassetteChange, *, verbose: bool = False) -> Iterator[tuple[str, str]]:
    """Yield what else is to be said of a cassette: a word for the subject, and a sentence."""
    quiet = sum(finding.severity == "quiet" for finding in change.findings or ())
    if quiet and not verbose:
        yield "quiet", f"{counted(quiet, 'fact')} that a caller seldom notices ({VERBOSE} shows them)"
    scrubbed = scrubbed_words(change)
    if scrubbed:
        yield "scrubbed", scrubbed
    changed = any(row.kind == "changed" for row in change.rows)
    if changed and change.findings is not None and all(f.severity == "quiet" for f in change.findings):
        yield "drift", "none: what differs says nothing about the provider"
    if change.locked:
        yield "locked", f"values and drift are not known: {change.locked}"
    if change.sealed_anew:
        yield "sealed anew", "recorded from scratch or under another key, so that no row looks the same"


def scrubbed_words(change: CassetteChange) -> str:
    """Return how many values each rule removed, and how many it did before where that differs."""
    rules = sorted(set(change.old_scrubbed) | set(change.new_scrubbed))
    said = []
    for rule in rules:
        old, new = change.old_scrubbed.get(rule, 0), change.new_scrubbed.get(rule, 0)
        known = change.kind in ("new", "removed") or old == new
        said.append(f"{max(old, new)} {rule}" if known else f"{new} {rule}, was {old}")
    return "; ".join(said)


def _row(told: Told) -> Text:
    row = told.rows[-1]
    sign, style = _SIGNS[row.kind]
    return Text.assemble(
        (f"  {sign} {told.numbers:>2} ", style), (label_of(row), "bold"), ("  → ", "dim"), status_of(row)
    )


def _is_about(finding: Finding, row: RowChange) -> bool:
    if finding.subject != row.subject:
        return False
    about = {"interaction-added": "added", "interaction-missing": "removed"}.get(finding.kind, "changed")
    return about == row.kind


def _drift(findings: Sequence[Finding]) -> Iterator[Text]:
    for finding in findings:
        yield from (Text("      ").append_text(line) for line in finding_lines(finding, name_test=False))

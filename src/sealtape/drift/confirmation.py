"""What two recordings, made one right after the other, say of how they differ from an accepted one.

A provider that moved differs both times, and in the same way. A value that is another one each time is no
value to compare; what is there one time and not the next is *flapping*, which is told and never hidden.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from sealtape.drift.findings import Finding, fingerprint, group
from sealtape.drift.memory import place_of, varies
from sealtape.drift.rules import RULE


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What is left of the findings, the worst first, and the places whose values vary."""

    findings: list[Finding]
    varying: tuple[str, ...]


def confirmed_by(
    first: Sequence[Finding], second: Sequence[Finding], between: Sequence[Finding]
) -> Confirmed:
    """Return what both recordings have; ``between`` is what the second differs in from the first.

    Values that vary become quiet, what is there only once becomes flapping. What the caller asked for,
    and not the provider, is left as it is.
    """
    both = {_kind_and_place(f) for f in first} & {_kind_and_place(f) for f in second}
    unsteady = {place_of(f) for f in between if varies(f)}
    once = [f for f in first if _kind_and_place(f) not in both and f.severity != "quiet"]
    found: list[Finding] = []
    varying: dict[str, None] = {}
    for finding in (*second, *once):
        is_steady = _kind_and_place(finding) in both
        if finding.severity == "quiet" or finding.cause == "request":
            found.append(finding)
        elif varies(finding) and (place_of(finding) in unsteady or not is_steady):
            varying[place_of(finding)] = None
            found.append(replace(finding, severity="quiet"))
        else:
            found.append(finding if is_steady else _flapping(finding))
    return Confirmed(group(found), tuple(varying))


def _kind_and_place(finding: Finding) -> Hashable:
    return ("value" if varies(finding) else finding.kind, finding.service, finding.operation, finding.path)


def _flapping(finding: Finding) -> Finding:
    rule = RULE["flapping"]
    return replace(
        finding,
        id=rule.id,
        kind=rule.kind,
        severity=rule.severity,
        fingerprint=fingerprint(rule.id, finding.service, finding.operation, finding.path),
    )

"""What a project makes of findings: levels of its own, and what it has seen before and accepted.

The engine states what differs and how bad that is as a rule. Here the settings overrule the rules, what
was accepted by fingerprint is quiet until that expires, and so is a value that was seen to vary from one
recording to the next of the same provider. A member that no test reads breaks none.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sealtape.drift.findings import Finding, Severity, group
from sealtape.drift.memory import EMPTY, Memory, place_of, read_memory, varies
from sealtape.drift.reads import Reads, read_reads
from sealtape.drift.rules import RULE
from sealtape.errors import SettingsError
from sealtape.settings import Settings

_BY_USE = frozenset(("field-removed", "field-renamed", "type-changed"))
_LESS: Mapping[Severity, Severity] = {"breaking": "risky", "risky": "info"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Levels by rule, the memory of the project on one day, and what its tests read of answers."""

    levels: Mapping[str, Severity] = field(default_factory=dict)
    memory: Memory = EMPTY
    reads: Reads = field(default_factory=dict)
    day: date = field(default_factory=lambda: datetime.now(UTC).date())

    def of(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return ``findings`` with the severity that they have here, the worst first."""
        return group(self._judged(finding) for finding in findings)

    def _judged(self, finding: Finding) -> Finding:
        severity = self.levels.get(finding.id) or self._by_use(finding)
        accepted = self.memory.accepts(finding.fingerprint, self.day)
        if accepted or (varies(finding) and self.memory.knows_to_vary(place_of(finding), self.day)):
            severity = "quiet"
        return finding if severity == finding.severity else replace(finding, severity=severity)

    def _by_use(self, finding: Finding) -> Severity:
        """Return the severity by what the tests read: one less for a member that none of them does."""
        read = self.reads.get(finding.subject)
        if read is None or finding.kind not in _BY_USE or finding.path in read:
            return finding.severity
        return _LESS.get(finding.severity, finding.severity)


def judgement(settings: Settings) -> Judgement:
    """Return how the project with ``settings`` judges, by its memory as it is now.

    Raise `SettingsError` for an id that is no rule's, and `StoreError` for a file that cannot be read.
    """
    root = settings.root or Path.cwd()
    memory = read_memory(root)
    reads = read_reads(root) if settings.drift.track_reads else {}
    levels: dict[str, Severity] = {}
    for name, level in settings.drift.levels:
        if name not in RULE:
            raise _no_rule(name, settings)
        levels[name] = level  # type: ignore[assignment]  # settings take no other word
    return Judgement(levels, memory, reads)


def _no_rule(name: str, settings: Settings) -> SettingsError:
    known: Sequence[str] = [*RULE, "openapi", "track_reads"]
    near = difflib.get_close_matches(name, known, n=1)
    root = settings.root
    return SettingsError(
        f"there is no drift rule {name!r}",
        where=f"{root / 'pyproject.toml' if root else 'pyproject.toml'} [tool.sealtape.drift]",
        hint=f"rename it to {near[0]!r}" if near else "sealtape explain",
    )

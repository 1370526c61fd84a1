"""Drift for people at a terminal: a fact a line, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from sealtape.drift import Finding
from sealtape.drift.findings import counts
from sealtape.report.printable import printable_line
from sealtape.report.text import counted

_STYLES = {"breaking": "bold red", "risky": "yellow", "info": "cyan", "quiet": "dim"}
_BESIDE = 48
"""Values up to this many characters stand on the line of their fact, longer ones below it."""


def drift_text(findings: Sequence[Finding], *, quiet: bool = False) -> Iterator[Text]:
    """Yield ``findings`` as lines, ending in their sum. Quiet ones are only counted unless ``quiet``."""
    for finding in findings:
        if quiet or finding.severity != "quiet":
            yield from finding_lines(finding)
    yield Text(drift_summary(findings))


def drift_summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, by severity: ``2 facts: 1 breaking, 1 info``."""
    found = dict(counts(findings))
    quiet = found.pop("quiet", 0)
    said = [f"{number} {severity}" for severity, number in found.items()]
    text = f"{counted(sum(found.values()), 'fact')}: {', '.join(said)}" if found else "no drift"
    return f"{text} · {quiet} quiet" if quiet else text


def finding_lines(finding: Finding) -> Iterator[Text]:
    """Yield the line of one finding, and its values below where they are long."""
    line = Text(f"{finding.severity:<8}", style=_STYLES[finding.severity])
    line.append(f"  {printable_line(finding.subject) or 'document'}", style="bold")
    if finding.path:
        line.append(f"  {printable_line(finding.path)}", style="default")
    line.append(f"  {finding.id}", style="default")
    old, new = (None if v is None else printable_line(_shown(v)) for v in (finding.old, finding.new))
    long = max(len(old or ""), len(new or "")) > _BESIDE
    if not long and (old is not None or new is not None):
        line.append(f"  {old or 'nothing'} → {new or 'nothing'}", style="default")
    line.append(f"  {extent(finding)}", style="dim")
    yield line
    if long:
        yield from (Text(f"          {mark} {value}") for mark, value in (("-", old), ("+", new)) if value)


def extent(finding: Finding) -> str:
    """Return how far a fact reaches and whose doing it is."""
    said = []
    if finding.count > 1 or len(finding.tests) > 1:
        said.append(
            counted(finding.count, "response")
            + (f" in {counted(len(finding.tests), 'test')}" if finding.tests else "")
        )
    if finding.cause != "unknown":
        said.append(finding.cause)
    return " · ".join(said)


def _shown(value: str | int | float | bool) -> str:
    return (
        f'"{value}"'
        if isinstance(value, str)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value)
    )

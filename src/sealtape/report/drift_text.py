"""Drift for people at a terminal: a fact a line, the worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from sealtape.drift import Finding
from sealtape.drift.findings import counts
from sealtape.report.printable import printable_line
from sealtape.report.text import counted

_STYLES = {"breaking": "bold red", "risky": "yellow", "info": "cyan", "quiet": "dim"}
VERBOSE = "-v"
"""The option that shows what is only counted otherwise."""
# What is counted where it is not responses; "" where it is the tests themselves.
_COUNTED = {
    "recording-failed": "",
    "cassette-added": "",
    "cassette-missing": "",
    "interactions-reordered": "",
    "interaction-added": "call",
    "interaction-missing": "call",
    "poll-count": "call",
    "request-changed": "request",
    "payload-changed": "request",
}
_BESIDE = 48
"""Values up to this many characters stand on the line of their fact, longer ones below it."""


def drift_text(findings: Sequence[Finding], *, verbose: bool = False) -> Iterator[Text]:
    """Yield ``findings`` as lines, ending in their sum.

    Quiet ones are only counted, several tests too, and no fingerprints shown, unless ``verbose``.
    """
    one_test = len({test for finding in findings for test in finding.tests}) < 2
    for finding in findings:
        if verbose or finding.severity != "quiet":
            yield from finding_lines(finding, name_test=not one_test)
            if verbose:
                yield Text(f"          fingerprint {finding.fingerprint}", style="dim")
            if verbose and len(finding.tests) > 1:
                yield from (
                    Text(f"          in {printable_line(test)}", style="dim") for test in finding.tests
                )
    summary = Text(drift_summary(findings))
    if not verbose and any(finding.severity == "quiet" for finding in findings):
        summary.append(f" ({VERBOSE} shows them)", style="dim")
    yield summary


def drift_summary(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, by severity: ``2 facts: 1 breaking, 1 info``."""
    found = dict(counts(findings))
    quiet = found.pop("quiet", 0)
    said = [f"{number} {severity}" for severity, number in found.items()]
    text = f"{counted(sum(found.values()), 'fact')}: {', '.join(said)}" if found else "no drift"
    return f"{text} · {quiet} quiet" if quiet else text


def finding_lines(finding: Finding, *, name_test: bool = True) -> Iterator[Text]:
    """Yield the line of one finding, and its values below where they are long.

    ``name_test`` is for where nothing else says which test it is about.
    """
    line = Text(f"{finding.severity:<8}", style=_STYLES[finding.severity])
    line.append(f"  {printable_line(finding.subject) or 'document'}", style="bold")
    if finding.path:
        line.append(f"  {printable_line(finding.path)}", style="default")
    line.append(f"  {finding.id}", style="default")
    # A call or a cassette that came or went is its own value.
    told = (
        None if value in (finding.subject, finding.path) else value for value in (finding.old, finding.new)
    )
    old, new = (None if value is None else printable_line(_shown(value)) for value in told)
    long = max(len(old or ""), len(new or "")) > _BESIDE
    if not long and (old is not None or new is not None):
        line.append(f"  {old or 'nothing'} → {new or 'nothing'}", style="default")
    reach = printable_line(extent(finding, name_test=name_test))
    line.append(f"  {reach}" if reach else "", style="dim")
    yield line
    if long:
        yield from (Text(f"          {mark} {value}") for mark, value in (("-", old), ("+", new)) if value)


def extent(finding: Finding, *, name_test: bool = True) -> str:
    """Return how far a fact reaches and whose doing it is: ``2 responses in 2 tests · provider``."""
    counts = _COUNTED.get(finding.id, "response")
    reach = [counted(finding.count, counts)] if counts and finding.count > 1 else []
    if len(finding.tests) > 1:
        tests = counted(len(finding.tests), "test")
        reach.append(f"in {tests}" if counts else tests)
    elif finding.tests and name_test:
        reach.append(f"in {finding.tests[0]}")
    said = [" ".join(reach)] if reach else []
    return " · ".join([*said, finding.cause] if finding.cause != "unknown" else said)


def _shown(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # An object or a list is its JSON text already.
    return f'"{value}"' if isinstance(value, str) and value[:1] not in ("{", "[") else str(value)

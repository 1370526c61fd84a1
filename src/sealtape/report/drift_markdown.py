"""Drift as Markdown, for a pull request or an issue: a table a severity, quiet findings folded away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sealtape.drift import SEVERITIES, Finding
from sealtape.report.drift_text import drift_summary, extent
from sealtape.report.printable import printable_line

_CELL = 120


def drift_markdown(findings: Sequence[Finding], *, verbose: bool = False) -> str:
    """Return ``findings`` as Markdown that no recorded value can break out of.

    Several tests of a finding are only counted unless ``verbose``.
    """
    return "\n".join(_lines(findings, verbose)) + "\n"


def _lines(findings: Sequence[Finding], verbose: bool) -> Iterator[str]:
    one_test = len({test for finding in findings for test in finding.tests}) < 2
    yield f"**{drift_summary(findings)}**"
    for severity in SEVERITIES:
        rows = [finding for finding in findings if finding.severity == severity]
        if not rows:
            continue
        yield ""
        if severity == "quiet":
            yield f"<details><summary>{len(rows)} quiet</summary>"
        else:
            yield f"#### {severity}"
        yield ""
        yield "| operation | where | what | old | new | extent |"
        yield "|---|---|---|---|---|---|"
        for finding in rows:
            named = [] if one_test or (len(finding.tests) > 1 and not verbose) else finding.tests
            yield _row(finding, named)
        if severity == "quiet":
            yield ""
            yield "</details>"


def _row(finding: Finding, named: Sequence[str]) -> str:
    tests = [f"in {', '.join(map(code, named))}"] if named else []
    cells = [
        code(finding.subject),
        code(finding.path),
        finding.id,
        *("" if value is None else code(_shown(value)) for value in (finding.old, finding.new)),
        " · ".join([said for said in (extent(finding, name_test=False),) if said] + tests),
    ]
    return f"| {' | '.join(cells)} |"


def _shown(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def code(text: str) -> str:
    """Return ``text`` as inline code for a table's cell, shortened."""
    line = printable_line(text)
    line = line if len(line) <= _CELL else line[: _CELL - 1] + "…"
    if not line.strip():
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    # GitHub splits cells before it reads code, so a bar needs its escape inside code, too.
    line = line.replace("|", "\\|")
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"

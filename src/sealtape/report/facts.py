"""One finding in one line."""

from __future__ import annotations

from sealtape.drift import Finding
from sealtape.report.printable import printable_line


def severity_style(severity: str) -> str:
    return {"breaking": "bold red", "risky": "yellow", "info": "cyan"}.get(severity, "dim")


def fact_of(finding: Finding) -> str:
    return printable_line(f"{finding.id} {finding.path}: {finding.old!r} → {finding.new!r}")

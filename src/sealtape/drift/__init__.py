"""Drift: what changed between two recordings, judged by fact.

::

    from sealtape.drift import compare, group
    findings = group([*compare(old, new, test="test_backups"), ...])
"""

from __future__ import annotations

from sealtape.drift.engine import cassette_finding, compare
from sealtape.drift.findings import SEVERITIES, Cause, Finding, Severity, group

__all__ = ["SEVERITIES", "Cause", "Finding", "Severity", "cassette_finding", "compare", "group"]

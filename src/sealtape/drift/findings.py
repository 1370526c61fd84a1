"""A finding is a judged fact, and one line of a report, over however many responses and tests it shows in."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Literal, get_args

from sealtape.renaming import masked

Severity = Literal["breaking", "risky", "info", "quiet"]
Cause = Literal["provider", "simulator", "sdk", "request", "environment", "recorder", "unknown"]
Answerer = Literal["provider", "simulator"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""From the worst to what is only noted."""

_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about a provider, judged.

    ``id`` names the rule, ``kind`` what sort of difference it is. For HTTP ``service`` is the host, with
    a port of its own, and ``operation`` method and path. ``path`` is dotted, with ``[]`` for a list's items
    and ``{}`` for entries under opaque keys; what is not in the body of the answer begins with a colon
    (``:status``). ``old`` and ``new`` are JSON scalars, larger values as their JSON text,
    shortened; None is nothing or null. ``tests`` are the names it was seen in, ``count`` in how many
    responses. ``fingerprint`` stays the same as long as the fact does.
    """

    id: str
    kind: str
    severity: Severity
    cause: Cause
    service: str
    operation: str
    path: str
    old: str | int | float | bool | None
    new: str | int | float | bool | None
    tests: tuple[str, ...] = ()
    count: int = 1
    fingerprint: str = ""

    @property
    def where(self) -> str:
        """The operation and the path, as a person would name the place."""
        return " ".join(part for part in (self.subject, self.path) if part)

    @property
    def subject(self) -> str:
        """The operation: ``s3.ListObjectsV2`` or ``GET api.example.com/users``."""
        method, _, path = self.operation.partition(" ")
        if path:
            return f"{method} {self.service}{path}"
        return ".".join(part for part in (self.service, self.operation) if part)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as the schema of ``sealtape diff --format json`` has it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "severity": self.severity,
            "cause": self.cause,
            "service": self.service,
            "operation": self.operation,
            "path": self.path,
            "old": self.old,
            "new": self.new,
            "tests": list(self.tests),
            "count": self.count,
            "fingerprint": self.fingerprint,
        }


def shown_value(value: Any) -> str | int | float | bool | None:
    """Return ``value`` as a finding holds it: a scalar, or shortened text."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)  # JSON has no such number
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, sort_keys=True, default=repr)
    )
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def fingerprint(rule: str, service: str, operation: str, path: str, *values: Any) -> str:
    """Return 16 hex digits that stand for a fact.

    ``values`` are what of old and new belongs to the fact; opaque values in them do not count, so the
    same fact met with other ids, in another test or at another time is the same.
    """
    parts = [rule, masked(service), operation, path]
    parts += [masked(value) if isinstance(value, str) else repr(value) for value in values]
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def group(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding a fact, the worst first, then by place; tests and counts are added up."""
    grouped: dict[tuple[str, str], Finding] = {}
    tests: dict[tuple[str, str], dict[str, None]] = {}
    for finding in findings:
        key = (finding.fingerprint, finding.cause)
        before = grouped.get(key)
        grouped[key] = finding if before is None else replace(before, count=before.count + finding.count)
        tests.setdefault(key, {}).update(dict.fromkeys(finding.tests))
    merged = [replace(finding, tests=tuple(sorted(tests[key]))) for key, finding in grouped.items()]
    return sorted(merged, key=_rank)


def _rank(finding: Finding) -> tuple[Any, ...]:
    return (
        SEVERITIES.index(finding.severity),
        finding.service,
        finding.operation,
        finding.path,
        finding.id,
        finding.fingerprint,
    )


def counts(findings: Iterable[Finding]) -> Mapping[Severity, int]:
    """Return how many findings have each severity, the worst first."""
    listed = list(findings)
    return {s: n for s in SEVERITIES if (n := sum(finding.severity == s for finding in listed))}

"""What a refresh found, as JSON for programs: the drift as ``sealtape diff`` has it, and how it went."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sealtape.drift import Finding
from sealtape.report.drift_json import drift_document, drift_schema

_TESTS = ("passed", "failed", "skipped")
_FILES = {"type": "array", "items": {"type": "string"}}
_MEMBERS = {
    "tests": {
        "description": "How many tests were recorded again, failed while they were, or were left out.",
        "type": "object",
        "required": list(_TESTS),
        "additionalProperties": False,
        "properties": {name: {"type": "integer", "minimum": 0} for name in _TESTS},
    },
    "confirmed": {"description": "Cassettes whose provider still answers the same.", **_FILES},
    "pending": {"description": "Recordings that wait to be accepted or rejected.", **_FILES},
    "complete": {"description": "Whether all that was to be refreshed was.", "type": "boolean"},
}


def refresh_schema() -> str:
    """Return the JSON Schema (2020-12) of what `refresh_document` returns, as text."""
    schema = json.loads(drift_schema())
    schema["title"] = "sealtape refresh --format json"
    schema["description"] = "What the provider changed since the cassettes were accepted, and how it went."
    schema["required"] += list(_MEMBERS)
    schema["properties"] |= _MEMBERS
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def refresh_document(
    findings: Sequence[Finding],
    *,
    tests: Mapping[str, int],
    confirmed: Sequence[str],
    pending: Sequence[str],
    is_complete: bool,
) -> dict[str, Any]:
    """Return the outcome of a refresh as JSON values; ``tests`` counts them by outcome."""
    return {
        **drift_document(findings),
        "tests": {name: tests.get(name, 0) for name in _TESTS},
        "confirmed": list(confirmed),
        "pending": list(pending),
        "complete": is_complete,
    }

"""Drift as JSON for programs, as the schema ``drift.schema.json`` beside this file has it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from sealtape.drift import Finding


def drift_schema() -> str:
    """Return the JSON Schema (2020-12) of what `drift_document` returns, as text."""
    return files("sealtape.report").joinpath("drift.schema.json").read_text(encoding="utf-8")


def drift_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return ``findings`` as JSON values."""
    return {"findings": [finding.as_json() for finding in findings]}

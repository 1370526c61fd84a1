"""Trees as text: what two of them are compared by."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any


def canonical_json(tree: Any) -> str:
    """Return ``tree`` as JSON with sorted keys and bytes as ``{"$bytes": base64}``."""
    return _ENCODER.encode(tree)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return list(value)
    return {"$bytes": b64encode(value).decode()}


_ENCODER = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain, check_circular=False
)

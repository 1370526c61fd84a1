"""The caller's parameters as a `Tree`, taken before botocore's own handlers change them in place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sealtape.interaction import Tree

STREAM: Tree = {"$stream": True}
"""Stands where a streaming member was; its bytes travel beside the parameters."""


def parameter_tree(parameters: Mapping[str, Any], streaming_member: str | None = None) -> dict[str, Tree]:
    """Copy ``parameters`` into a tree of plain values.

    The member named ``streaming_member`` becomes `STREAM` unread: a file is read when it is sent.
    Values that JSON lacks are tagged: decimals, times (in UTC; naive ones are local, as botocore has
    it), sets, and the conditions of boto3's DynamoDB resource.
    """
    return {
        str(name): STREAM if name == streaming_member else _tree(value) for name, value in parameters.items()
    }


def _tree(value: Any) -> Tree:
    # Exact types first: nearly every leaf is one of these, and this runs in each replayed call.
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None or kind is float:
        return value  # type: ignore[no-any-return]
    if kind is dict:
        return {str(name): _tree(item) for name, item in value.items()}
    if kind is list or kind is tuple:
        return [_tree(item) for item in value]
    if kind is bytes:
        return value  # type: ignore[no-any-return]
    return _uncommon(value)


def _uncommon(value: Any) -> Tree:
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, Mapping):
        return {str(name): _tree(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tree(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {"$set": sorted((_tree(item) for item in value), key=repr)}
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, datetime):
        return {"$time": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"$time": value.isoformat()}
    if isinstance(value, (str, int, float)):  # subclasses: enum members, numpy scalars
        return value
    return _foreign(value)


def _foreign(value: Any) -> Tree:
    """Turn a library's object into what it would send."""
    if callable(getattr(value, "get_expression", None)):  # boto3.dynamodb.conditions.ConditionBase
        expression = value.get_expression()
        return {"$condition": [expression.get("operator"), _tree(list(expression.get("values", ())))]}
    if hasattr(value, "read"):
        return {"$blob": peek(value)}
    if hasattr(value, "name") and type(value).__module__.startswith("boto3."):  # Attr("x"), Key("x")
        return {"$attribute": str(value.name)}
    if hasattr(value, "value") and type(value).__module__.startswith("boto3."):  # Binary(b"…")
        return bytes(value.value)
    return {"$type": f"{type(value).__module__}.{type(value).__qualname__}"}


def peek(stream: Any) -> bytes:
    """Return what is left in a file-like object, and leave it as it was if it can be rewound."""
    try:
        position = stream.tell()
    except (AttributeError, OSError):
        position = None
    data = stream.read()
    if position is not None:
        stream.seek(position)
    return data.encode() if isinstance(data, str) else bytes(data)

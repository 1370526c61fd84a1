"""Cassettes of cassetter, format 1, as YAML or TOML.

A body is of the type json (parsed in YAML, JSON text in TOML), text, binary (hexadecimal) or none. In
YAML it is a mapping of ``type`` and ``content``, in TOML ``body_type`` and ``body_content`` beside the
headers. JSON is kept by its meaning and answered compactly. Source: files that cassetter 0.16 wrote.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sealtape.importing.wire import (
    NotUnderstood,
    NotWhole,
    body_bytes,
    header_fields,
    request_of,
    response_of,
)
from sealtape.interaction import Interaction

PLACEHOLDER = "[FILTERED]"
"""What cassetter writes in the place of a secret, in queries, bodies and headers."""


def interaction(item: Any) -> Interaction:
    """Return one entry of ``interactions``; raise `NotUnderstood` or `NotWhole`."""
    asked, answered = item["request"], item["response"]
    sent, _ = _body(asked)
    request = request_of(asked.get("method"), asked.get("uri"), header_fields(asked.get("headers")), sent)
    body, is_rebuilt = _body(answered)
    headers = header_fields(answered.get("headers"))
    # It may have been decoded, and a secret in it cut out: the length of old says nothing.
    response = response_of(
        request.method, answered.get("status"), "", headers, body, is_rebuilt=is_rebuilt, trust_body=True
    )
    return Interaction(request, response)


def is_one(item: Any) -> bool:
    """Whether an entry of ``interactions`` is cassetter's and not vcrpy's."""
    if not isinstance(item, Mapping):
        return False
    asked, answered = item.get("request"), item.get("response")
    return (
        isinstance(asked, Mapping)
        and isinstance(answered, Mapping)
        and isinstance(answered.get("status"), int)
    )


def _body(side: Mapping[str, Any]) -> tuple[bytes, bool]:
    """Return a body, and whether only its meaning was kept."""
    given = side.get("body")
    if isinstance(given, Mapping):
        kind, content = given.get("type"), given.get("content")
    else:
        kind, content = side.get("body_type", "none"), side.get("body_content")
        if kind == "json":
            content = _parsed(content)
    if kind == "json":
        return _compact(content), True
    if kind == "none":
        return b"", False
    if kind == "text":
        return body_bytes(content), False
    if kind == "binary":
        try:
            return bytes.fromhex(str(content)), False
        except ValueError:
            raise NotWhole("the hexadecimal digits of its body are cut off or broken") from None
    raise NotUnderstood(f"its body is of an unknown type, {str(kind)[:40]!a}")


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        raise NotWhole("the JSON of its body is cut off or broken") from None


def _compact(value: Any) -> bytes:
    try:
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except (TypeError, ValueError):
        raise NotUnderstood("its body is no JSON") from None
    return text.encode("utf-8", "surrogatepass")

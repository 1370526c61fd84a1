"""What the SDK adds of its own accord to what the caller asks for: the names by which an upgrade shows.

A provider answers what was sent, and botocore decides about more of that than its caller does: checksums,
ways to encode a body, defaults. The caller's parameters do not show it, so it is noted beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# They follow from credentials, proxies, tracing and the clock, not from the version of the SDK.
_INCIDENTAL = frozenset(
    (
        *("amz-sdk-invocation-id", "amz-sdk-request", "authorization", "connection", "content-length"),
        *("date", "expect", "host", "transfer-encoding", "user-agent", "x-amz-content-sha256", "x-amz-date"),
        *("x-amz-security-token", "x-amz-user-agent", "x-amzn-trace-id"),
    )
)


def additions(request: Any, model: Any, parameters: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the headers, and after ``?`` of the query, that no parameter asked for.

    ``request`` is botocore's prepared request, ``model`` the operation's, ``parameters`` the caller's.
    Names only: values may be secret.
    """
    shape = model.input_shape
    members = shape.members if shape is not None else {}
    asked, prefixes = set(_INCIDENTAL), []
    for name in parameters.keys() & members.keys():
        place = members[name].serialization
        wire = str(place.get("name", name)).lower()
        if place.get("location") == "headers":
            prefixes.append(wire)
        asked.add(wire)
    headers = {str(name).lower() for name in request.headers}
    query = {name for name, _ in parse_qsl(urlsplit(request.url).query, keep_blank_values=True)}
    return frozenset(
        {name for name in headers - asked if not name.startswith(tuple(prefixes) or ("\0",))}
        | {f"?{name}" for name in query if name.lower() not in asked and not name.startswith("X-Amz-")}
    )

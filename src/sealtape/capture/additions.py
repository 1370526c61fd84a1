"""What the SDK adds of its own accord to what the caller asks for: the names by which an upgrade shows.

A provider answers what was sent, and botocore decides about more of that than its caller does: checksums,
ways to encode a body, defaults. The caller's parameters do not show it, so it is noted beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
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
    places = []
    for name in sorted(parameters.keys() & members.keys()):
        place = members[name].serialization
        places.append((str(place.get("name", name)).lower(), place.get("location") == "headers"))
    query = urlsplit(request.url).query
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)} if query else ()
    return _unasked(tuple(places), frozenset(map(str, request.headers)), frozenset(names))


@lru_cache(maxsize=256)
def _unasked(
    places: tuple[tuple[str, bool], ...], headers: frozenset[str], query: frozenset[str]
) -> frozenset[str]:
    """Return what was not asked for, given by what names members were asked for, and which as headers."""
    asked = _INCIDENTAL | {wire for wire, _ in places}
    prefixes = tuple(wire for wire, is_header in places if is_header) or ("\0",)
    return frozenset(
        {name for name in {*map(str.lower, headers)} - asked if not name.startswith(prefixes)}
        | {f"?{name}" for name in query if name.lower() not in asked and not name.startswith("X-Amz-")}
    )

"""Canonical requests, and what tells two of them apart.

An AWS request is known by what the caller asked for, never by its URL: service, operation, canonical
parameters and payload, with account, region and caller compared up to a consistent renaming. An HTTP
request is known by method, URL and body, the body compared as what its content type says it is.

Nothing here answers true or false about two requests: equal requests have equal keys, and
`differences` names what differs between unequal ones.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sealtape.interaction import ANYTHING, AwsRequest, HttpRequest, Request, Tree
from sealtape.matching.bodies import SIGNATURE, body_tree, canonical_body, digest, grouped, presigned_form
from sealtape.matching.trees import canonical_json
from sealtape.renaming import Name, skeleton

_BUCKET_HOST = re.compile(r"(.+)\.s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Canonical:
    """A request reduced to what matching compares.

    Requests match if ``key`` is equal and ``names`` admit a renaming.
    """

    key: Hashable
    names: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a live request is not the recorded one."""

    place: str
    live: str
    recorded: str

    def __str__(self) -> str:
        return f"{self.place}: {self.live} here, {self.recorded} recorded"


def canonical(request: Request) -> Canonical:
    """Return what matching compares of ``request``, which must have been scrubbed."""
    if isinstance(request, AwsRequest):
        return _canonical_aws(request)
    return _canonical_http(request)


def by_operation(request: AwsRequest) -> Canonical:
    """Return what is compared with a recording that knows a call's operation only."""
    return Canonical((request.service, request.operation))


def _canonical_aws(request: AwsRequest) -> Canonical:
    if request.parameters == ANYTHING:
        return by_operation(request)
    text = canonical_json(request.parameters)
    cut, accounts = skeleton(text, request.region)
    payload = None if request.body is None else digest(request.body)
    names = (*_speaker(request.region, request.caller), *accounts)
    # A response is read by the protocol in which the request was made, and by no other.
    spoken = request.service, request.operation, request.protocol
    return Canonical((*spoken, cut, payload), names)


@dataclass(frozen=True, slots=True)
class Parts:
    """A request in its parts, as plain values: the ``tree`` holds what the caller asked for.

    ``group`` is what is equal in all requests that can be compared at all.
    """

    group: Hashable
    tree: Tree


def taken_apart(request: Request) -> Parts:
    """Return what `canonical` compares, as it was asked for, in the places that `differences` names."""
    if isinstance(request, AwsRequest):
        tree: Tree = {"parameters": request.parameters, "payload": request.body}
        return Parts((request.service, request.operation, request.protocol), tree)
    parts = _parts(request.url)
    form = presigned_form(request)
    if form is not None:
        parts = parts | _presigned(parts)
    place = (parts["scheme"], parts["host"], parts["port"])
    body: Tree = body_tree(request) if form is None else [list(field) for field in form]
    return Parts(
        (request.method.upper(), *place),
        {"path": parts["path"], "query": grouped(parts["query"]), "body": body},
    )


@lru_cache(maxsize=64)
def _speaker(region: str, caller: str) -> tuple[Name, ...]:
    """Name who speaks; the same object each time, as nearly all requests of a cassette have one speaker."""
    return ("region", region), ("caller", caller)


def _canonical_http(request: HttpRequest) -> Canonical:
    parts = _parts(request.url)
    form = presigned_form(request)
    if form is not None:
        parts = parts | _presigned(parts)
    place = (parts["scheme"], parts["host"], parts["port"], parts["path"], parts["query"])
    return Canonical((request.method.upper(), *place, canonical_body(request) if form is None else form))


@lru_cache(maxsize=16384)
def _parts(url: str) -> dict[str, Any]:
    split = urlsplit(url)
    scheme = split.scheme.lower()
    query = tuple(sorted(parse_qsl(split.query, keep_blank_values=True)))
    parts: dict[str, Any] = {
        "scheme": scheme,
        "host": (split.hostname or "").lower(),
        "port": split.port or _DEFAULT_PORTS.get(scheme),
        "path": split.path or "/",
        "query": query,
    }
    present = {name.lower() for name, _ in query}
    if "x-amz-signature" in present or {"signature", "awsaccesskeyid"} <= present:
        return parts | _presigned(parts)
    return parts


def _presigned(parts: dict[str, Any]) -> dict[str, Any]:
    """Return what counts of a presigned URL: what it is for, wherever and whenever it was signed.

    Host, port and addressing style follow the client's configuration, and so differ between a local
    sandbox and a replay; the bucket in a host name is the first part of the path in the other style.
    """
    bucket = _BUCKET_HOST.match(parts["host"])
    path = f"/{bucket[1]}{parts['path']}" if bucket else parts["path"]
    query = tuple(pair for pair in parts["query"] if pair[0].lower() not in SIGNATURE)
    return {"scheme": "presigned", "host": "aws", "port": None, "path": path, "query": query}


def differences(live: Request, recorded: Request, limit: int = 5) -> list[Difference]:
    """Name the places in which ``live`` is not ``recorded``, most telling first, at most ``limit``."""
    if isinstance(live, AwsRequest) and isinstance(recorded, AwsRequest):
        found = _aws_differences(live, recorded)
    elif isinstance(live, HttpRequest) and isinstance(recorded, HttpRequest):
        found = _http_differences(live, recorded)
    else:
        found = [Difference("track", live.label, recorded.label)]
    return list(found)[:limit]


def _aws_differences(live: AwsRequest, recorded: AwsRequest) -> Iterable[Difference]:
    if live.label != recorded.label:
        yield Difference("operation", live.label, recorded.label)
    if live.protocol != recorded.protocol:
        yield Difference("protocol", live.protocol, recorded.protocol)
    # Not region and caller: one consistent change of them matches, and does not explain a miss.
    yield from _tree_differences("parameters", live.parameters, recorded.parameters)
    if live.body != recorded.body:
        yield Difference("payload", _size(live.body), _size(recorded.body))


def _http_differences(live: HttpRequest, recorded: HttpRequest) -> Iterable[Difference]:
    if live.method != recorded.method:
        yield Difference("method", live.method, recorded.method)
    ours, theirs = _parts(live.url), _parts(recorded.url)
    for part in ("scheme", "host", "port", "path"):
        if ours[part] != theirs[part]:
            yield Difference(part, str(ours[part]), str(theirs[part]))
    yield from _tree_differences("query", dict(ours["query"]), dict(theirs["query"]))
    if canonical_body(live) != canonical_body(recorded):
        mine, yours = body_tree(live), body_tree(recorded)
        kinds = [list if isinstance(tree, (list, tuple)) else type(tree) for tree in (mine, yours)]
        if kinds[0] is kinds[1] and kinds[0] in (dict, list):
            yield from _tree_differences("body", mine, yours)
        else:
            yield Difference("body", _size(live.body), _size(recorded.body))


def _tree_differences(place: str, live: Tree, recorded: Tree) -> Iterable[Difference]:
    if isinstance(live, Mapping) and isinstance(recorded, Mapping):
        for name in sorted({*live, *recorded}):
            if name not in recorded:
                yield Difference(f"{place}.{name}", _short(live[name]), "nothing")
            elif name not in live:
                yield Difference(f"{place}.{name}", "nothing", _short(recorded[name]))
            else:
                yield from _tree_differences(f"{place}.{name}", live[name], recorded[name])
    elif isinstance(live, (list, tuple)) and isinstance(recorded, (list, tuple)):
        if len(live) != len(recorded):
            yield Difference(place, f"{len(live)} items", f"{len(recorded)} items")
        for index, (ours, theirs) in enumerate(zip(live, recorded, strict=False)):
            yield from _tree_differences(f"{place}[{index}]", ours, theirs)
    elif canonical_json(live) != canonical_json(recorded):
        yield Difference(place, _short(live), _short(recorded))


def _short(value: Tree) -> str:
    text = _size(value) if isinstance(value, bytes) else canonical_json(value)
    return text if len(text) <= 60 else text[:57] + "…" + text[-1]


def _size(body: bytes | None) -> str:
    return "nothing" if body is None else f"{len(body)} bytes"


def nearest(live: Request, recorded: Iterable[Request]) -> tuple[Request, list[Difference]] | None:
    """Return the recorded request that differs least from ``live``, with the differences."""
    group = _group(live)
    candidates = list(recorded)
    close = [request for request in candidates if _group(request) == group]
    best: tuple[Request, list[Difference]] | None = None
    for request in close or _same_family(live, candidates):
        found = differences(live, request)
        if best is None or len(found) < len(best[1]):
            best = (request, found)
    return best


def _group(request: Request) -> Hashable:
    """Return what must be equal for two requests to be worth comparing at all."""
    if isinstance(request, AwsRequest):
        return request.service, request.operation
    parts = _parts(request.url)
    return request.method.upper(), parts["host"], parts["path"]


def _same_family(live: Request, recorded: Sequence[Request]) -> list[Request]:
    """Fall back to requests of the same service, or host."""
    if isinstance(live, AwsRequest):
        return [r for r in recorded if isinstance(r, AwsRequest) and r.service == live.service]
    host = _parts(live.url)["host"]
    return [r for r in recorded if isinstance(r, HttpRequest) and _parts(r.url)["host"] == host]

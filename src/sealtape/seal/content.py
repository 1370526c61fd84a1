"""What stands inside the sealed part of a row: the frame, and an interaction in it and out again.

The layout is specified in `sealtape.seal.format`. Bodies lie in the frame as raw bytes, beside the
JSON and not in it, so that opening a large body is one copy.
"""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from sealtape.interaction import (
    AwsRequest,
    Failure,
    Headers,
    HttpRequest,
    Interaction,
    Outcome,
    Removal,
    Request,
    Response,
    Scrubbed,
    Tree,
)

PLAIN = 0
"""The only encoding of a frame so far: nothing is compressed, nothing lies outside the row."""

T = TypeVar("T")

_FIXED = struct.Struct(">BIQ")
_ESCAPED = re.compile(r"\$+(?:bytes|float)")


class _Part(msgspec.Struct, forbid_unknown_fields=True):
    """A part of a head, with all the members that this version knows."""


class _Aws(_Part):
    caller: str
    operation: str
    parameters: dict[str, Any]
    protocol: str
    region: str
    service: str
    streams: bool


class _Http(_Part):
    headers: list[str]
    method: str
    url: str


class _Response(_Part):
    headers: list[str]
    reason: str
    status: int
    broken: str = ""
    stays: bool = False
    version: int = 11
    url: str = ""


class _Failure(_Part):
    kind: str
    message: str


class _Head(_Part):
    removals: list[tuple[str, str, str, str, int, int]]
    aws: _Aws | None = None
    http: _Http | None = None
    response: _Response | None = None
    failure: _Failure | None = None


_removal = lru_cache(maxsize=1024)(Removal)
_HEAD = msgspec.json.Decoder(_Head)
_FACTS = msgspec.json.Decoder(dict[str, Any])
_UNREADABLE = (msgspec.DecodeError, struct.error, TypeError, ValueError, RecursionError)


class NotUnderstood(ValueError):
    """An authentic frame that this version has no reading for: a later one wrote it."""


def canonical(value: object, *, sort: bool = False) -> str:
    """Return the one JSON text of ``value``: no white space, nothing but ASCII, no NaN."""
    return json.dumps(value, separators=(",", ":"), sort_keys=sort, allow_nan=False)


def pack(scrubbed: Scrubbed) -> bytes:
    """Return the frame of ``scrubbed``: equal interactions give equal bytes."""
    interaction = scrubbed.interaction
    request, outcome = interaction.request, interaction.outcome
    head: dict[str, object] = {
        "removals": [
            [item.rule, item.place, item.stand_in, item.digest, item.length, item.count]
            for item in scrubbed.removals
        ]
    }
    if isinstance(request, AwsRequest):
        head["aws"] = {
            "service": request.service,
            "operation": request.operation,
            "parameters": {name: _plain(value) for name, value in request.parameters.items()},
            "streams": request.body is not None,
            "region": request.region,
            "caller": request.caller,
            "protocol": request.protocol,
        }
    else:
        head["http"] = {
            "method": request.method,
            "url": request.url,
            "headers": _flat(request.headers),
        }
    if isinstance(outcome, Response):
        response: dict[str, object] = {
            "status": outcome.status,
            "reason": outcome.reason,
            "headers": _flat(outcome.headers),
        }
        if outcome.broken:
            response["broken"] = outcome.broken
        if outcome.stays:
            response["stays"] = True
        if outcome.version != 11:
            response["version"] = outcome.version
        if outcome.url:
            response["url"] = outcome.url
        head["response"] = response
        answer = outcome.body
    else:
        head["failure"] = {"kind": outcome.kind, "message": outcome.message}
        answer = b""
    return _frame(head, request.body or b"", answer)


def pack_facts(facts: Mapping[str, Tree]) -> bytes:
    """Return the frame of what holds for a whole cassette."""
    return _frame({name: _plain(value) for name, value in facts.items()}, b"", b"")


def unpack(frame: bytes) -> Scrubbed:
    """Return what `pack` was given; raise `NotUnderstood` for an authentic frame of a later
    version."""
    try:
        start, middle = _bounds(frame)
        text = frame[_FIXED.size : start]
        head = _decoded(text, _HEAD)
        # Almost no call has a tagged leaf, and walking every tree would cost more than the cipher.
        tagged = b"$" in text
        request = _request(head, frame[start:middle], tagged=tagged)
        removals = tuple([_removal(*removal) for removal in head.removals]) if head.removals else ()
        return Scrubbed(Interaction(request, _outcome(head, frame[middle:])), removals)
    except _UNREADABLE as error:
        raise NotUnderstood from error


def unpack_facts(frame: bytes) -> dict[str, Tree]:
    """Return what `pack_facts` was given; raise `NotUnderstood` as `unpack` does."""
    try:
        start, _ = _bounds(frame)
        facts = _decoded(frame[_FIXED.size : start], _FACTS)
        return {name: _tree(value) for name, value in facts.items()}
    except _UNREADABLE as error:
        raise NotUnderstood from error


def _frame(head: Mapping[str, object], sent: bytes, received: bytes) -> bytes:
    text = canonical(head, sort=True).encode("ascii")
    return b"".join((_FIXED.pack(PLAIN, len(text), len(sent)), text, sent, received))


def _bounds(frame: bytes) -> tuple[int, int]:
    """Return where the request's body begins and ends."""
    encoding, head_length, sent_length = _FIXED.unpack_from(frame)
    start = _FIXED.size + head_length
    middle = start + sent_length
    if encoding != PLAIN or middle > len(frame):
        raise NotUnderstood
    return start, middle


def _decoded(text: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(text)
    except msgspec.DecodeError:
        # A Python string may hold half of a surrogate pair, and only the slower parser reads one.
        return msgspec.convert(json.loads(text), decoder.type)


def _request(head: _Head, body: bytes, *, tagged: bool) -> Request:
    aws, http = head.aws, head.http
    if http is not None:
        if aws is not None:
            raise NotUnderstood
        return HttpRequest(http.method, http.url, _pairs(http.headers), body)
    if aws is None or (body and not aws.streams):
        raise NotUnderstood
    parameters = aws.parameters
    if tagged:
        parameters = {name: _tree(value) for name, value in parameters.items()}
    return AwsRequest(
        aws.service,
        aws.operation,
        parameters,
        body if aws.streams else None,
        aws.region,
        aws.caller,
        aws.protocol,
    )


def _outcome(head: _Head, body: bytes) -> Outcome:
    response, failure = head.response, head.failure
    if response is None:
        if failure is None or body:
            raise NotUnderstood
        return Failure(failure.kind, failure.message)
    if failure is not None:
        raise NotUnderstood
    return Response(
        response.status,
        response.reason,
        _pairs(response.headers),
        body,
        response.broken,
        response.stays,
        response.version,
        response.url,
    )


def _flat(headers: Headers) -> list[str]:
    return [text for pair in headers for text in pair]


def _pairs(flat: list[str]) -> Headers:
    steps = iter(flat)
    return tuple(zip(steps, steps, strict=True))


def _plain(tree: Tree) -> object:
    """Return ``tree`` as JSON: bytes and the floats that JSON lacks become tagged one-member
    objects."""
    if isinstance(tree, bytes | bytearray):
        return {"$bytes": base64.b64encode(tree).decode("ascii")}
    if isinstance(tree, float) and not math.isfinite(tree):
        return {"$float": repr(tree)}
    if isinstance(tree, Mapping):
        # A caller's own object that looks like a tag gets one more $; opening takes it off again.
        return {_escaped(name, len(tree)): _plain(value) for name, value in tree.items()}
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return [_plain(item) for item in tree]
    return tree


def _escaped(name: str, siblings: int) -> str:
    return f"${name}" if siblings == 1 and _ESCAPED.fullmatch(name) else name


def _tree(plain: Any) -> Tree:
    if isinstance(plain, list):
        return [_tree(item) for item in plain]
    if not isinstance(plain, dict):
        return plain  # type: ignore[no-any-return]  # a JSON scalar
    if len(plain) == 1:
        ((name, value),) = plain.items()
        if name == "$bytes":
            return base64.b64decode(value, validate=True)
        if name == "$float":
            return float(value)
        if _ESCAPED.fullmatch(name):
            return {name[1:]: _tree(value)}
    return {name: _tree(value) for name, value in plain.items()}

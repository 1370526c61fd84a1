"""Multipart bodies: where their parts are, and what each says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sealtape.interaction import Headers, HttpRequest

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^\s;]+))', re.IGNORECASE)
_NAME = re.compile(r'[;\s]name="?([^";]*)', re.IGNORECASE)

_DRAWN = 16
"""From how many characters on a boundary was drawn: a short one may be a word that stands elsewhere too."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body: its header fields, where its content stands, and the name it goes by."""

    headers: Headers
    start: int
    end: int
    name: str


def boundary(content_type: str) -> str:
    """Return what separates the parts of a body of this type, empty where it is no multipart body."""
    match = _BOUNDARY.search(content_type) if content_type.lower().startswith("multipart/") else None
    return match[1] or match[2] if match else ""


def content_type(request: HttpRequest) -> str:
    """Return what a request says its body is, empty where it says nothing."""
    return next((value for name, value in request.headers if name.lower() == "content-type"), "")


def with_boundary_of(live: HttpRequest, recorded: HttpRequest) -> HttpRequest:
    """Return ``recorded`` as its client would have sent it with the boundary of ``live``."""
    ours, theirs = boundary(content_type(live)), boundary(content_type(recorded))
    if not ours or not theirs or ours == theirs:
        return recorded
    headers = tuple(
        (name, value.replace(theirs, ours) if name.lower() == "content-type" else value)
        for name, value in recorded.headers
    )
    return replace(recorded, headers=headers, body=recorded.body.replace(_mark(theirs), _mark(ours)))


def drawn_boundaries(live: HttpRequest, recorded: HttpRequest) -> dict[str, str]:
    """Return the boundary of ``recorded`` with that of ``live``, where they differ and both were drawn."""
    ours, theirs = boundary(content_type(live)), boundary(content_type(recorded))
    return {theirs: ours} if ours != theirs and min(len(ours), len(theirs)) >= _DRAWN else {}


def _mark(between: str) -> bytes:
    return b"--" + between.encode("latin-1", "replace")


def parts(body: bytes, content_type: str) -> Iterator[Part]:
    """Yield the parts of a multipart body; nothing where it has no boundary."""
    between = boundary(content_type)
    if not between:
        return
    mark = _mark(between)
    at = body.find(mark)
    while at >= 0:
        head = at + len(mark)
        following = body.find(b"\r\n" + mark, head)
        # The empty line may be the first: a part need not have headers.
        start = body.find(b"\r\n\r\n", head)
        if following < 0 or start < 0:
            return
        if start < following:
            headers = _headers(body[head:start])
            yield Part(headers, start + 4, following, _name(headers))
        at = following + 2


def _headers(head: bytes) -> Headers:
    lines = head.decode("utf-8", "replace").split("\r\n")
    fields = (line.partition(":") for line in lines if ":" in line)
    return tuple((name.strip(), value.strip()) for name, _, value in fields)


def _name(headers: Headers) -> str:
    for name, value in headers:
        if name.lower() == "content-disposition" and (found := _NAME.search(value)):
            return found[1]
    return ""

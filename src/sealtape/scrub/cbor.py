"""CBOR (RFC 8949): the strings and numbers of a document, and putting changed ones in their places.

A document is read only where it is one as a whole, from the first byte to the last; anything else is no
CBOR. Bytes of what did not change stay as they came, lengths in any width included.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sealtape.scrub.codecs import scalars

_MAX_NESTING = 64
_BREAK = 0xFF
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}


class _NoDocument(Exception):
    """These bytes are no CBOR."""


@dataclass(slots=True)
class Document:
    """A decoded document: its tree, and where each scalar of it stands, in the order of the tree."""

    tree: Any
    spans: list[tuple[int, int]]


def parse(data: bytes) -> Document | None:
    """Return the document that ``data`` as a whole is: a map or a list, else None."""
    at = 3 if data[:3] == b"\xd9\xd9\xf7" else 0
    if not (0x80 <= (data[at] if at < len(data) else 0) <= 0xBF):
        return None
    reader = _Reader(data, at)
    try:
        tree = reader.item(0)
    except (_NoDocument, struct.error, UnicodeDecodeError):
        return None
    return Document(tree, reader.spans) if reader.at == len(data) and tree else None


def rebuilt(data: bytes, document: Document, new: Any) -> bytes:
    """Return ``data`` with the scalars in which ``new`` differs from the document's tree put in."""
    pieces, at = [], 0
    for (start, end), before, after in zip(document.spans, scalars(document.tree), scalars(new), strict=True):
        if before is after or before == after:
            continue
        pieces += [data[at:start], _encoded(after)]
        at = end
    return b"".join([*pieces, data[at:]])


class _Reader:
    """Reads items one after another; ``spans`` tells where the scalars stood."""

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self.at = at
        self.spans: list[tuple[int, int]] = []

    def item(self, depth: int) -> Any:
        start = self.at
        major, count, info = self._head()
        if depth > _MAX_NESTING:
            raise _NoDocument
        if major == 4:
            return list(self._items(count, depth))
        if major == 5:
            return self._map(count, depth)
        if major == 6:
            return self.item(depth + 1)
        value = self._scalar(major, count, info)
        self.spans.append((start, self.at))
        return value

    def _scalar(self, major: int, count: int, info: int) -> Any:
        if major == 0:
            return count
        if major == 1:
            return -1 - count
        if major in (2, 3):
            raw = self._chunks(major) if info == 31 else self._take(count)
            return raw.decode() if major == 3 else raw
        if info in _FLOATS:
            form = _FLOATS[info]
            return struct.unpack(form, self._data[self.at - struct.calcsize(form) : self.at])[0]
        return {20: False, 21: True}.get(count)

    def _head(self) -> tuple[int, int, int]:
        first = self._take(1)[0]
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info, info
        if info in _WIDTHS:
            return major, int.from_bytes(self._take(_WIDTHS[info]), "big"), info
        if info == 31 and major in (2, 3, 4, 5):
            return major, -1, info
        raise _NoDocument

    def _take(self, count: int) -> bytes:
        piece = self._data[self.at : self.at + count]
        if len(piece) != count:
            raise _NoDocument
        self.at += count
        return piece

    def _chunks(self, major: int) -> bytes:
        pieces = []
        while not self._broke():
            part, count, info = self._head()
            if part != major or info == 31:
                raise _NoDocument
            pieces.append(self._take(count))
        return b"".join(pieces)

    def _broke(self) -> bool:
        if self.at < len(self._data) and self._data[self.at] == _BREAK:
            self.at += 1
            return True
        return False

    def _items(self, count: int, depth: int) -> Iterator[Any]:
        while not self._broke() if count < 0 else count > 0:
            yield self.item(depth + 1)
            count -= count > 0

    def _map(self, count: int, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while not self._broke() if count < 0 else count > 0:
            key = self.item(depth + 1)
            name = key if type(key) is str else str(key) if type(key) is int else None
            if name is None:
                raise _NoDocument
            while name in members:
                name += "\0"
            members[name] = self.item(depth + 1)
            count -= count > 0
        return members


def _encoded(value: Any) -> bytes:
    if isinstance(value, str):
        raw = value.rstrip("\0").encode("utf-8", "surrogatepass")
        return _head(3, len(raw)) + raw
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    return b"\xfb" + struct.pack(">d", value)


def _head(major: int, count: int) -> bytes:
    if count < 24:
        return bytes([major << 5 | count])
    width = next(width for width in (1, 2, 4, 8) if count < 1 << 8 * width)
    info = {1: 24, 2: 25, 4: 26, 8: 27}[width]
    return bytes([major << 5 | info]) + count.to_bytes(width, "big")

"""What a value holds: a document in a string, an archive, a certificate, a key.

Each is told by its form and opened into a plain tree, in which only what somebody decided on is left as a
value: not when an archive was packed, not the digits of a key.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sealtape.scrub.archives import MAX_UNPACKED, unpacked

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){4,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_PEM = re.compile(
    r"-----BEGIN ((?:[A-Z0-9]+ )*(?:CERTIFICATE|PUBLIC KEY|CERTIFICATE REQUEST))-----"
    r"([A-Za-z0-9+/=\s]+)-----END \1-----"
)
_SSH = re.compile(r"((?:ssh|ecdsa)-[a-z0-9-]+) (AAAA[A-Za-z0-9+/]+={0,2})( [^\n]*)?\n?")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\U0010ffff]")
_MAX_LOOKED_INTO = 1024 * 1024
_KEY_BYTES = 8
"""Whole numbers and byte strings longer than this are keys, serial numbers, signatures."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A value that a generator made: a key, a signature, a serial number. One is as good as another."""

    kind: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What was in a value: how it was wrapped, and the tree. ``is_made`` says that it was made as a whole."""

    kind: str
    tree: Any
    is_made: bool = False


def opened(value: str | bytes) -> Opened | None:
    """Return what ``value`` holds, None if it is no more than it says, or too large to be looked into."""
    if len(value) > _MAX_LOOKED_INTO:
        return None
    return _opened_text(value) if isinstance(value, str) else _opened_data(value)


def _opened_text(text: str) -> Opened | None:
    if text[:1] in ("{", "["):
        try:
            return Opened("json", json.loads(text))
        except (ValueError, RecursionError):
            return None
    if "-----BEGIN " in text:
        return _opened_armour(text)
    if text.startswith(("ssh-", "ecdsa-")) and (key := _SSH.fullmatch(text)):
        return Opened("ssh", [key[1], Generated(f"key of {len(key[2])}"), key[3] or ""], is_made=True)
    if len(text) % 4 == 0 and _BASE64.fullmatch(text):
        try:
            data = b64decode(text, validate=True)
        except (Base64Error, ValueError):
            return None
        inner = _opened_data(data)
        return Opened("base64", data) if inner is not None else None
    return None


def _opened_data(data: bytes) -> Opened | None:
    if data[:2] == b"\x1f\x8b":
        content = _inflated(data)
        return None if content is None else Opened("gzip", content, is_made=True)
    files = unpacked(data)
    if files is not None:
        return Opened("archive", files, is_made=True)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if not text or _UNPRINTABLE.search(text) else Opened("text", text)


def _inflated(data: bytes) -> bytes | None:
    engine = zlib.decompressobj(31)
    try:
        content = engine.decompress(data, MAX_UNPACKED)
    except zlib.error:
        return None
    return content if engine.eof else None


# Certificates and keys --------------------------------------------------------------------------------


def _opened_armour(text: str) -> Opened | None:
    """Open what is in PEM; what stands around it stays."""
    parts: list[Any] = []
    at = 0
    for block in _PEM.finditer(text):
        try:
            tree = list(_der(b64decode(block[2])))
        except (Base64Error, ValueError, IndexError, RecursionError):
            return None
        parts += [text[at : block.start()], block[1], tree]
        at = block.end()
    return Opened("pem", [*parts, text[at:]], is_made=True) if parts else None


_INTEGER, _BITS, _OCTETS, _CONSTRUCTED = 0x02, 0x03, 0x04, 0x20
_TEXTS = frozenset((0x0C, 0x13, 0x14, 0x16, 0x1A, 0x1E, 0x81, 0x82, 0x86))
_UTC_TIME, _GENERAL_TIME = 0x17, 0x18


def _der(data: bytes) -> Iterator[Any]:
    """Yield the values of an ASN.1 structure (X.690, DER) with their tags; raise ValueError, IndexError."""
    at = 0
    while at < len(data):
        tag, size, start = data[at], data[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        content = data[start : start + size]
        if len(content) != size:
            raise ValueError("the structure ends before its value")
        yield [tag, list(_der(content)) if tag & _CONSTRUCTED else _primitive(tag, content)]
        at = start + size


def _primitive(tag: int, content: bytes) -> Any:
    if tag == _OCTETS:
        try:
            return list(_der(content))
        except (ValueError, IndexError, RecursionError):
            pass
    if tag == _BITS or (tag in (_INTEGER, _OCTETS, 0x80) and len(content) > _KEY_BYTES):
        # A serial number may begin with zeros and so be shorter: not its length counts, but that it is one.
        return Generated("bits" if tag == _BITS else "octets")
    if tag in (_UTC_TIME, _GENERAL_TIME):
        text = content.decode("ascii")
        century = "" if tag == _GENERAL_TIME else "20" if text < "50" else "19"
        return _iso(century + text)
    return content.decode("utf-8", "replace") if tag in _TEXTS else content.hex()


def _iso(text: str) -> str:
    """Return ``20261120093433Z`` as other times are written."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:]}"

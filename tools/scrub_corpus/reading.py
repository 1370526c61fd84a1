"""Reads scrubbed traffic as somebody would who looks for secrets: decodes whatever can be decoded.

Written on its own, without any of sealtape's codecs: it is there to disagree with them.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import html
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from urllib.parse import unquote

from sealtape.interaction import AwsRequest, Interaction, Response

_DEPTH = 6
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_CHUNK = re.compile(rb"[0-9a-fA-F]+(?:;[^\r\n]*)?\r\n")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_WRAPPED = re.compile(r"(?:[A-Za-z0-9+/]{40,}\r?\n)+[A-Za-z0-9+/]+={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")


def texts_of(interaction: Interaction) -> set[str]:
    """Return every text that ``interaction`` holds, in every decoding of it."""
    request, outcome = interaction.request, interaction.outcome
    seen: set[str] = set()
    if isinstance(request, AwsRequest):
        _read([request.parameters, request.body, request.caller, request.region], _DEPTH, seen)
    else:
        _read([request.url, request.headers, request.body], _DEPTH, seen)
    if isinstance(outcome, Response):
        _read([outcome.reason, outcome.headers, outcome.body], _DEPTH, seen)
    else:
        _read([outcome.kind, outcome.message], _DEPTH, seen)
    return seen


def _read(value: object, depth: int, seen: set[str]) -> None:
    match value:
        case bytes() | bytearray():
            _read_bytes(bytes(value), depth, seen)
        case str():
            _read_text(value, depth, seen)
        case bool() | None:
            return
        case int() | float():
            seen.add(str(value))
        case dict():
            for key, item in value.items():
                _read(key, depth, seen)
                _read(item, depth, seen)
        case list() | tuple():
            for item in value:
                _read(item, depth, seen)


def _read_bytes(data: bytes, depth: int, seen: set[str]) -> None:
    for unpacked in _unpacked(data):
        if depth:
            _read_bytes(unpacked, depth - 1, seen)
    if _CHUNK.match(data):
        _read_text(_CHUNK.sub(b"", data).replace(b"\r\n", b"").decode("latin-1"), 1, seen)
    for order in ("utf-16-le", "utf-16-be"):
        if data.count(0) * 3 > len(data) > 8:
            seen.add(data.decode(order, "ignore"))
    try:
        _read_text(data.decode(), depth, seen)
    except UnicodeDecodeError:
        _read_text(data.decode("latin-1"), min(depth, 2), seen)


def _unpacked(data: bytes) -> Iterator[bytes]:
    with contextlib.suppress(OSError, EOFError, zlib.error):
        yield gzip.decompress(data)
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        if len(data) > 12:
            with contextlib.suppress(zlib.error):
                yield zlib.decompress(data, window)
    if data.startswith(b"PK"):
        with contextlib.suppress(zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from map(archive.read, archive.namelist())


def _read_text(text: str, depth: int, seen: set[str]) -> None:
    if text in seen or len(text) < 4:
        return
    seen.add(text)
    if not depth:
        return
    for decoded in (unquote(text), unquote(text.replace("+", " ")), html.unescape(text), _unescaped(text)):
        _read_text(decoded, depth - 1, seen)
    with contextlib.suppress(ValueError):
        document = json.loads(text)
        if isinstance(document, (dict, list, str)):
            _read(document, depth - 1, seen)
    for run in {*_RUN.findall(text), *("".join(found.split()) for found in _WRAPPED.findall(text))}:
        bare = run.rstrip("=").replace("-", "+").replace("_", "/")
        with contextlib.suppress(ValueError):
            _read_bytes(base64.b64decode(bare + "=" * (-len(bare) % 4)), depth - 1, seen)
    for run in _HEX.findall(text):
        seen.add(bytes.fromhex(run).decode("latin-1"))


def _unescaped(text: str) -> str:
    return (
        _ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
        .replace("\\/", "/")
        .replace("\\n", "\n")
    )

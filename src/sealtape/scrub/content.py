"""Body bytes: content codings, event-stream frames, and the headers that bind them.

A body is taken apart here and put together again; what the parts say is not known here. Decoding is
bounded by `MAX_DECODED` bytes, so that a compressed bomb ends in `Unreadable` and not in the memory.
"""

from __future__ import annotations

import base64
import bz2
import hashlib
import importlib
import lzma
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from sealtape.interaction import Headers
from sealtape.scrub import codecs

MAX_DECODED = 128 * 1024 * 1024
MAX_RATIO = 2000
_CHUNK = 1 << 20


GZIP = b"\x1f\x8b\x08"
"""What every gzip member starts with."""

_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_LEAST_PACKED = 12
_PACKINGS = {
    **{b"BZh%d1AY&SY" % level: "bzip2" for level in range(1, 10)},
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
_STARTS = (GZIP, *_ZLIB, *_PACKINGS)


def packing(data: bytes) -> str:
    """Return the content coding that ``data`` begins as (``"gzip"``, ``"deflate"``, …), or ``""``."""
    if not data.startswith(_STARTS):
        return ""
    if data[:3] == GZIP:
        return "gzip"
    if data[:2] in _ZLIB:
        return "deflate"
    if len(data) < _LEAST_PACKED:
        return ""
    return next((coding for start, coding in _PACKINGS.items() if data.startswith(start)), "")


class Unreadable(Exception):
    """A body in a coding that is not known here, is broken, or decodes to too much.

    ``partial`` is what could be decoded of a truncated or broken one, else None.
    """

    def __init__(self, why: str, partial: bytes | None = None) -> None:
        super().__init__(why)
        self.partial = partial


def header(headers: Headers, name: str) -> str:
    """Return the value of the first header field of that name (lower case), or ``""``."""
    return next((value for field, value in headers if field.lower() == name), "")


# Content codings ----------------------------------------------------------------------------------


def codings(headers: Headers, body: bytes = b"") -> tuple[str, ...]:
    """Return the content codings that the headers name, the one applied last first.

    Given a body, a gzip member of which the headers say nothing counts too: stored objects are often so.
    """
    listed = [part.strip().lower() for part in header(headers, "content-encoding").split(",")]
    named = tuple(c for c in reversed(listed) if c and c not in ("identity", "aws-chunked"))
    return named or (("gzip",) if body[:3] == GZIP else ())


_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]{1,8})(;[^\r\n]{0,200})?\r\n")


def _without_chunks(body: bytes) -> bytes:
    pieces: list[bytes] = []
    at = 0
    while True:
        head = _CHUNK_HEAD.match(body, at)
        if head is None:
            raise Unreadable("broken", b"".join(pieces))
        size = int(head[1], 16)
        if size == 0:
            return b"".join(pieces)
        pieces.append(body[head.end() : head.end() + size])
        at = head.end() + size + 2


def _with_chunks(data: bytes, like: bytes) -> bytes:
    """Return ``data`` as one chunk, with the last chunk and the trailers of ``like``."""
    head = _CHUNK_HEAD.match(like)
    extension = (head[2] or b"") if head else b""
    ends = [found.start() for found in re.finditer(rb"(?:(?<=\r\n)|\A)0+(?:;[^\r\n]*)?\r\n", like)]
    end = like[ends[-1] :] if ends else b"0\r\n\r\n"
    return f"{len(data):x}".encode() + extension + b"\r\n" + data + b"\r\n" + end if data else end


_DECODED_BY_CLIENTS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})


def applied_codings(headers: Headers, body: bytes) -> tuple[str, ...]:
    """Return those of the named codings that are really on the body.

    Some clients hand on what they have decoded with the headers of before (aiohttp does). Coded data is
    not text by chance, so a body that is text as it stands carries no coding.
    """
    named = codings(headers)
    if "aws-chunked" in header(headers, "content-encoding").lower() and _CHUNK_HEAD.match(body):
        return ("aws-chunked", *named)
    decodable = bool(named) and _DECODED_BY_CLIENTS.issuperset(named)
    return () if decodable and codecs.printable(body) is not None else named


def decode_content(body: bytes, coding: str, *, broken: bool = False) -> bytes:
    """Undo one content coding, as far as it goes if the body is ``broken``; raise `Unreadable`."""
    try:
        return _decoded(body, coding)
    except Unreadable as error:
        if broken and error.partial is not None:
            return error.partial
        raise


def _decoded(body: bytes, coding: str) -> bytes:
    if coding == "aws-chunked":
        return _without_chunks(body)
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, 31)
    if coding == "deflate":
        try:
            return _inflate(body, 15)
        except Unreadable:
            return _inflate(body, -15)
    if coding in ("br", "zstd"):
        return _decode_optional(body, coding)
    if coding in ("bzip2", "xz"):
        return _decompress(body, coding)
    raise Unreadable(f"content coding {coding}")


def encode_content(data: bytes, coding: str, like: bytes) -> bytes:
    """Apply one content coding to ``data``, in the variant of the body ``like``; raise `Unreadable`."""
    if coding == "aws-chunked":
        return _with_chunks(data, like)
    if coding in ("gzip", "x-gzip"):
        return _deflate(data, 31)
    if coding == "deflate":
        return _deflate(data, 15 if like[:1] == b"\x78" else -15)
    if coding in ("bzip2", "xz"):
        return bz2.compress(data) if coding == "bzip2" else lzma.compress(data)
    return _encode_optional(data, coding)


def _inflate(body: bytes, wbits: int) -> bytes:
    limit = min(MAX_DECODED, max(len(body) * MAX_RATIO, _CHUNK))
    out, rest = [], body
    total = 0
    try:
        while rest:
            engine = zlib.decompressobj(wbits)
            data = engine.decompress(rest, limit - total + 1)
            total += len(data)
            out.append(data)
            if total > limit:
                raise Unreadable("decodes to too much")
            if not engine.eof:
                raise Unreadable("truncated", b"".join(out))
            # Members of a gzip file follow one another; padding after the last one is no member.
            rest = engine.unused_data if wbits == 31 and engine.unused_data[:2] == b"\x1f\x8b" else b""
    except zlib.error:
        raise Unreadable("broken", b"".join(out)) from None
    return b"".join(out)


def _decompress(body: bytes, coding: str) -> bytes:
    limit = min(MAX_DECODED, max(len(body) * MAX_RATIO, _CHUNK))
    out, rest = b"", body
    try:
        while rest:
            engine = (
                bz2.BZ2Decompressor() if coding == "bzip2" else lzma.LZMADecompressor(memlimit=MAX_DECODED)
            )
            out += engine.decompress(rest, limit - len(out) + 1)
            if len(out) > limit:
                raise Unreadable("decodes to too much")
            if not engine.eof:
                raise Unreadable("truncated", out)
            rest = engine.unused_data
    except (OSError, lzma.LZMAError):
        raise Unreadable("broken", out) from None
    return out


_MOST_INFLATED = 65536


def inflated(data: bytes) -> bytes | None:
    """Return what ``data`` is as a whole in bare deflate, without any header; None where it is none."""
    if not 12 <= len(data) <= _MOST_INFLATED:
        return None
    engine = zlib.decompressobj(-15)
    try:
        inner = engine.decompress(data, _CHUNK)
    except zlib.error:
        return None
    return inner if engine.eof and not engine.unused_data and len(inner) >= 12 else None


def _deflate(data: bytes, wbits: int) -> bytes:
    engine = zlib.compressobj(6, zlib.DEFLATED, wbits)
    return engine.compress(data) + engine.flush()


_OPTIONAL = {
    "br": ("brotli", "brotlicffi"),
    "zstd": ("compression.zstd", "backports.zstd", "zstandard"),
}


def _optional(coding: str, name: str) -> Callable[[bytes], bytes]:
    # A client that asked for br or zstd has the module for it; so it is there when it is needed.
    for module in _OPTIONAL.get(coding, ()):
        try:
            return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]
        except (ImportError, AttributeError):
            continue
    raise Unreadable(f"content coding {coding}")


def _decode_optional(body: bytes, coding: str) -> bytes:
    decode = _optional(coding, "decompress")
    try:
        data = decode(body)
    except Exception:  # each module has an error class of its own
        raise Unreadable("broken") from None
    if len(data) > MAX_DECODED:
        raise Unreadable("decodes to too much")
    return data


def _encode_optional(data: bytes, coding: str) -> bytes:
    return _optional(coding, "compress")(data)


# Event streams ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of ``application/vnd.amazon.eventstream``: raw headers, event type and payload."""

    headers: bytes
    event: str
    payload: bytes


_EVENT_TYPE = re.compile(rb"\x0b:event-type\x07(..)", re.S)


def is_event_stream(headers: Headers) -> bool:
    """Whether the header fields announce an event stream."""
    return header(headers, "content-type").startswith("application/vnd.amazon.eventstream")


def parse_frames(body: bytes) -> tuple[Frame, ...] | None:
    """Return the messages of an event stream, or None where the body is not one."""
    frames, end = _leading_frames(body)
    return tuple(frames) if frames and end == len(body) else None


def whole_frames(body: bytes) -> bytes:
    """Return an event stream that broke off without its last message, of which no code can have got any."""
    return body[: _leading_frames(body)[1]]


def _leading_frames(body: bytes) -> tuple[list[Frame], int]:
    """Return the messages that a body begins with, and where they end."""
    frames, at = [], 0
    while len(body) - at >= 16:
        total, size, prelude_crc = struct.unpack_from(">III", body, at)
        if total < 16 + size or at + total > len(body) or zlib.crc32(body[at : at + 8]) != prelude_crc:
            break
        headers = body[at + 12 : at + 12 + size]
        frames.append(Frame(headers, _event_type(headers), body[at + 12 + size : at + total - 4]))
        at += total
    return frames, at


def _event_type(headers: bytes) -> str:
    match = _EVENT_TYPE.search(headers)
    if match is None:
        return ""
    size = int.from_bytes(match[1], "big")
    return headers[match.end() : match.end() + size].decode("utf-8", "replace")


def build_frame(frame: Frame) -> bytes:
    """Return the bytes of one event-stream message, checksums included."""
    prelude = struct.pack(">II", 16 + len(frame.headers) + len(frame.payload), len(frame.headers))
    message = prelude + struct.pack(">I", zlib.crc32(prelude)) + frame.headers + frame.payload
    return message + struct.pack(">I", zlib.crc32(message))


# Headers that bind a body -------------------------------------------------------------------------


def _b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


_CHECKSUMS: dict[str, Callable[[bytes], str]] = {
    "x-amz-checksum-crc32": lambda body: _b64(struct.pack(">I", zlib.crc32(body))),
    "x-amz-checksum-sha1": lambda body: _b64(hashlib.sha1(body, usedforsecurity=False).digest()),
    "x-amz-checksum-sha256": lambda body: _b64(hashlib.sha256(body).digest()),
    "x-amz-crc32": lambda body: str(zlib.crc32(body)),
    "content-md5": lambda body: _b64(hashlib.md5(body, usedforsecurity=False).digest()),
}
_UNCOMPUTED = frozenset({"digest", "repr-digest", "content-digest", "x-goog-hash", "x-amz-checksum-type"})


def mended(headers: Headers, body: bytes) -> Headers:
    """Return the headers with length and checksums that are true for ``body``.

    Checksums that cannot be computed here (crc32c, crc64nvme, composite ones of multipart uploads) are
    left out, because clients accept a response without one and reject a wrong one. The ETag stays: it
    names a version and is sent back in later requests.
    """
    fields: list[tuple[str, str]] = []
    for name, value in headers:
        lowered = name.lower()
        if lowered == "content-length":
            value = str(len(body))
        elif lowered in _CHECKSUMS and "-" not in value:
            value = _CHECKSUMS[lowered](body)
        elif lowered.startswith("x-amz-checksum-") or lowered in _UNCOMPUTED:
            continue
        fields.append((name, value))
    return tuple(fields)

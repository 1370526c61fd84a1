"""Texts within a text: written with escapes, in base64 over several lines, or as a document of JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

ENTITIES = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);")
"""An entity of XML or HTML."""

ESCAPES = re.compile(r"\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|/)")
"""An escape of JSON or of a programming language."""

PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
"""An escape of a URL."""

STRINGS = re.compile(r'"(?:[^"\\\r\n]*\\["\\/bfnrtu])+[^"\\\r\n]*"')
"""A JSON string with escapes in it."""

WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?P<line>[A-Za-z0-9+/_-]{20,200}\r?\n)(?:[A-Za-z0-9+/_-]{20,200}\r?\n)*"
    r"[A-Za-z0-9+/_-]{1,200}={0,2}(?![A-Za-z0-9+/=_-])"
)
"""Base64 that goes on over several lines."""

HEX = re.compile(r"(?<![0-9A-Za-z])(?:(?:[0-9a-f]{2}){12,}|(?:[0-9A-F]{2}){12,})(?![0-9A-Za-z])")
"""What may be the hex digits of a text: those of a digest are never readable."""

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(/))")
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_OPENING = re.compile(r"\{\s*\"|\[\s*[{\[\"]")
_MAX_FAILURES = 16
_MOST_SEGMENTS = 12
_DECODER = json.JSONDecoder()


def stretches(text: str, escape: re.Pattern[str], ends: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of ``text`` that hold an ``escape``, from one of ``ends`` or a blank to the next.

    The cost grows with the text and not with its square, which a pattern for the whole stretch would have.
    """
    outside = re.compile(f"[{re.escape(ends)}\\s]")
    at = 0
    while found := escape.search(text, at):
        start = at
        for mark in outside.finditer(text, at, found.start()):
            start = mark.end()
        after = outside.search(text, found.end())
        at = after.start() if after else len(text)
        yield start, at


def without_entities(text: str) -> str:
    """Return what ``text`` says once entities are undone."""
    return html.unescape(text)


def with_entities(text: str, like: str) -> str:
    """Return ``text`` escaped as ``like`` was."""
    return html.escape(text, quote="&quot;" in like or "&#" in like)


def without_escapes(text: str) -> str:
    r"""Return what ``text`` says once ``\u0041``, ``\x41`` and ``\/`` are undone."""
    plain = _ESCAPE.sub(lambda found: found[3] or chr(int(found[1] or found[2], 16)), text)
    return _SURROGATES.sub(lambda found: found[0].encode("utf-16", "surrogatepass").decode("utf-16"), plain)


def with_escapes(text: str, like: str) -> str:
    r"""Return ``text`` escaped as ``like`` was: the same characters, or all of them where all were."""
    escaped = {found[3] or chr(int(found[1] or found[2], 16)) for found in _ESCAPE.finditer(like)}
    every = not _ESCAPE.sub("", like)
    short = "\\u" not in like
    pieces = []
    for char in text:
        if not every and char not in escaped and char < "\U00010000":
            pieces.append(char)
        elif char == "/" and "\\/" in like:
            pieces.append("\\/")
        elif short and char < "\u0100":
            pieces.append(f"\\x{ord(char):02x}")
        else:
            pieces.append(json.dumps(char)[1:-1] if ord(char) > 126 else f"\\u{ord(char):04x}")
    return "".join(pieces)


def with_hex(text: str, like: str) -> str:
    """Return the hex digits of ``text``, in the case of ``like``."""
    digits = text.encode("utf-8", "surrogatepass").hex()
    return digits.upper() if like.upper() == like else digits


def segments(run: str) -> list[str]:
    """Return the parts of a run of base64 digits that may be a path; data has too many to be one."""
    return run.split("/") if 0 < run.count("/") <= _MOST_SEGMENTS else []


def documents_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the JSON objects and arrays stand that are part of a longer text."""
    at, failures = 0, 0
    while failures < _MAX_FAILURES:
        found = _OPENING.search(text, at)
        if found is None:
            return
        try:
            _, end = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            failures += 1
            at = found.start() + 1
            continue
        yield found.start(), end
        at = end

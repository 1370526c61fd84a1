"""What the bytes of a body say to a reader: text where they are text, decoded where they are coded."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealtape.interaction import Headers
from sealtape.scrub.content import Unreadable, codings, decode_content

_LAID_OUT = "\t\n\r"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Marks that turn the direction of text around make a line read differently from what it says.
_MISLEADING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A body without its content codings, and which they were, the one applied last first."""

    data: bytes
    codings: tuple[str, ...]


def text_of(data: bytes) -> str | None:
    """Return ``data`` as text if it is text: valid UTF-8 without control characters.

    Tabs and line ends are text.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def decoded(headers: Headers, body: bytes) -> Decoded | None:
    """Return ``body`` without its content codings; None where it has none or they cannot be undone."""
    named = codings(headers, body)
    if not named or not body:
        return None
    data = body
    try:
        for coding in named:
            data = decode_content(data, coding)
    except Unreadable:
        return None
    return Decoded(data, named)


def printable(text: str) -> str:
    """Return ``text`` with escapes for what would drive a terminal or hide what the text says.

    A recorded answer is foreign text. Line ends (as ``\\n``) and tabs stay.
    """
    return _MISLEADING.sub(_escaped, text.replace("\r\n", "\n"))


def printable_line(text: str) -> str:
    """Return ``text`` as `printable` does, on one line."""
    return "".join(_escaped_char(char) if char in _LAID_OUT else char for char in printable(text))


def _escaped(match: re.Match[str]) -> str:
    return _escaped_char(match[0])


def _escaped_char(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"



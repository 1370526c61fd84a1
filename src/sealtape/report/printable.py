"""Foreign text, made fit to be printed: recorded answers, and the names of files in a pull request."""

from __future__ import annotations

import re

_LAID_OUT = "\t\n\r"
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Marks that turn the direction of text around make a line read differently from what it says.
_MISLEADING = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def text_of(data: bytes) -> str | None:
    """Return ``data`` as text if it is text: valid UTF-8 without control characters.

    Tabs and line ends are text.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if _CONTROLS.search(text) else text


def printable(text: str) -> str:
    """Return ``text`` with escapes for what would drive a terminal or hide what the text says.

    Line ends (as ``\\n``) and tabs stay.
    """
    return _MISLEADING.sub(lambda match: _escaped(match[0]), text.replace("\r\n", "\n"))


def printable_line(text: str) -> str:
    """Return ``text`` as `printable` does, on one line."""
    return "".join(_escaped(char) if char in _LAID_OUT else char for char in printable(text))


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

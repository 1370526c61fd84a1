"""What a long text has none of, so that most patterns need not look into it.

Each question costs one translation of the text and a search for a few bytes, at about a gigabyte a second;
looking for the anchors of all patterns costs more than a hundred searches. The answers err on one side
only: a feature that is there is never denied.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass

_LETTERS, _DIGITS = string.ascii_letters, string.digits
_OTHER = "?"
"""What a character beyond Latin-1 becomes: it may be a digit or a blank, and so counts as any of them."""


def _table(classes: dict[str, str]) -> bytes:
    """Return the table by which the characters of each class become the character it is listed under."""
    of = {char: mark for mark, chars in classes.items() for char in chars}
    return bytes(ord(of.get(chr(code), "!")) for code in range(256))


@dataclass(frozen=True, slots=True)
class _Feature:
    """The ``marks`` of which one is in a text that was translated by ``table``; none without ``sign``."""

    table: bytes
    marks: tuple[bytes, ...]
    sign: str = ""


def _run(chars: str, count: int, sign: str = "") -> _Feature:
    return _Feature(_table({"x": chars + _OTHER}), (b"x" * count,), sign)


_BLANKS = string.whitespace + "\x1c\x1d\x1e\x1f\x85\xa0" + _OTHER
_COLONS = tuple(f":{'0' * count}:".encode() for count in range(2, 6))
_SPOKEN = ("password", "passphrase", "passcode", "secret key", "access token", "api key")

_FEATURES: dict[str, _Feature] = {
    "word": _run(_LETTERS + _DIGITS + "_+/=.-", 15),
    "account": _Feature(_table({"0": _DIGITS + "-" + _OTHER, " ": " "}), (b"0" * 12, b"0000 0000 0000")),
    "dotted": _run(_DIGITS + ".", 7, "."),
    "hextet": _Feature(_table({"0": string.hexdigits + _OTHER, ":": ":"}), (b"0000:",), ":"),
    "colons": _Feature(_table({"0": _DIGITS + _OTHER, ":": ":", "*": "*"}), (*_COLONS, b":*:"), ":"),
    "blank": _Feature(_table({" ": _BLANKS}), (b" ",)),
    "option": _Feature(_table({" ": _BLANKS, "-": "-"}), (b" -",), "-"),
    "hex": _run(string.hexdigits, 24),
    "base64": _run(_LETTERS + _DIGITS + "+/_-", 16),
    "spoken": _Feature(bytes(range(256)).lower(), tuple(word.encode() for word in _SPOKEN)),
}
_SPELT = frozenset({"spoken"})


class Features:
    """The features of one text, each looked for when it is first asked for.

    ``word``: a token's characters, 15 in a row; ``account``: twelve digits, with hyphens, blanks or without;
    ``dotted``: an address of IPv4; ``hextet``: four hex digits and a colon; ``colons``: a port between two
    of them; ``hex``: 24 hex digits in a row; ``base64``: 16 of its characters in a row; ``blank``;
    ``option``: a hyphen after a blank; ``spoken``: the name of a secret in words.
    """

    __slots__ = ("_absent", "_data", "_found", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._data = text.encode("latin-1", "replace")
        self._found: dict[str, bool] = {}
        # Where a pattern takes no notice of case, letters beyond ASCII can stand for some of its own.
        if not text.isascii():
            self._found = dict.fromkeys(_SPELT, True)
        self._absent: dict[str, bool] = {}

    def has(self, name: str) -> bool:
        """Whether the text may have the feature of that name."""
        found = self._found.get(name)
        if found is None:
            feature = _FEATURES[name]
            found = feature.sign in self.text
            if found:
                mapped = self._data.translate(feature.table)
                found = any(mark in mapped for mark in feature.marks)
            self._found[name] = found
        return found

    def possible(self, anchors: Iterable[str]) -> list[str]:
        """Return those of ``anchors`` of which no sign (blank, hyphen, colon…) is missing from the text."""
        return [anchor for anchor in anchors if not any(map(self._lacks, anchor))]

    def _lacks(self, char: str) -> bool:
        if char.isalnum():
            return False
        absent = self._absent.get(char)
        if absent is None:
            absent = self._absent[char] = char not in self.text
        return absent

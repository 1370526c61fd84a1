"""What nobody can have chosen: the entropy rule by which one value may answer for another.

Drift may take a word for an id by mistake, and somebody reads the report. A replay that does answers the
wrong request, and nobody sees it. So this rule is narrow. A value was *drawn* if it is

- a uuid,
- at least twelve hex digits, letters and digits mixed (from sixteen on, also behind a name in letters, as in
  ``bucket0f31…``), but not seventeen: so many has an id of EC2, which a response gave or somebody typed,
- at least twelve letters and digits, less than a third of them pronounceable (half, from twenty on), that
  change between cases and digits at nearly every second character, at every third with one case only,
- padded base64 of such, or what ``secrets.token_urlsafe`` returns, or
- at least eighteen decimal digits, as hashes and 64-bit numbers have, with a sign perhaps,

unless its characters count up, count down or repeat (``12345678-1234-…``, ``a1b2c3d4``), are few, or are the
hex of a text. And two values were drawn *apart* if they are of one kind and length, and no more than half
of their characters are the same: whoever changes a digit of an id means another thing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sealtape.renaming.values import HEX, ODD, SEGMENT, Piece

MARK = "\x00"
"""Starts what stands in a masked text for a value: JSON has no such character, nor have URLs."""

_SHORTEST, _LONGEST = 12, 128
_EC2 = 17
_BEHIND_NAME = re.compile(r"([A-Za-z0-9]*?[g-zG-Z])?([0-9a-f]{16,}|[0-9A-F]{16,})")
_CHANGE = re.compile(r"[0-9](?=[A-Za-z])|[a-z](?=[A-Z0-9])|[A-Z](?=[a-z0-9])")
_NUMBER = re.compile(r"[0-9]+")
_RUN = re.compile(
    # Padded base64, digests among it; and what secrets.token_urlsafe gives for 16, 32 and 64 bytes.
    r"(?=.{16,128}$)(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)"
    r"|[A-Za-z0-9_-]{22}|[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{86}"
)
_HASH = re.compile("-?[0-9]{18,20}")
_TIME_BASED = "1"


@lru_cache(maxsize=16384)
def kind_of_draw(piece: Piece) -> str:
    """Return what kind of drawn value a piece of a text is, ``""`` if somebody can have chosen it.

    Two values of one kind can have been drawn in the place of each other.
    """
    kind, value = piece
    if kind == "uuid":
        digits = value.replace("-", "")
        case = "uuid" if digits == digits.lower() else "UUID"
        return "" if len(set(digits.lower())) < 8 or _is_in_order(digits) else f"{MARK}{case}{value[14]}"
    return _kind_of_word(value) if kind == "word" and _SHORTEST <= len(value) <= _LONGEST else ""


def _kind_of_word(word: str) -> str:
    if word.isdigit():
        return f"{MARK}digits" if len(word) >= 18 and not _is_in_order(word) else ""
    if HEX.fullmatch(word):
        return _kind_of_hex(word)
    behind = _BEHIND_NAME.fullmatch(word)
    if behind is not None:
        kind = _kind_of_hex(behind[2])
        return kind and (behind[1] or "") + kind
    if not _is_drawn(word):
        return ""
    cases = ("a" if word != word.upper() else "") + ("A" if word != word.lower() else "")
    return f"{MARK}{cases}0:{len(word)}"


def _kind_of_hex(digits: str) -> str:
    if digits.isalpha() or digits.isdigit() or len(digits) == _EC2 or len(_CHANGE.findall(digits)) < 3:
        return ""
    if len(set(digits)) < 6 or _is_in_order(digits) or _is_hex_of_text(digits):
        return ""
    case = "hex" if digits == digits.lower() else "HEX"
    return f"{MARK}{case}:{len(digits)}"


@lru_cache(maxsize=4096)
def kind_of_run(text: str) -> str:
    """Return what kind of drawn token ``text`` as a whole is, base64 or a hash, ``""`` if it is none."""
    if _HASH.fullmatch(text):
        return kind_of_draw(("word", text.removeprefix("-")))
    if not _RUN.fullmatch(text):
        return ""
    body = text.rstrip("=")
    has = [any(map(test, body)) for test in (str.islower, str.isupper, str.isdigit)]
    return f"{MARK}base64:{len(body)}" if all(has) and _is_drawn(body) else ""


def _is_drawn(word: str) -> bool:
    plain = "".join(char for char in word if char.isalnum())
    segments = SEGMENT.findall(plain)
    spoken = sum(len(s) for s in segments if len(s) >= 4 and s.isalpha() and not ODD.search(s))
    # Names change to another word or number every few letters, draws from two cases and digits at once.
    rate, numbers = (0.45, 1) if plain.upper() != plain != plain.lower() else (0.3, 2)
    return (
        spoken * (3 if len(plain) < 20 else 2) < len(plain)
        and len(_CHANGE.findall(plain)) >= rate * (len(plain) - 1)
        and len(_NUMBER.findall(plain)) >= numbers
        and not _is_in_order(plain)
    )


def _is_in_order(word: str) -> bool:
    """Whether characters count up or down or repeat, one by one or every second, for half of the word."""
    codes = [int(char, 36) for char in word if char.isascii() and char.isalnum()]
    # Of ten digits more are neighbours by chance than of sixteen or of sixty-two.
    limit = 0.65 if word.isdigit() else 0.5
    for step in (1, 2):
        pairs = list(zip(codes, codes[step:], strict=False))
        ordered = sum(abs(one - other) <= 1 for one, other in pairs)
        if pairs and ordered >= limit * len(pairs):
            return True
    return False


def _is_hex_of_text(digits: str) -> bool:
    data = bytes.fromhex(digits[: len(digits) // 2 * 2])
    return sum(32 <= byte < 127 for byte in data) >= 0.85 * len(data)


def is_uuid(value: str) -> bool:
    """Whether a value is a uuid."""
    return len(value) == 36 and value.count("-") == 4


def drawn_apart(one: str, other: str) -> bool:
    """Whether two values of one kind differ as two draws do."""
    if is_uuid(one) and one[14] == other[14] == _TIME_BASED:
        # A uuid of the time and the machine: most of two is the same.
        return True
    one, other = one.lstrip("-"), other.lstrip("-")
    same = sum(a == b for a, b in zip(one, other, strict=False) if a != "-")
    return same * 2 <= min(len(one.replace("-", "")), len(other.replace("-", "")))

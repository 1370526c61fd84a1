"""Opaque values: the parts of a text that name something without saying anything.

Ids, digests, times, addresses that were handed out. A text is cut into pieces, each of a class that its
form alone tells. What looks opaque here is opaque enough to compare two recordings; what stands for
another when a request is answered must be more (`sealtape.renaming.draws`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeAlias

Piece: TypeAlias = "tuple[str, str]"
"""A part of a text: its class, which its form alone tells, and the part."""

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_PIECE = re.compile(
    rf"""
    (?P<time>
        \d{{4}}-\d\d-\d\d [T_ ]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)? \ ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)?
      | \d{{8}}T\d{{6}}Z?
      | (?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,?\ )?
        (?: \d{{1,2}}[ /-]{_MONTH}[ /-]\d{{4}}(?:[ :]{_CLOCK})?
          | {_MONTH}\ +\d{{1,2}}(?:,?\ \d{{4}})?\ {_CLOCK}(?:\ \w{{3}})?\ ?(?:\d{{4}})? )
        (?:\ ?(?:GMT|UTC|[+-]\d{{4}}))?
    )
  | (?P<date> (?<![\d-])\d{{4}}[-/]\d\d[-/]\d\d(?![\d-]) | (?<=/)20\d\d[01]\d[0-3]\d(?=/) )
  | (?P<uuid> {_UUID} )
  | (?P<octets> (?:[0-9a-fA-F]{{2}}:){{5,}}[0-9a-fA-F]{{2}}
      # A hardware address all the same, though a simulator wrote its own half wrongly.
      | (?<![\w:])(?:[0-9a-fA-F]{{2}}:){{3}}\w{{2,8}}(?::\w{{2,8}}){{2}}(?![\w:]) )
  | (?P<zone> \b[a-z]{{2}}(?:-[a-z]+)+-\d[a-z]\b | \b[a-z]{{3,4}}\d-az\d\b )
  | (?P<mask> <[a-z][a-z0-9_.-]*(?::\d+)?> )
  | (?P<port> (?<=127\.0\.0\.1:)\d+ | (?<=localhost:)\d+ )
  | (?P<address> (?<![\d.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\d.])
      | (?<![\w:])[23fF][0-9a-fA-F]{{3}}(?::[0-9a-fA-F]{{1,4}}|:){{2,7}}(?![\w:]) )
  | (?P<word> [A-Za-z0-9]+ (?={_UUID}) | [A-Za-z0-9]+ )
    """,
    re.X,
)
RUN = re.compile(r"[A-Za-z0-9+/_=.-]{16,}")
HEX = re.compile(r"[0-9a-f]{7,}|[0-9A-F]{7,}")
SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_NUMBERED = re.compile(r"[A-Za-z]*[0-9]*")
ODD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|^[^aeiouy]*$", re.I)
_VERSION = re.compile(r"v?\d{1,4}\.\d{1,4}(?:[._-]|$)")
HOST = re.compile(r"(?:\w+://)?[\w-]*\d[\w-]*(?:\.[\w<>-]+){2,}(?:[:/].*)?")
_EPOCHS = ((1_200_000_000, 2_100_000_000), (1_200_000_000_000, 2_100_000_000_000))
DIGEST_LENGTH = 28
_OPAQUE = "\x00id"


def is_epoch(number: float) -> bool:
    """Whether ``number`` can be a time of the years 2008 to 2036, in seconds or milliseconds."""
    return any(low <= number < high for low, high in _EPOCHS)


@lru_cache(maxsize=16384)
def is_jumbled(word: str) -> bool:
    """Whether ``word`` (letters and digits) is too disorderly to have been chosen by a person.

    A stated entropy rule: it changes between letters, digits and cases every two and a half characters
    (every three with several numbers in it, every four in longer words), and less than half of it can be
    pronounced.
    """
    if len(word) < 8 or word.isdigit():
        return False
    if len(word) >= 32 and not word.isdigit():
        return True
    if word.isalpha() and (len(word) < 20 or word.islower() or word.isupper()):
        return False
    if _NUMBERED.fullmatch(word) and not HEX.fullmatch(word):
        return False
    if word.isupper() and (len(word) >= 16 or (len(word) >= 12 and len(_DIGITS.findall(word)) > 2)):
        # Nobody writes so long a word in capitals and digits without a separator.
        return True
    segments = SEGMENT.findall(word)
    spoken = sum(len(s) for s in segments if len(s) >= 4 and s.isalpha() and not ODD.search(s))
    rate = len(word) / len(segments)
    numbers = len(_DIGITS.findall(word))
    return spoken * 2 < len(word) and rate <= (4.0 if len(word) >= 16 else 3.2 if numbers > 1 else 2.5)


@lru_cache(maxsize=16384)
def pieces(text: str) -> tuple[Piece, ...]:
    """Return ``text`` as pieces, each with its class; what stands between them has the class ``""``.

    The classes ``word`` and ``uuid`` can name something.
    """
    found: list[Piece] = []
    at = 0
    for match in _PIECE.finditer(text):
        if match.start() > at:
            found.append(("", text[at : match.start()]))
        found.append((str(match.lastgroup), match[0]))
        at = match.end()
    if at < len(text):
        found.append(("", text[at:]))
    return tuple(found)


def words_alike(old: str, new: str) -> bool:
    """Whether two different words are opaque values of one kind."""
    if old.isdigit() and new.isdigit():
        if len(old) >= 12 and len(new) >= 12:
            return True
        return is_epoch(int(old[:16])) and is_epoch(int(new[:16]))
    if HEX.fullmatch(old) and HEX.fullmatch(new):
        mixed = not (old.isalpha() or old.isdigit()), not (new.isalpha() or new.isdigit())
        if len(old) != len(new):
            return all(mixed) and max(len(old), len(new)) < DIGEST_LENGTH
        return any(mixed)
    if is_jumbled(old) and is_jumbled(new):
        # A longer digest is another algorithm; a longer id is an id.
        return len(old) == len(new) or max(len(old), len(new)) < DIGEST_LENGTH
    if len(old) >= 10 and are_unrelated(old, new) and not (_is_written(old) or _is_written(new)):
        return True
    # Among random words there are orderly ones: the other one and the same length are evidence enough.
    return len(old) == len(new) >= 8 and is_jumbled(old) != is_jumbled(new) and _cases(old) == _cases(new)


def are_unrelated(old: str, new: str) -> bool:
    """Whether two texts are as long and have hardly a character in common, place by place.

    What is drawn anew has not; what somebody edited, another algorithm or version, has.
    """
    shared = sum(one == other for one, other in zip(old, new, strict=False))
    return len(old) == len(new) and shared * 4 <= len(old)


def _is_written(word: str) -> bool:
    return is_orderly(word) and ODD.search(word) is None


def is_orderly(word: str) -> bool:
    """Whether a person may have written ``word``: a word, words in a row, or a numbered one."""
    segments = [s for s in SEGMENT.findall(word) if not s.isdigit()]
    if _NUMBERED.fullmatch(word) and not HEX.fullmatch(word):
        return len(segments) < 3 or min(map(len, segments)) > 2
    return False


def is_spoken(word: str) -> bool:
    """Whether ``word`` reads like one of a language: letters of one case, and vowels among them."""
    vowels = sum(char in "aeiouyAEIOUY" for char in word)
    plain = word.islower() or word.isupper() or word.istitle()
    return word.isalpha() and plain and vowels * 5 >= len(word) and not ODD.search(word)


def is_spelled(name: str) -> bool:
    """Whether ``name`` is made of words in a row, however long: the name of a member, and no drawn one.

    Seven tenths of it are words that can be pronounced, and its parts have three characters on average.
    """
    segments = SEGMENT.findall(name)
    spoken = sum(len(s) for s in segments if len(s) >= 3 and s.isalpha() and not ODD.search(s))
    return spoken * 10 >= len(name) * 7 and len(name) >= 3 * len(segments)


def _cases(word: str) -> tuple[bool, bool]:
    return word.upper() == word, word.lower() == word


def is_random_run(run: str) -> bool:
    """Whether a run of base64 and the like is too disorderly to say anything."""
    if _VERSION.match(run):
        return False
    segments = SEGMENT.findall(run)
    spoken = sum(len(s) for s in segments if len(s) >= 4 and s.isalpha() and not ODD.search(s))
    mixed = any(c.isupper() for c in run) + any(c.islower() for c in run) + any(c.isdigit() for c in run)
    return mixed >= 2 and spoken * 2 < len(run) and len(run) <= 3.5 * max(len(segments), 1)


@lru_cache(maxsize=4096)
def is_allotted(address: str) -> bool:
    """Whether an address is one that is handed out, not one of those that mean something everywhere."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if parsed.is_loopback:
        return not address.startswith("127.0.0.")
    return not (parsed.is_link_local or parsed.is_unspecified or parsed.is_multicast)


def masked(text: str) -> str:
    """Return ``text`` with a mark for each opaque value: equal for texts that are equal up to renaming.

    It judges each text alone, so it is coarser than `Renaming.compare`: good for hashing, where equal
    means *worth comparing*.
    """
    return "".join(map(masked_piece, pieces(text)))


def masked_but(text: str, name_of: Callable[[str], str | None], opaque: frozenset[str]) -> str:
    """Return ``text`` masked, with what ``name_of`` knows by its name, and ``opaque`` words always masked."""
    return name_of(text) or "".join(
        name_of(value) or (_OPAQUE if value in opaque else masked_piece((kind, value)))
        for kind, value in pieces(text)
    )


def masked_piece(piece: Piece) -> str:
    """Return a piece of a text as `masked` has it: the piece itself if it is not opaque."""
    kind, value = piece
    if kind in ("time", "uuid", "octets", "mask", "port") or (kind == "date" and value >= "2020"):
        return f"\x00{kind}"
    if kind == "zone":
        return value[:-1] + "\x00zone"
    if kind == "address" and is_allotted(value):
        return "\x00address"
    if kind == "word":
        if value.isdigit():
            return "\x00number" if len(value) >= 12 or is_epoch(int(value)) else value
        if is_jumbled(value) or (HEX.fullmatch(value) and not value.isalpha()):
            return _OPAQUE
    return value

"""Where in a large text a pattern can match at all, found in one pass whatever the pattern.

Every pattern has a wider one without a look around it: where that finds nothing, the pattern matches
nowhere. Wider patterns can be joined, and RE2 looks for all of them at once, at some 800 MB/s. They err on
one side only. Where RE2 is not installed, or a pattern says something that is not known here, every text
may hold everything, and is looked into in the slow way.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

ANYTHING = ""
"""The source of the pattern that is found everywhere."""

_ANY = r"[^\x00\x01]"
_NOTHING = r"[^\x00-\xff]"
_HIGH = r"\x80-\xff"
_CONTINUATIONS = bytes(range(0x80, 0xC0))
_MOST_REPEATS, _FEW_REPEATS = 24, 6
_MEMORY = 64 << 20
_CLASSES = {
    "CATEGORY_DIGIT": rf"\d{_HIGH}",
    "CATEGORY_SPACE": rf"\s\v\x1c-\x1f{_HIGH}",
    "CATEGORY_WORD": rf"\w{_HIGH}",
    "CATEGORY_NOT_DIGIT": rf"\D{_HIGH}",
    "CATEGORY_NOT_SPACE": rf"\S{_HIGH}",
    "CATEGORY_NOT_WORD": rf"\W{_HIGH}",
}
_SPELT_BEYOND_ASCII = frozenset("ikst")
"""Letters that another one beyond ASCII equals where case does not count."""


def flattened(text: str) -> bytes:
    """Return a byte for every character: ASCII as it is, for any other one a byte from 0xC0 on."""
    data = text.encode("utf-8", "surrogatepass")
    return data if len(data) == len(text) else data.translate(None, _CONTINUATIONS)


def has_marks(text: str) -> bool:
    """Whether a text itself holds one of the characters that mark the ends of texts: NUL and 1."""
    return "\0" in text or "\1" in text


@lru_cache(maxsize=1)
def _engine() -> Any:
    try:
        return importlib.import_module("re2")
    except ImportError:  # there is no wheel for every system
        return None


class Spotter:
    """Looks for any of some sources of wider patterns in flattened texts; made ready when first asked."""

    def __init__(self, sources: Iterable[str]) -> None:
        chosen = list(dict.fromkeys(sources)) or [_NOTHING]
        self._source = ANYTHING if ANYTHING in chosen else "|".join(chosen)
        self._made: Any = None

    @property
    def _pattern(self) -> Any:
        if self._made is None and self._source and _engine() is not None:
            self._made = _compiled(self._source)
        return self._made

    @property
    def tells(self) -> bool:
        """Whether it can say no at all."""
        return self._pattern is not None

    def finds(self, flat: bytes) -> bool:
        """Whether any of them is found; True where that is not known."""
        return self._pattern is None or self._pattern.search(flat) is not None

    def spots(self, flat: bytes) -> Iterator[tuple[int, int]]:
        """Yield where they are found, one after another; only for one that `tells`."""
        for match in self._pattern.finditer(flat):
            yield match.span()


class Chooser:
    """Says which of some sources of wider patterns are found in a flattened text."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = sources
        self._any = Spotter(sources)

    @cached_property
    def _set(self) -> Any:
        engine = _engine()
        chosen = engine.Set.SearchSet(_options(engine))
        for source in self._sources:
            chosen.Add(source.encode("latin-1"))
        chosen.Compile()
        return chosen

    def found(self, flat: bytes) -> frozenset[int]:
        """Return the indexes of those that are found; of all where that is not known."""
        if not self._any.finds(flat):
            return frozenset()
        found = self._set.Match(flat) if self._any.tells else None
        # None is also what it says where it ran out of memory.
        return frozenset(found or range(len(self._sources)))


def _options(engine: Any) -> Any:
    options = engine.Options()
    options.encoding = engine.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def _compiled(source: str) -> Any:
    engine = _engine()
    try:
        return engine.compile(source.encode("latin-1"), _options(engine))
    except engine.error:
        return None


def spelt(text: str) -> str:
    """Return the source of a pattern that finds ``text``, and what differs from it beyond ASCII only."""
    return "".join([_literal(ord(char), 0) for char in text])


@lru_cache(maxsize=512)
def spotter_of(pattern: re.Pattern[str]) -> Spotter:
    """Return what finds where ``pattern`` can match."""
    return Spotter([wider(pattern)])


@lru_cache(maxsize=512)
def wider(pattern: re.Pattern[str]) -> str:
    """Return the source, for bytes of `flattened`, of a pattern that is found in every match of ``pattern``.

    It begins where the match does, or one character before. What else is around a match is not asked for, and
    a long repetition not counted to its end. No match with a NUL or 1 in it is found: those mark the ends of
    texts.
    """
    try:
        parser = importlib.import_module("re._parser")
        nodes = list(parser.parse(pattern.pattern, pattern.flags))
        before = _before(nodes[0], pattern.flags) if nodes else ""
        if nodes and str(nodes[-1][0]) == "ASSERT" and nodes[-1][1][0] > 0:
            # What has to follow at the end may as well be a part of the match.
            nodes[-1:] = nodes[-1][1][1]
        return f"{before}(?:{_sequence(nodes, pattern.flags, _MOST_REPEATS)})"
    except (ImportError, AttributeError, LookupError, TypeError, ValueError):
        return ANYTHING


def _before(node: Any, flags: int) -> str:
    """Return the source of what may stand before a match, where a pattern begins by saying what may not."""
    operation, argument = node
    if str(operation) != "ASSERT_NOT" or argument[0] > 0 or len(argument[1]) != 1:
        return ""
    kind, members = argument[1][0]
    if str(kind) != "IN" or str(members[0][0]) == "NEGATE" or flags & re.IGNORECASE:
        return ""
    barred = "".join([_part(str(part), value, negated=True) for part, value in members])
    # What stands in quotation marks may be looked into by itself.
    return f"(?:^|[^{barred}]|[\"'{_HIGH}])"


def _sequence(nodes: Iterable[Any], flags: int, most: int) -> str:
    """Return the source of nodes one after another; of what is repeated in them, ``most`` are counted.

    What is counted after something else began is counted anew for every place where that did, and costs
    states by the power of two.
    """
    parts = []
    for operation, argument in nodes:
        parts.append(_node(str(operation), argument, flags, most))
        most = min(most, _FEW_REPEATS) if parts[-1] else most
    return "".join(parts)


def _node(operation: str, argument: Any, flags: int, most: int) -> str:
    match operation:
        case "LITERAL":
            return _literal(argument, flags)
        case "NOT_LITERAL":
            return rf"[^\x00\x01\x{argument:02x}]" if argument < 0x80 else _ANY
        case "ANY":
            return _ANY if flags & re.DOTALL else r"[^\n\x00\x01]"
        case "IN":
            return _class(argument, flags)
        case "BRANCH":
            return f"(?:{'|'.join(_sequence(branch, flags, most) for branch in argument[1])})"
        case "SUBPATTERN":
            _, added, removed, inner = argument
            return f"(?:{_sequence(inner, (flags | added) & ~removed, most)})"
        case "ATOMIC_GROUP":
            return f"(?:{_sequence(argument, flags, most)})"
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, limit, inner = argument
            return _repeat(least, limit, inner, flags, most)
        case "ASSERT" | "ASSERT_NOT" | "AT":
            return ""
    raise ValueError(operation)


def _literal(code: int, flags: int) -> str:
    if code >= 0x80:
        return f"[{_HIGH}]"
    char = chr(code)
    if flags & re.IGNORECASE and char.isalpha():
        return f"[{char.lower()}{char.upper()}{_HIGH if char.lower() in _SPELT_BEYOND_ASCII else ''}]"
    return rf"\x{code:02x}"


def _class(items: list[tuple[Any, Any]], flags: int) -> str:
    negated = str(items[0][0]) == "NEGATE"
    parts = [_part(str(operation), argument, negated=negated) for operation, argument in items[negated:]]
    if not negated:
        return f"[{''.join(parts)}]" if not flags & re.IGNORECASE else f"(?i:[{''.join(parts)}{_HIGH}])"
    # What is left out beyond ASCII is not told apart.
    kept = "".join(parts)
    return rf"(?:[^{kept}\x00\x01]|[{_HIGH}])"


def _part(operation: str, argument: Any, *, negated: bool) -> str:
    match operation:
        case "LITERAL":
            return rf"\x{argument:02x}" if argument < 0x80 else "" if negated else _HIGH
        case "RANGE":
            first, last = argument
            part = rf"\x{first:02x}-\x{min(last, 0x7F):02x}" if first < 0x80 else ""
            return part + (_HIGH if last >= 0x80 and not negated else "")
        case "CATEGORY":
            name = str(argument)
            return _CLASSES[name] if not negated else _CLASSES[name].replace(_HIGH, "")
    raise ValueError(operation)


def _repeat(least: int, limit: Any, inner: Iterable[Any], flags: int, most: int) -> str:
    once = f"(?:{_sequence(inner, flags, most if least == 1 == limit else _FEW_REPEATS)})"
    if least == 0 and limit == 1:
        return f"{once}?"
    least = min(least, most)
    return f"{once}{{{least},}}" if int(limit) > most else f"{once}{{{least},{int(limit)}}}"

"""What differs between two texts meant for people: wording, a limit, an enumeration, or a measurement.

Opaque values are masked first, enumerations are sets, numbers with a unit are measurements unless the
text speaks of a limit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sealtape.renaming import Likeness, Renaming

TextChange = Literal["text", "punctuation", "limit", "measured", "listed-added", "listed-removed"]

_ENTRY = r"[^\s,;\[\](){}]+"
_MORE = rf",\s*(?!(?:or|and)\s){_ENTRY}"
_LAST = rf",?\s+(?:or|and)\s+{_ENTRY}"
# Glued to something, brackets and braces are of a regular expression.
_ALONE, _FREE = r"(?<![\w\])}*+?\\^(|])", r"(?![\w\[({*+?|$])"
_LISTS = re.compile(
    rf"{_ALONE}\[\s*{_ENTRY}(?:,\s*{_ENTRY})*\s*\]{_FREE}"
    rf"|{_ALONE}\(\s*{_ENTRY}(?:,\s*{_ENTRY})+\s*\){_FREE}"
    rf"|{_ALONE}\{{\s*{_ENTRY}(?:,\s*{_ENTRY})+\s*\}}{_FREE}"
    rf"|(?<![\w,]){_ENTRY}(?:(?:{_MORE})+{_LAST}|(?:{_MORE}){{2,}})"
    rf"|(?<![\w,]){_ENTRY}(?:\s*\|\s*{_ENTRY})+"
)
_UNIT = (
    r"(?:ns|us|µs|ms|msecs?|milliseconds?|microseconds?|s|secs?|seconds?|min|minutes?|h|hours?|days?"
    r"|bytes?|[kKMGT]i?B|%|percent)(?!\w)"
)
_WITH_UNIT = re.compile(rf"\s?{_UNIT}")
# A number that stands alone: not a part of an id, an address or a version.
_NUMBER = re.compile(rf"(?<![\w.:/-])\d+(?:[.,]\d+)*(?=(?![\w:/-]|\.\w)|{_UNIT})")
_LIMIT = re.compile(
    r"\b(?:must|limit\w*|max\w*|min\b|minimum|at most|at least|than|exceed\w*|up to|between|allow\w*|quota\w*"
    r"|within|default\w*|range|only|or (?:fewer|less|more)|(?:may|can) (?:have|hold|contain)|supports?"
    r"|too (?:long|large|big|many|short|small|few|high|low))\b",
    re.I,
)
_SPENT = re.compile(r"\b(?:used|elapsed|remaining|took)\b", re.I)
_CLAUSE = re.compile(r"(?:;|:(?=\s)|\n)\s*")
_TAG = re.compile(r"(<[A-Za-z/!?][^<>]*>)")
_FEWEST_TAGS = 2
_SPLIT = re.compile(r"\s*[,|]\s*(?:(?:or|and)\s+)?|\s+(?:or|and)\s+")


@dataclass(frozen=True, slots=True)
class Change:
    """One way in which a text changed, with what is old and new of it."""

    what: TextChange
    old: str | None
    new: str | None


def is_prose(text: str) -> bool:
    """Whether ``text`` is something that is read by people."""
    return len(text.split()) >= 3 and any(char.isalpha() for char in text)


def markup_parts(old: str, new: str) -> list[tuple[str, str]] | None:
    """Return the tags, and the texts between them, in which two pages differ.

    None for what are no pages, or pages of other tags. Comments are no content.
    """
    if "</" not in old or "</" not in new:
        return None
    ours, theirs = (_TAG.split(_without_comments(text)) for text in (old, new))
    if len(ours) != len(theirs) or len(ours) < 2 * _FEWEST_TAGS:
        return None
    return [(one, other) for one, other in zip(ours, theirs, strict=True) if one != other]


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join((*kept, text[at:]))


def changes(old: str, new: str, renaming: Renaming) -> list[Change]:
    """Return what differs between two texts that are not equal; nothing where it is chance."""
    if _are_clauses_of_another_order(old, new, renaming):
        return []
    bare_old, bare_new = _LISTS.sub("\0[]", old), _LISTS.sub("\0[]", new)
    lists = list(zip(_LISTS.findall(old), _LISTS.findall(new), strict=False))
    if not _equal(_NUMBER.sub("\0#", bare_old), _NUMBER.sub("\0#", bare_new), renaming):
        if _equal(_NUMBER.sub("\0#", old), _NUMBER.sub("\0#", new), renaming):
            lists, bare_old, bare_new = [], old, new
        else:
            return [Change(_wording(old, new), old, new)]
    found = list(_numbers(bare_old, bare_new, old, new))
    for ours, theirs in lists:
        if ours != theirs:
            found += _entries(ours, theirs, renaming) or _layout(ours, theirs, old, new)
    return found


def _are_clauses_of_another_order(old: str, new: str, renaming: Renaming) -> bool:
    """Whether both list the same faults, one after the other: which is met first is chance."""
    ours, theirs = (sorted(_CLAUSE.split(text)) for text in (old, new))
    if len(ours) != len(theirs) or len(ours) < 3:
        return False
    return all(_equal(one, other, renaming) for one, other in zip(ours, theirs, strict=True))


def _equal(old: str, new: str, renaming: Renaming) -> bool:
    return old == new or renaming.compare(old, new) in (Likeness.EQUAL, Likeness.RENAMED)


def _wording(old: str, new: str) -> TextChange:
    bare = [re.sub(r"\W+", "", text).lower() for text in (old, new)]
    return "punctuation" if bare[0] == bare[1] else "text"


def _numbers(bare_old: str, bare_new: str, old: str, new: str) -> Iterator[Change]:
    differing = [
        (ours, theirs)
        for ours, theirs in zip(_NUMBER.finditer(bare_old), _NUMBER.finditer(bare_new), strict=False)
        if ours[0] != theirs[0]
    ]
    if not differing:
        return
    if any(_is_limited(bare_old, ours) and _is_limited(bare_new, theirs) for ours, theirs in differing):
        yield Change("limit", old, new)
    elif all(_is_measured(bare_old, ours) for ours, _ in differing):
        yield Change("measured", old, new)
    else:
        yield Change("text", old, new)


def _is_limited(text: str, number: re.Match[str]) -> bool:
    """Whether the line with the number speaks of a limit, and not of how much of one was used."""
    start = max(text.rfind(end, 0, number.start()) for end in "\n\t") + 1
    line = re.split(r"[\n\t]", text[start:], maxsplit=1)[0]
    return _LIMIT.search(line) is not None and _SPENT.search(line) is None


def _is_measured(text: str, number: re.Match[str]) -> bool:
    # Nobody waits for days to measure them.
    unit = _WITH_UNIT.match(text, number.end())
    return "." in number[0] or (unit is not None and "day" not in unit[0])


def _split(text: str) -> list[str]:
    # The last one may end a sentence.
    return _SPLIT.split(text.strip("[](){} ").rstrip(".:"))


def _layout(ours: str, theirs: str, old: str, new: str) -> list[Change]:
    """Return the change of two lists that hold the same: none if only their order differs."""
    return [Change(_wording(old, new), old, new)] if _split(ours) == _split(theirs) else []


def _entries(old: str, new: str, renaming: Renaming) -> list[Change]:
    ours, theirs = _split(old), _split(new)
    gone = [entry for entry in ours if entry not in theirs]
    come = [entry for entry in theirs if entry not in ours]
    for entry in list(gone):
        other = next((one for one in come if renaming.admits(entry, one)), None)
        if other is not None:
            renaming.compare(entry, other)
            gone.remove(entry)
            come.remove(other)
    found = [Change("listed-removed", ", ".join(gone), None)] if gone else []
    return [*found, Change("listed-added", None, ", ".join(come))] if come else found

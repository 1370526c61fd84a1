"""Values that are known to be secret, and finding them in any text.

There are two ways to know one. The recording process knows the value itself and looks for it, in the
forms of `encodings`, everywhere. A replay knows only what the opened cassette says: a keyed digest
and a length. It then tests what could be the value: the whole text, and what stands between two word
boundaries. Both ways agree about what they replace, because `Reach` bounds the first in the same way.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import quote

from sealtape.interaction import Headers, Removal
from sealtape.scrub.evidence import ORDINARY_WORDS
from sealtape.scrub.needles import Needles, replaced
from sealtape.scrub.pseudonyms import StandIns
from sealtape.scrub.spotting import ANYTHING, Spotter, spelt
from sealtape.scrub.wording import is_mixed, is_plain, names_place

Note = Callable[[str, str, str], None]
"""Called with the rule, the value and the stand-in for every replacement."""

_REMEMBERED = 20_000
_LONG = 16
_ACCOUNT = 12
_IS_WORD = bytes(ord("1") if chr(i).isalnum() and i < 128 else ord("0") for i in range(256))
_WINDOW = 8192
_MOST_SPOTTED = 2000
"""Texts; more at once would take too long to be made ready."""
_TOKEN_RUN = re.compile(r"[A-Za-z0-9+/=_.:~-]{6,}")
_DIGIT_RUN = re.compile(r"(?<!\d)\d{6,}(?!\d)")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d]+")
_WEAK_RULES = frozenset({"model-sensitive", "model-payload"})
_NAME_RULES = frozenset({"secret-name", "name-value-pair", "cookie"})
_UNQUOTED = re.compile(r"[A-Za-z0-9_.~-]*")
_NEVER_KNOWN = frozenset({"sigv4-signature"})


class Reach(IntEnum):
    """How far a known value is removed beyond the place where a rule found it."""

    NONE = 0
    """Nowhere else: booleans, small numbers, ordinary words, values under four characters."""
    WHOLE = 1
    """Where it is the whole of a value."""
    WORD = 2
    """And where it stands between word boundaries."""
    ANYWHERE = 3
    """And inside of words: only for long values, which no harmless text holds by chance."""


def reach_of(value: str, rule: str) -> Reach:
    """Return how far a value that ``rule`` found is removed.

    The answer is the same for a stand-in as for the value it replaces, because stand-ins keep length
    and character classes: a replay has only the stand-in to judge by.
    """
    if rule in _NEVER_KNOWN or len(value) < 4 or value.lower() in ORDINARY_WORDS:
        return Reach.NONE
    if rule in _NAME_RULES and is_plain(value):
        return Reach.NONE
    if rule == "cookie" and len(value) < _LONG and not is_mixed(value):
        return Reach.NONE
    if value.isdecimal():
        return Reach.WORD if len(value) >= 6 else Reach.NONE
    if len(value) < 6:
        return Reach.WHOLE
    if rule in _WEAK_RULES and (_WORD.fullmatch(value) or names_place(value)):
        return Reach.WHOLE
    return Reach.ANYWHERE if len(value) >= _LONG and not _WORD.fullmatch(value) else Reach.WORD


def _base64(value: str) -> str:
    return base64.b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")


def _hex(value: str) -> str:
    return value.encode("utf-8", "surrogatepass").hex()


_QUOTED: tuple[Callable[[str], str], ...] = (
    lambda value: quote(value, safe="", errors="surrogatepass"),
    lambda value: quote(value, errors="surrogatepass"),
    lambda value: re.sub("%..", lambda m: m[0].lower(), quote(value, safe="", errors="surrogatepass")),
    lambda value: json.dumps(value)[1:-1],
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    html.escape,
)
_CODED: tuple[Callable[[str], str], ...] = (
    _base64,
    lambda value: _base64(value).rstrip("="),
    lambda value: _base64(value).rstrip("=").translate(str.maketrans("+/", "-_")),
    _hex,
)
_GROUPED: tuple[Callable[[str], str], ...] = (
    lambda account: "-".join((account[:4], account[4:8], account[8:])),
    lambda account: " ".join((account[:4], account[4:8], account[8:])),
)
_CASES: tuple[Callable[[str], str], ...] = (str.upper, str.lower)


def encodings(value: str) -> tuple[Callable[[str], str], ...]:
    """Return what makes the forms, other than itself, in which a known value is looked for in any text.

    Quoting leaves most tokens as they are; another case is looked for where a value is too long and too
    mixed to be a word.
    """
    if value.isdecimal() and len(value) == _ACCOUNT:
        return (*_CODED, *_GROUPED)
    chosen = _CODED if _UNQUOTED.fullmatch(value) else _QUOTED + _CODED
    return chosen + _CASES if len(value) >= _LONG and not _WORD.fullmatch(value) else chosen


def spellings(value: str) -> set[str]:
    """Return ``value`` in every encoding, itself included."""
    return {value, *(encode(value) for encode in encodings(value))}


@dataclass(frozen=True, slots=True)
class Needle:
    """What is looked for by one text: what takes its place, and of which value it is an encoding."""

    stand_in: str
    rule: str
    value: str
    anywhere: bool


def _longest_first(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], -span[1]


class Known:
    """Every value and every digest known to one scrubber. Safe to use from several threads.

    ``edition`` grows with what is known. What was looked into is remembered for one edition only:
    ``cache`` holds results, ``quiet`` texts in which nothing can be found, ``shapes`` the names of mappings
    that say nothing, and ``fields`` header fields that hold nothing, ``headers`` all of a request's together.
    """

    def __init__(self, stand_ins: StandIns) -> None:
        self._stand_ins = stand_ins
        self._lock = threading.Lock()
        self._values: dict[str, Reach] = {}
        self._whole: dict[str, tuple[str, str]] = {}
        self._needles: Needles[Needle] = Needles()
        self._with_urls: Needles[Needle] = Needles()
        self._digests: dict[str, tuple[str, str, Reach]] = {}
        self._lengths: frozenset[int] = frozenset()
        self._shortest = 0
        self._counts_digits = False
        self._tested: dict[str, tuple[str, str, Reach] | None] = {}
        self._rules: dict[str, str] = {}
        self._spotter = -1, 0, Spotter([])
        self.edition = -1
        self._forget()

    def _forget(self) -> None:
        """Begin an edition: what was seen to hold nothing may hold what has become known."""
        self.edition += 1
        self.cache: dict[tuple[str, bool, bool], str] = {}
        self.quiet: set[str] = set()
        self.shapes: set[tuple[bool, tuple[str, ...]]] = set()
        self.fields: set[tuple[bool, tuple[str, str]]] = set()
        self.headers: set[Headers] = set()

    def values(self) -> tuple[str, ...]:
        """The raw values that may not occur anywhere. They are secrets: for the residue gate only."""
        with self._lock:
            return tuple(value for value, reach in self._values.items() if reach >= Reach.WORD)

    def spotter(self) -> Spotter:
        """Return what finds the known values in large texts, in any form, and stand-ins; it may find more.

        It does not `tell` where only digests are known: those could be of any word.
        """
        stand_ins = self._stand_ins.all()
        edition, count, made = self._spotter
        if (edition, count) != (self.edition, len(stand_ins)):
            edition, texts = self.edition, {*self._needles, *self._whole, *stand_ins}
            made = Spotter([ANYTHING] if self._lengths or len(texts) > _MOST_SPOTTED else map(spelt, texts))
            self._spotter = edition, len(stand_ins), made
        return made

    def rules(self) -> dict[str, str]:
        """The rule that first removed what each stand-in stands for."""
        return dict(self._rules)

    def rule_of(self, stand_in: str) -> str:
        """Return the rule that first removed what ``stand_in`` stands for."""
        return self._rules.get(stand_in, "known-value")

    def __contains__(self, value: str) -> bool:
        return value in self._values

    def add(self, value: str, rule: str, reach: Reach, stand_in: str = "") -> None:
        """Make ``value`` known, or known more widely. Stand-ins are no secrets."""
        if reach <= self._values.get(value, Reach.NONE) or self._stand_ins.is_one(value):
            return
        stand_in = stand_in or self._stand_ins.of(value)
        with self._lock:
            if reach > self._values.get(value, Reach.NONE):
                self._values[value] = reach
                self._register(value, stand_in, rule, reach)

    def adopt(self, removals: Iterable[Removal]) -> None:
        """Take over what an opened cassette says was removed."""
        adopted: set[tuple[str, str, str]] = set()
        for removal in removals:
            # Most of a cassette's removals are the same few: the caller, the account.
            if (removal.stand_in, removal.digest, removal.rule) in adopted:
                continue
            adopted.add((removal.stand_in, removal.digest, removal.rule))
            self._stand_ins.adopt(removal.stand_in, removal.digest, removal.length)
            self._rules.setdefault(removal.stand_in, removal.rule)
            reach = reach_of(removal.stand_in, removal.rule)
            if reach is Reach.NONE or removal.digest in self._stand_ins.ordinary():
                continue
            with self._lock:
                known = self._digests.get(removal.digest)
                if known is None or known[2] < reach:
                    self._digests[removal.digest] = (removal.stand_in, removal.rule, reach)
                    self._lengths = self._lengths | {removal.length}
                    self._shortest = min(self._lengths)
                    self._counts_digits = self._counts_digits or removal.stand_in.isdecimal()
                    self._tested = {}
                    self._forget()

    def _register(self, value: str, stand_in: str, rule: str, reach: Reach) -> None:
        self._rules[stand_in] = rule
        self._whole[value] = (stand_in, rule)
        if reach >= Reach.WORD:
            self._look_for(value, Needle(stand_in, rule, value, reach is Reach.ANYWHERE))
            for encode in encodings(value):
                text = encode(value)
                if text != value and len(text) >= 6:
                    self._look_for(text, Needle(encode(stand_in), rule, value, reach is Reach.ANYWHERE))
        self._forget()

    def _look_for(self, text: str, needle: Needle) -> None:
        other = self._needles.get(text)
        # A value in its own right goes before the same text as the encoding of another.
        if other is None or other.value != text or needle.value == text:
            self._needles.add(text, needle)
            if "://" in text:
                self._with_urls.add(text, needle)

    def whole(self, text: str, note: Note | None = None) -> str | None:
        """Return the stand-in where ``text`` as a whole is a known value, else None."""
        hit = self._whole.get(text)
        if hit is None:
            if len(text) not in self._lengths:
                return None
            recalled = self._recall(text)
            if recalled is None:
                return None
            hit = recalled[:2]
        if note is not None:
            note(hit[1], text, hit[0])
        return hit[0]

    def within(self, text: str, note: Note | None = None) -> str:
        """Return ``text`` with every known value in it replaced."""
        if self._needles:
            text = self._replace_each(self._needles, text, note)
        if self._lengths:
            text = self._replace_recalled(text, note)
        return text

    def spanning_urls(self, text: str, note: Note | None = None) -> str:
        """Return ``text`` with those known values replaced that hold a URL themselves."""
        return self._replace_each(self._with_urls, text, note) if self._with_urls else text

    def _replace_each(self, needles: Needles[Needle], text: str, note: Note | None) -> str:
        for found, needle in needles.found_in(text):
            # Longest first: a value that holds another one goes as a whole.
            if found not in text:
                continue
            anywhere = needle.anywhere and not found.isdecimal()
            text, count = replaced(text, found, needle.stand_in, anywhere=anywhere)
            if note is not None:
                for _ in range(count):
                    note(needle.rule, needle.value, self._whole[needle.value][0])
        return text

    def _replace_recalled(self, text: str, note: Note | None) -> str:
        pieces, at = [], 0
        for start, end in self._spans(text):
            if start < at:
                continue
            hit = self._recall(text[start:end])
            if hit is None or hit[2] < Reach.WORD:
                continue
            if note is not None:
                note(hit[1], text[start:end], hit[0])
            pieces += [text[at:start], hit[0]]
            at = end
        return "".join([*pieces, text[at:]]) if pieces else text

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return the stretches of ``text`` whose boundaries and length could be a known value's.

        In order, the longest first where several start. Word boundaries are the bits of one number, so
        that each length costs one shift and one ``and``, whatever the text.
        """
        size = len(text)
        if size < self._shortest:
            return []
        if size > _WINDOW:
            return self._spans_in_runs(text)
        letters = int(text.encode("ascii", "replace").translate(_IS_WORD), 2)
        cuts = ~(letters & (letters << 1)) & ((2 << size) - 1)
        spans = []
        for length in self._lengths:
            hits = cuts & (cuts << length) if length <= size else 0
            while hits:
                low = hits & -hits
                start = size + 1 - low.bit_length()
                spans.append((start, start + length))
                hits ^= low
        if self._counts_digits:
            spans += [m.span() for m in _DIGIT_RUN.finditer(text) if m.end() - m.start() in self._lengths]
        return sorted(spans, key=_longest_first) if len(spans) > 1 else spans

    def _spans_in_runs(self, text: str) -> list[tuple[int, int]]:
        """Return the same for a long text, looking only at runs of the characters of tokens.

        The bits of one long number would cost the square of its length, and binary data has a word
        boundary at nearly every byte.
        """
        spans = []
        for run in _TOKEN_RUN.finditer(text):
            if self._shortest <= run.end() - run.start() <= _WINDOW:
                spans += [(run.start() + start, run.start() + end) for start, end in self._spans(run[0])]
        return spans

    def _recall(self, text: str) -> tuple[str, str, Reach] | None:
        tested = self._tested
        if text in tested:
            return tested[text]
        hit = None if self._stand_ins.is_one(text) else self._digests.get(self._stand_ins.digest(text))
        if len(tested) > _REMEMBERED:
            tested = self._tested = {}
        tested[text] = hit
        if hit is not None:
            self._stand_ins.meet(hit[0], text)
        return hit

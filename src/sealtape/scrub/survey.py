"""What of a large document has to be looked into, decided by a few passes over all of it.

A text is *calm* where no view of it, no pattern and no assignment can be found, whatever stands around it.
That is asked of all texts of a document at once: laid one after another with NULs between them, or as they
stand between the tags of markup. The walk then leaves out those that are calm, and the whole document
where all are. A calm text may still hold a known value, or be claimed by its name: those are other
questions.
"""

from __future__ import annotations

import binascii
import contextlib
import gc
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate
from typing import Any

import msgspec

from sealtape.scrub import archives, cbor, codecs, content, escapes
from sealtape.scrub.detector import Detector
from sealtape.scrub.evidence import PAIR
from sealtape.scrub.spotting import Chooser, Spotter, flattened, wider

LARGE = 8192
"""Characters; a smaller text is looked into at once."""

_BETWEEN = "\0\0"
TAG = re.compile(r"<([A-Za-z_][\w.:-]*)")
"""The name of an element."""

_KEYS = ("AKIA", "ASIA")
_AROUND_RUN = b'\0\1" \t\r\n='
_STANDARD = bytes.maketrans(b"-_", b"+/")
_WHOLE, _PART, _GATE_PART = 12, 20, 16
"""Characters of base64 that are looked into where they are the whole of a text, and where they are not."""
_LONGEST_NAME = 61
_LONG_RUN = re.compile(rb"[A-Za-z0-9+/_-]{12,}")
_LEAST_DIGITS, _LEAST_RUN = 24, 8

_RUN = r"[A-Za-z0-9+/_-]"
_FORM_CHARS = r"\w.~*%+\[\]$:\x80-\xff-"
_COLUMN = r"[A-Za-z][\w\x80-\xff-]*(?: [\w()\x80-\xff-]+){0,4}[\" \r]*"
_TABLE = rf"[\" \r]*{_COLUMN}(?:[,;\t][\" \r]*{_COLUMN})+\n"


def _readable_hex() -> str:
    """Return the source of 24 hex digits and more that say something in UTF-8."""
    digit, char = "[0-9A-Fa-f]", "(?:[2-6][0-9A-Fa-f]|7[0-9A-Ea-e]|0[9AaDd]|1[Bb])"
    tail = f"[89ABab]{digit}"
    longer = ((4, f"[CcDd]{digit}{tail}"), (6, f"[Ee]{digit}{tail * 2}"), (8, f"[Ff]{digit}{tail * 3}"))
    ways = [
        f"{char}{{{before}}}{first}{digit}{{{max(0, 24 - 2 * before - size)},}}"
        for before in range(12)
        for size, first in longer
    ]
    return f"[^0-9A-Za-z](?:{char}{{12,}}{digit}*|{'|'.join(ways)})"


PATTERNS, ASSIGNMENTS, CODED = 1, 2, 4
"""What may be found in a text: what a pattern tells, what a name claims, base64 and hex digits to be read."""
EVERYTHING = PATTERNS | ASSIGNMENTS | CODED

_LINES = rf"(?:[\x00\"]\s*{_RUN}{{{_WHOLE},}}|{_RUN}{{{_PART},}})\r?\n\s*{_RUN}"
"""Base64 over several lines."""
_WRAPPED = Spotter([_LINES])

_DOCUMENTS = (
    r"\x00\s*\"?\s*[{\[]|\x00\s*\"?\s*<",  # also as a JSON string
    r"[{]\s*\"|\[\s*[{\[\"]",  # within a text
)
_ESCAPED = (
    r"%[0-9A-Fa-f]{2}",
    r"&[#A-Za-z]",
    r"\\[\"\\/bfnrtux]",
    _LINES,
)
_DECODED = _DOCUMENTS + _ESCAPED
"""What of a text can be decoded, but for base64 and hex digits in one line."""

_WALKED = (
    "|".join(_KEYS),
    rf"[\x00\"][{_FORM_CHARS}]+=[^\s\"'<>{{}}\x00\x01]*[\x00\x01\"]",
    r"://[^\s\"'<>\\^`{}|\x00\x01]*[?#;]",
    r"@",
    rf"[\x00\"]{_TABLE}|://[^\x00\x01]*[\" \r]{_TABLE}",
)
"""Other views, which the walk has."""

_NAMES = r"[A-Za-z][A-Za-z0-9_.-]+(?:\\{0,4}[\"'])?[\s\x80-\xff]{0,2}[=:]"
_NAME_BEFORE = re.compile(rb"[A-Za-z][A-Za-z0-9_.-]+(?:\\{0,4}[\"'])?[\s\x80-\xff]{0,2}\Z")
_NAME_REACH, _FEW = 80, 2000
_DIGITS = Spotter([_readable_hex()])
_APART = Spotter([r"\"[ \t\r\n]+:"])


@dataclass(frozen=True, slots=True)
class Survey:
    """What is asked of large texts, for some detectors.

    What is ``telling`` is asked in parts: all at once would take more states than there is room for.
    """

    telling: tuple[Spotter, ...]
    runs: Spotter
    names: Spotter | None = None
    digits: Spotter = _DIGITS
    patterns: Chooser | None = None

    @property
    def tells(self) -> bool:
        """Whether it can call anything calm."""
        return all(spotter.tells for spotter in (*self.telling, self.runs, self.digits))

    def loud(self, flat: bytes, may_claim: Callable[[str], bool] = bool) -> Iterator[tuple[int, int]]:
        """Yield where texts of a `flattened` document are not calm; not in order.

        Each text stands between two of NUL, 1 and a quotation mark. ``may_claim`` says whether a name can
        claim a value.
        """
        for spotter in self.telling:
            yield from spotter.spots(flat)
        yield from self._claiming(flat, may_claim)
        yield from self.coded(flat)

    def possible(self, text: str) -> frozenset[int]:
        """Return the indexes of the detectors that can match in a text."""
        return self.patterns.found(flattened(f"\0{text}\0")) if self.patterns is not None else frozenset()

    def steps(self, flat: bytes, may_claim: Callable[[str], bool]) -> int:
        """Return what may be found in a `flattened` text, of `PATTERNS`, `ASSIGNMENTS` and `CODED`."""
        return (
            PATTERNS * self.telling[-1].finds(flat)
            | ASSIGNMENTS * any(True for _ in self._claiming(flat, may_claim))
            | CODED * (_WRAPPED.finds(flat) or any(True for _ in self.coded(flat)))
        )

    def _claiming(self, flat: bytes, may_claim: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
        if self.names is not None and (b"=" in flat or b":" in flat):
            yield from _claiming(self.names, flat, may_claim)

    def coded(self, flat: bytes) -> Iterator[tuple[int, int]]:
        """Yield where base64 or hex digits in one line can be read."""
        longest = 0
        for start, end in self.runs.spots(flat):
            longest = max(longest, end - start)
            if _may_be_read(flat[start:end].strip(_AROUND_RUN)):
                yield start, end
        for start, end in self.digits.spots(flat) if longest >= _LEAST_DIGITS else ():
            if (end - start) % 2 and codecs.printable(bytes.fromhex(flat[start + 1 : end].decode())):
                yield start, end


def _claiming(names: Spotter, flat: bytes, may_claim: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Yield the names that claim what they are set to."""
    silent: set[bytes] = set()
    few = flat.count(b"=") + flat.count(b":") <= _FEW
    for start, end in _names_before_signs(flat) if few else names.spots(flat):
        found = flat[start:end]
        if found in silent:
            continue
        name = found[:-1].rstrip(b"\"'\\ \t\r\n\v\f\x1c\x1d\x1e\x1f").decode("ascii", "ignore")
        if len(name) >= _LONGEST_NAME or may_claim(name):
            yield start, end
        else:
            silent.add(found)


def _names_before_signs(flat: bytes) -> Iterator[tuple[int, int]]:
    """Yield what `_NAMES` finds, looking only at what stands before the signs of an assignment."""
    for sign in (b"=", b":"):
        at = flat.find(sign)
        while at >= 0:
            name = _NAME_BEFORE.search(flat, max(0, at - _NAME_REACH), at)
            if name is not None:
                yield name.start(), at + 1
            at = flat.find(sign, at + 1)


@lru_cache(maxsize=8)
def survey_for(detectors: tuple[Detector, ...]) -> Survey:
    """Return what the walk asks of large texts, for these detectors."""
    sources = _sources(detectors)
    telling = Spotter(_DECODED + _WALKED), Spotter([*sources, wider(PAIR)])
    return Survey(telling, _runs(_PART), Spotter([_NAMES]), patterns=Chooser(sources))


@lru_cache(maxsize=8)
def gate_survey(detectors: tuple[Detector, ...]) -> Survey:
    """Return what the residue gate asks of large texts: it takes no notice of names, and decodes more."""
    return Survey((Spotter(_DECODED), Spotter(_sources(detectors))), _runs(_GATE_PART))


@lru_cache(maxsize=8)
def plain_survey(detectors: tuple[Detector, ...]) -> Survey:
    """Return what the residue gate asks of documents without escapes, as they are written.

    A text in one holds no quotation mark, and so no document in which there is another text.
    """
    return Survey((Spotter([*_ESCAPED, r"\"\s*<"]), Spotter(_sources(detectors))), _runs(_GATE_PART))


def _runs(part: int) -> Spotter:
    """Return what finds base64 in one line, of ``part`` characters where it is not all that a text says."""
    whole = rf"[\x00\"][ \t\r\n]*{_RUN}{{{_WHOLE},}}[ \t\r\n=]*[\x00\x01\"]"
    return Spotter([whole, f"{_RUN}{{{part},}}"])


def _sources(detectors: Iterable[Detector]) -> list[str]:
    return [detector.spot or wider(detector.pattern) for detector in detectors]


def has_key(text: str) -> bool:
    """Whether a text may hold an access key id, beside which more is secret than elsewhere."""
    return any(key in text for key in _KEYS)


def between_marks(flat: bytes, names: Iterable[str]) -> bytes:
    """Return `flattened` markup with marks around all texts between tags; ``names`` are its elements'.

    The names of elements are blotted out where they could be taken for base64. A text in quotation marks is a
    JSON string, of which the inside is a text of its own.
    """
    for name in names:
        runs = _LONG_RUN.findall(b"/%s %s" % (name.encode(), name.encode()))
        if runs and not any(map(_may_be_read, runs)):
            blot = b" " * len(name)
            flat = flat.replace(b"<%s>" % name.encode(), b"<%s>" % blot)
            flat = flat.replace(b"</%s>" % name.encode(), b"</%s>" % blot)
    flat = flat.replace(b">", b">\0").replace(b"<", b"\1<")
    flat = flat.replace(b"\0&quot;", b'\0"').replace(b"&quot;\1", b'"\1')
    return b"\0" + flat + b"\0"


def _may_be_read(run: bytes) -> bool:
    """Whether a run of base64, or a part of a path, decodes to something that can be looked into."""
    if b"/" in run and any(_may_be_read(part.encode()) for part in escapes.segments(run.decode())):
        return True
    missing = -len(run) % 4
    if missing == 3 or len(run) < _LEAST_RUN:
        return False
    data = binascii.a2b_base64(run.translate(_STANDARD) + b"=" * missing)
    if codecs.readable_text(data)[0] is not None or content.packing(data) or archives.is_archive(data):
        return True
    if cbor.parse(data) is not None:
        return True
    inner = content.inflated(data)
    return inner is not None and codecs.printable(inner) is not None


@dataclass(slots=True)
class Leaves:
    """What a document holds: the names of its mappings, its texts and large numbers, and heads of pairs.

    ``members`` is how many members its mappings have together.
    """

    shapes: set[tuple[str, ...]] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    heads: set[str] = field(default_factory=set)
    members: int = 0

    @classmethod
    def of(cls, tree: Any) -> Leaves:
        """Gather what a tree of JSON holds, level by level."""
        leaves = cls()
        level: list[Iterable[Any]] = [[tree]]
        while level:
            mappings: list[dict[str, Any]] = []
            lists: list[list[Any]] = []
            for values in level:
                for node in values:
                    kind = type(node)
                    if kind is str:
                        leaves.texts.append(node)
                    elif kind is dict:
                        mappings.append(node)
                    elif kind is int:
                        if not -100_000 < node < 100_000:
                            leaves.numbers.append(node)
                    elif kind is list:
                        lists.append(node)
            leaves.shapes.update(map(tuple, mappings))
            leaves.members += sum(map(len, mappings))
            pairs = [node for node in lists if len(node) == 2]
            leaves.heads.update(head for head, value in pairs if type(head) is str and type(value) is str)
            level = [*map(dict.values, mappings), *lists]
        return leaves

    def options(self) -> set[str]:
        """Return the names of the options of command lines that may be among the texts."""
        return {text.lstrip("-") for text in self.texts if text[:1] == "-"}

    def joined(self) -> str:
        """Return the texts, one after another between NULs."""
        return f"\0{_BETWEEN.join(self.texts)}\0"

    def at(self, spots: Iterable[tuple[int, int]]) -> set[str]:
        """Return the texts at some spots of `joined`."""
        starts: list[int] = []
        found: set[str] = set()
        for start, end in spots:
            starts = starts or list(accumulate((len(text) + 2 for text in self.texts), initial=0))
            found.update(self.texts[bisect_right(starts, start) - 1 : bisect_right(starts, end)])
        return found


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Hold off the garbage collector while a large document is read.

    It would look through all objects of the process several times for every hundred thousand new ones, of
    which none is rubbish yet.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def leaves_in(text: str) -> Leaves | None:
    """Return what a document of JSON holds; None where a name may be there twice, or it is no document.

    A name that hides another one of its kind is missed: where there is a colon for every name that was read,
    and where, if texts hold some too, there are as many quotation marks right before a colon, none stands
    apart from its name and no text begins with one.
    """
    data = text.encode("utf-8", "surrogatepass")
    if b"\\" in data and b"\\u000" in data:
        return None
    with uncollected():
        try:
            tree = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if type(tree) not in (dict, list):
            return None
        leaves = Leaves.of(tree)
    if leaves.members == data.count(b":"):
        return leaves
    return leaves if leaves.members == data.count(b'":') and not _APART.finds(data) else None

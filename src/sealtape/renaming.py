"""Equal up to a consistent renaming: the one notion that matching, stand-ins and drift share.

A text is cut into a *skeleton*, in which each name is replaced by a mark, and the *names* in order.
Two texts are equal up to renaming if their skeletons are equal and one bijection, the same for a whole
cassette, turns the names of the one into those of the other. A name is one by where it stands (the
account of an ARN, the client's own region), never because it differs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from functools import lru_cache
from ipaddress import ip_address
from typing import TypeAlias

Name: TypeAlias = "tuple[str, str]"
"""A kind (``"account"``, ``"region"``, ``"caller"``) and a value."""

Piece: TypeAlias = "tuple[str, str]"
"""A part of a text: its class, which its form alone tells, and the part."""

# The account of an ARN, and of a queue URL, which carries it as the first part of its path.
_ACCOUNT = re.compile(r'(arn:[a-z0-9-]+:[a-z0-9-]*:[^:"/]*:|"QueueUrl":"https?://[^/"]+/)([0-9]{12})(?=[:/])')
_REGION_MARK = "\x00region"
_ACCOUNT_MARK = "\x00account"


def skeleton(text: str, region: str) -> tuple[str, tuple[Name, ...]]:
    """Cut ``text`` (canonical JSON) into its skeleton and the account names in it, in order.

    Occurrences of ``region``, the region of the client that speaks, become a mark without a name of
    their own: they follow the client. Other regions stay, being the caller's choice. JSON escapes
    control characters, so the marks cannot occur in the text itself.
    """
    if region and region in text:
        text = text.replace(region, _REGION_MARK)
    # Most calls name no account, and to look for two words costs a tenth of looking for the pattern.
    if "arn:" not in text and '"QueueUrl"' not in text:
        return text, ()
    names: list[Name] = []

    def mark(match: re.Match[str]) -> str:
        names.append(("account", match.group(2)))
        return match.group(1) + _ACCOUNT_MARK

    return _ACCOUNT.sub(mark, text), tuple(names)


class Bindings:
    """The bijection between live and recorded names of one cassette, as far as it is known.

    A live name that also occurs in the recording stands for itself, so two regions or two callers of
    one test can never answer for each other. Only a name the recording does not know may be bound to
    another, and only to one that nothing else is bound to.
    """

    def __init__(self, recorded: Iterable[Name]) -> None:
        self._known = frozenset(recorded)
        self._forward: dict[Name, Name] = {}
        self._backward: dict[Name, Name] = {}

    def admits(self, live: Sequence[Name], recorded: Sequence[Name]) -> bool:
        """Whether ``live`` may stand for ``recorded`` without contradicting what is bound."""
        if live == recorded:
            return all(self._backward.get(name, name) == name for name in recorded)
        if len(live) != len(recorded):
            return False
        new: dict[Name, Name] = {}
        for ours, theirs in zip(live, recorded, strict=True):
            bound = self._forward.get(ours) or new.get(ours)
            if bound is not None:
                if bound != theirs:
                    return False
            elif ours == theirs:
                if self._backward.get(theirs, ours) != ours:
                    return False
            elif not self._free(ours, theirs) or theirs in new.values():
                return False
            else:
                new[ours] = theirs
        return True

    def _free(self, ours: Name, theirs: Name) -> bool:
        """Whether nothing speaks against binding these two."""
        return ours[0] == theirs[0] and ours not in self._known and theirs not in self._backward

    def bind(self, live: Sequence[Name], recorded: Sequence[Name]) -> None:
        """Remember that ``live`` stands for ``recorded``; call only what `admits` admits."""
        for ours, theirs in zip(live, recorded, strict=True):
            self._forward[ours] = theirs
            self._backward[theirs] = ours

    @property
    def renamed(self) -> dict[Name, Name]:
        """The names that stand for others, live to recorded."""
        return {ours: theirs for ours, theirs in self._forward.items() if ours != theirs}


# Opaque values --------------------------------------------------------------------------------------
#
# What follows says which parts of a text name something without saying anything: ids, digests, times,
# addresses that were handed out. Each class is told by its form alone.

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
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
  | (?P<date> (?<![\d-])\d{{4}}[-/]\d\d[-/]\d\d(?![\d-]) )
  | (?P<uuid> [0-9a-fA-F]{{8}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{4}}-[0-9a-fA-F]{{12}} )
  | (?P<octets> (?:[0-9a-fA-F]{{2}}:){{5,}}[0-9a-fA-F]{{2}} )
  | (?P<zone> \b[a-z]{{2}}(?:-[a-z]+)+-\d[a-z]\b | \b[a-z]{{3,4}}\d-az\d\b )
  | (?P<mask> <[a-z][a-z0-9_.-]*(?::\d+)?> )
  | (?P<port> (?<=127\.0\.0\.1:)\d+ | (?<=localhost:)\d+ )
  | (?P<address> (?<![\d.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\d.]) )
  | (?P<word> [A-Za-z0-9]+ )
    """,
    re.X,
)
_RUN = re.compile(r"[A-Za-z0-9+/_=.-]{16,}")
_HEX = re.compile(r"[0-9a-f]{7,}|[0-9A-F]{7,}")
_SEGMENT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DIGITS = re.compile(r"[0-9]+")
_NUMBERED = re.compile(r"[A-Za-z]*[0-9]*")
_ODD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|^[^aeiouy]*$", re.I)
_HOST = re.compile(r"(?:\w+://)?[\w-]*\d[\w-]*(?:\.[\w<>-]+){2,}(?:[:/].*)?")
_EPOCHS = ((1_200_000_000, 2_100_000_000), (1_200_000_000_000, 2_100_000_000_000))
_DIGEST_LENGTH = 28
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
    if _NUMBERED.fullmatch(word) and not _HEX.fullmatch(word):
        return False
    if word.isupper() and (len(word) >= 16 or (len(word) >= 12 and len(_DIGITS.findall(word)) > 2)):
        # Nobody writes so long a word in capitals and digits without a separator.
        return True
    segments = _SEGMENT.findall(word)
    spoken = sum(len(s) for s in segments if len(s) >= 4 and s.isalpha() and not _ODD.search(s))
    rate = len(word) / len(segments)
    numbers = len(_DIGITS.findall(word))
    return spoken * 2 < len(word) and rate <= (4.0 if len(word) >= 16 else 3.2 if numbers > 1 else 2.5)


class Likeness(Enum):
    """How two texts compare up to a consistent renaming of the opaque values in them."""

    EQUAL = "equal"
    RENAMED = "renamed"
    CONFLICT = "conflict"
    """They would be equal, but what the renaming so far says forbids it."""
    DIFFERENT = "different"


class Renaming:
    """The renaming of opaque values that turns one recording into another, as far as it is known.

    ``known_old`` and ``known_new`` are values that are opaque by provenance: stand-ins of what was
    scrubbed. ``chosen`` says whether a word was first said by a caller; it is asked only of words that
    their form leaves in doubt, and None is for documents without provenance. ``same`` says whether an old
    and a new word were first said in the same place and sent back. One object serves a whole cassette, so
    that an id means the same in all its responses.
    """

    def __init__(
        self,
        known_old: Iterable[str] = (),
        known_new: Iterable[str] = (),
        chosen: Callable[[str], bool] | None = None,
        same: Callable[[str, str], bool] = lambda old, new: False,
    ) -> None:
        self._chosen = chosen
        self._same = same
        self._known_old = frozenset(known_old)
        self._known_new = frozenset(known_new)
        self._forward: dict[str, str] = {}
        self._backward: dict[str, str] = {}
        self._doubtful: set[str] = set()
        self._numbers: set[tuple[str, str]] = set()

    def compare(self, old: str, new: str, *, identifying: bool = False) -> Likeness:
        """Say how ``old`` and ``new`` compare, and bind their opaque values where that is possible.

        ``identifying`` says that they stand where an identifier stands: less evidence will do then.
        """
        if old == new:
            return self._kept(old)
        pairs = self._pairs(old, new, identifying)
        if pairs is None:
            return Likeness.DIFFERENT
        clash = any(self._clashes(ours, theirs) for ours, theirs in pairs)
        if clash:
            return Likeness.CONFLICT
        for ours, theirs in pairs:
            if self._forward.get(ours, theirs) != theirs or self._backward.get(theirs, ours) != ours:
                self._doubtful |= {ours, theirs}
            self._forward[ours] = theirs
            self._backward[theirs] = ours
        return Likeness.RENAMED

    def admits(self, old: str, new: str) -> bool:
        """Whether ``old`` may stand for ``new``; nothing is bound."""
        if old == new:
            return True
        pairs = self._pairs(old, new)
        return pairs is not None and not any(self._clashes(ours, theirs) for ours, theirs in pairs)

    def number(self, old: float, new: float) -> None:
        """Remember that a numeric identifier stands for another, so that URLs may follow it."""
        self._numbers.add((str(old), str(new)))

    def renamed(self, text: str) -> str:
        """Return the old value ``text`` as it is called in the new recording, as far as that is known."""
        if not self._forward or text in self._forward:
            return self._forward.get(text, text)
        return "".join(self._forward.get(value, value) for _, value in pieces(text))

    def old_masked(self, text: str) -> str:
        """Return the old value ``text`` as `masked` has it, but names that are known as they are now."""
        return _masked_but(text, self._forward.get, self._known_old)

    def new_masked(self, text: str) -> str:
        """Return the new value ``text`` likewise: the same as `old_masked` if it can be the same thing."""
        return _masked_but(text, lambda name: name if name in self._backward else None, self._known_new)

    @property
    def names(self) -> dict[str, str]:
        """The values that are called otherwise in the new recording, new to old: a bijection."""
        return {
            new: old
            for new, old in self._backward.items()
            if new != old and not {new, old} & self._doubtful and self._forward[old] == new
        }

    def _kept(self, text: str) -> Likeness:
        if self._forward and self._forward.get(text, text) != text:
            return Likeness.CONFLICT
        return Likeness.EQUAL

    def _clashes(self, old: str, new: str) -> bool:
        if len(old) >= _DIGEST_LENGTH and "-" not in old:
            # A digest follows its content: equal contents may have become different ones.
            return False
        return self._forward.get(old, new) != new or self._backward.get(new, old) != old

    def _pairs(self, old: str, new: str, identifying: bool = False) -> list[tuple[str, str]] | None:
        if old in self._known_old and new in self._known_new:
            return [(old, new)]
        found = self._by_pieces(old, new, identifying)
        if found is None:
            found = self._by_runs(old, new)
        if found is None and "<" in old + new and _masked_alike(old, new):
            found = []
        return found

    def _by_pieces(self, old: str, new: str, identifying: bool = False) -> list[tuple[str, str]] | None:
        ours, theirs = pieces(old), pieces(new)
        if len(ours) != len(theirs):
            return None
        pairs: list[tuple[str, str]] = []
        hosts = _HOST.fullmatch(old) is not None and _HOST.fullmatch(new) is not None
        for index, ((kind, value), (other_kind, other)) in enumerate(zip(ours, theirs, strict=True)):
            if value == other:
                continue
            if self._forward.get(value) == other or (value in self._known_old and other in self._known_new):
                pairs.append((value, other))
            elif kind != other_kind or kind == "":
                return None
            elif kind == "word":
                if (value, other) in self._numbers or (hosts and value.isdigit() and other.isdigit()):
                    continue
                before = ours[max(index - 2, 0) : index]
                if not words_alike(value, other) and not (
                    identifying and self._identify(value, other, before)
                ):
                    return None
                if not value.isdigit():
                    pairs.append((value, other))
            elif kind == "date":
                # A day before 2020 is the version of an interface, not a moment of a recording.
                if min(value, other) < "2020":
                    return None
            elif kind == "zone":
                # Which zone of a region a thing lands in is allotted, like its address.
                if value[:-1] != other[:-1]:
                    return None
            elif kind == "uuid":
                pairs.append((value, other))
            elif kind == "address" and not (_is_allotted(value) and _is_allotted(other)):
                return None
        return pairs

    def _is_chosen_name(self, before: Sequence[Piece]) -> bool:
        """Whether these two pieces are a name that the caller chose and what hangs the next word onto it.

        What a provider hangs onto such a name tells things of one name apart, be it spoken or not.
        """
        if len(before) < 2 or before[1][1] not in ("-", "_") or before[0][0] != "word":
            return False
        return self._chosen is not None and self._chosen(before[0][1])

    def _identify(self, old: str, new: str, before: Sequence[Piece]) -> bool:
        """Whether two words that stand where an identifier stands are ones that the provider made up."""
        if self._same(old, new) or (
            _HEX.fullmatch(old) and _HEX.fullmatch(new) and old.isdigit() != new.isdigit()
        ):
            return True
        if len(old) != len(new) or len(old) < 4:
            return False
        if not (_is_orderly(old) and _is_orderly(new)):
            return True
        if self._chosen is None or (_is_spoken(old) and _is_spoken(new) and not self._is_chosen_name(before)):
            return False
        return not (self._chosen(old) or self._chosen(new))

    def _by_runs(self, old: str, new: str) -> list[tuple[str, str]] | None:
        """Pair the runs of base64 and the like, whose punctuation falls by chance, and then the rest."""
        ours, theirs = _RUN.findall(old), _RUN.findall(new)
        if not ours or len(ours) != len(theirs):
            return None
        pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
        if not all(_is_random_run(one) and _is_random_run(other) for one, other in pairs):
            return None
        rest = self._by_pieces(_RUN.sub("\0", old), _RUN.sub("\0", new))
        return None if rest is None else rest + pairs


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
    if _HEX.fullmatch(old) and _HEX.fullmatch(new):
        mixed = not (old.isalpha() or old.isdigit()), not (new.isalpha() or new.isdigit())
        if len(old) != len(new):
            return all(mixed) and max(len(old), len(new)) < _DIGEST_LENGTH
        return any(mixed)
    if is_jumbled(old) and is_jumbled(new):
        # A longer digest is another algorithm; a longer id is an id.
        return len(old) == len(new) or max(len(old), len(new)) < _DIGEST_LENGTH
    # Among random words there are orderly ones: the other one and the same length are evidence enough.
    return len(old) == len(new) >= 8 and is_jumbled(old) != is_jumbled(new) and _cases(old) == _cases(new)


def _is_orderly(word: str) -> bool:
    """Whether a person may have written ``word``: a word, words in a row, or a numbered one."""
    segments = [s for s in _SEGMENT.findall(word) if not s.isdigit()]
    if _NUMBERED.fullmatch(word) and not _HEX.fullmatch(word):
        return len(segments) < 3 or min(map(len, segments)) > 2
    return False


def _is_spoken(word: str) -> bool:
    """Whether ``word`` reads like one of a language: letters of one case, and vowels among them."""
    vowels = sum(char in "aeiouyAEIOUY" for char in word)
    plain = word.islower() or word.isupper() or word.istitle()
    return word.isalpha() and plain and vowels * 5 >= len(word) and not _ODD.search(word)


def _cases(word: str) -> tuple[bool, bool]:
    return word.upper() == word, word.lower() == word


def _is_random_run(run: str) -> bool:
    segments = _SEGMENT.findall(run)
    spoken = sum(len(s) for s in segments if len(s) >= 4 and s.isalpha() and not _ODD.search(s))
    mixed = any(c.isupper() for c in run) + any(c.islower() for c in run) + any(c.isdigit() for c in run)
    return mixed >= 2 and spoken * 2 < len(run) and len(run) <= 3.5 * max(len(segments), 1)


def _masked_alike(old: str, new: str) -> bool:
    """Whether a placeholder that another tool left in one text covers what the other text has there."""
    for masked, plain in ((old, new), (new, old)):
        parts = _MASK.split(masked)
        if len(parts) > 1 and "</" not in masked:
            pattern = "[^ ]+?".join(re.escape(part) for part in parts)
            if re.fullmatch(pattern, plain):
                return True
    return False


_MASK = re.compile(r"<[a-z][a-z0-9_.-]*(?::\d+)?>")


@lru_cache(maxsize=4096)
def _is_allotted(address: str) -> bool:
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


def _masked_but(text: str, name_of: Callable[[str], str | None], opaque: frozenset[str]) -> str:
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
    if kind == "address" and _is_allotted(value):
        return "\x00address"
    if kind == "word":
        if value.isdigit():
            return "\x00number" if len(value) >= 12 or is_epoch(int(value)) else value
        if is_jumbled(value) or (_HEX.fullmatch(value) and not value.isalpha()):
            return _OPAQUE
    return value

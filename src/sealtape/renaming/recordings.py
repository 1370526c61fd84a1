"""Two recordings, or two documents, compared by looks: what drift asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from sealtape.renaming.bijection import Bijection, Likeness, Pair, paired
from sealtape.renaming.values import (
    DIGEST_LENGTH,
    HEX,
    HOST,
    RUN,
    Piece,
    are_unrelated,
    is_allotted,
    is_orderly,
    is_random_run,
    is_spoken,
    masked_but,
    pieces,
    words_alike,
)


class Renaming(Bijection):
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
        super().__init__()
        self._chosen = chosen
        self._same = same
        self._known_old = frozenset(known_old)
        self._known_new = frozenset(known_new)
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
        if any(map(self.clashes, pairs)):
            return Likeness.CONFLICT
        for ours, theirs in pairs:
            if self.forward.get(ours, theirs) != theirs or self.backward.get(theirs, ours) != ours:
                self._doubtful |= {ours, theirs}
            self.bind([(ours, theirs)])
        return Likeness.RENAMED

    def admits(self, old: str, new: str) -> bool:
        """Whether ``old`` may stand for ``new``; nothing is bound."""
        if old == new:
            return True
        pairs = self._pairs(old, new)
        return pairs is not None and not any(map(self.clashes, pairs))

    def clashes(self, pair: Pair) -> bool:
        """Whether one of the two stands for something else already."""
        old, _ = pair
        # A digest follows its content: equal contents may have become different ones.
        return not (len(old) >= DIGEST_LENGTH and "-" not in old) and super().clashes(pair)

    def number(self, old: float, new: float) -> None:
        """Remember that a numeric identifier stands for another, so that URLs may follow it."""
        self._numbers.add((str(old), str(new)))

    def renamed(self, text: str) -> str:
        """Return the old value ``text`` as it is called in the new recording, as far as that is known."""
        if not self.forward or text in self.forward:
            return self.forward.get(text, text)
        return "".join(self.forward.get(value, value) for _, value in pieces(text))

    def old_masked(self, text: str) -> str:
        """Return the old value ``text`` as `masked` has it, but names that are known as they are now."""
        return masked_but(text, self.forward.get, self._known_old)

    def new_masked(self, text: str) -> str:
        """Return the new value ``text`` likewise: the same as `old_masked` if it can be the same thing."""
        return masked_but(text, lambda name: name if name in self.backward else None, self._known_new)

    @property
    def names(self) -> dict[str, str]:
        """The values that are called otherwise in the new recording, new to old: a bijection."""
        return {
            new: old
            for new, old in self.backward.items()
            if new != old and not {new, old} & self._doubtful and self.forward[old] == new
        }

    def _kept(self, text: str) -> Likeness:
        if self.forward and self.forward.get(text, text) != text:
            return Likeness.CONFLICT
        return Likeness.EQUAL

    def _pairs(self, old: str, new: str, identifying: bool = False) -> list[Pair] | None:
        if old in self._known_old and new in self._known_new:
            return [(old, new)]
        found = self._by_pieces(old, new, identifying)
        if found is None:
            found = self._by_runs(old, new)
        if found is None and "<" in old + new and _masked_alike(old, new):
            found = []
        return found

    def _by_pieces(self, old: str, new: str, identifying: bool = False) -> list[Pair] | None:
        ours, theirs = pieces(old), pieces(new)
        hosts = old.count(".") > 1 and _is_host(old) and _is_host(new)
        return paired(ours, theirs, lambda index: self._judged(ours, theirs, index, identifying, hosts))

    def _judged(
        self, ours: Sequence[Piece], theirs: Sequence[Piece], index: int, identifying: bool, hosts: bool
    ) -> list[Pair] | None:
        """Return what two pieces that differ bind, None where they cannot stand for each other."""
        (kind, old), (other_kind, new) = ours[index], theirs[index]
        if self.forward.get(old) == new or (old in self._known_old and new in self._known_new):
            return [(old, new)]
        if kind != other_kind or kind == "":
            return None
        if kind == "word":
            if (old, new) in self._numbers or (hosts and old.isdigit() and new.isdigit()):
                return []
            before = ours[max(index - 2, 0) : index]
            if not words_alike(old, new) and not (
                (identifying or hosts) and self._identify(old, new, before)
            ):
                return None
            return [] if old.isdigit() else [(old, new)]
        if kind == "uuid":
            return [(old, new)]
        return [] if _means_the_same(kind, old, new) else None

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
            HEX.fullmatch(old) and HEX.fullmatch(new) and old.isdigit() != new.isdigit()
        ):
            return True
        if len(old) != len(new) or len(old) < 4:
            return False
        if not (is_orderly(old) and is_orderly(new)):
            return True
        if self._chosen is None or (is_spoken(old) and is_spoken(new) and not self._is_chosen_name(before)):
            return False
        return not (self._chosen(old) or self._chosen(new))

    def _by_runs(self, old: str, new: str) -> list[Pair] | None:
        """Pair the runs of base64 and the like, whose punctuation falls by chance, and then the rest."""
        ours, theirs = RUN.findall(old), RUN.findall(new)
        if not ours or len(ours) != len(theirs):
            return None
        pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
        if not all(_are_random(*pair) for pair in pairs):
            return None
        rest = self._by_pieces(RUN.sub("\0", old), RUN.sub("\0", new))
        return None if rest is None else rest + pairs


def _are_random(old: str, new: str) -> bool:
    """Whether two runs of base64 and the like are drawn: one of two that share nothing may look written."""
    random = [is_random_run(old), is_random_run(new)]
    return (all(random) or (any(random) and are_unrelated(old, new))) and not _are_composed(old, new)


def _are_composed(old: str, new: str) -> bool:
    """Whether both are paths, put together in the same way, with a word that stayed: not by chance."""
    ours, theirs = pieces(old), pieces(new)
    same = [one for one, other in zip(ours, theirs, strict=False) if one == other]
    separators = [[value for kind, value in side if kind == ""] for side in (ours, theirs)]
    stayed = any(kind == "word" and value.isalpha() and len(value) > 2 for kind, value in same)
    return stayed and separators[0] == separators[1] and "/" in "".join(separators[0])


def _is_host(text: str) -> bool:
    """Whether ``text`` is the name of a host, and not a version, which has dots as well."""
    labels = re.split(r"[:/]", text.rpartition("://")[2])[0].split(".")
    if not labels[-1].isalpha() or labels[0].isdigit():
        return False
    return HOST.fullmatch(text) is not None or (len(labels) > 3 and all(map(_LABEL.fullmatch, labels)))


def _means_the_same(kind: str, old: str, new: str) -> bool:
    """Whether two pieces of a class that names nothing are worth the same."""
    if kind == "date":
        # A day before 2020 is the version of an interface, not a moment of a recording.
        return min(old, new) >= "2020"
    if kind == "zone":
        # Which zone of a region a thing lands in is allotted, like its address.
        return old[:-1] == new[:-1]
    return kind != "address" or (is_allotted(old) and is_allotted(new))


def _masked_alike(old: str, new: str) -> bool:
    """Whether a placeholder that another tool left in one text covers what the other text has there."""
    for masked, plain in ((old, new), (new, old)):
        parts = _MASK.split(masked)
        if len(parts) > 1 and "</" not in masked:
            pattern = "[^ ]+?".join(re.escape(part) for part in parts)
            if re.fullmatch(pattern, plain):
                return True
    return False


_LABEL = re.compile(r"[a-z0-9][a-z0-9-]*")
_MASK = re.compile(r"<[a-z][a-z0-9_.-]*(?::\d+)?>")

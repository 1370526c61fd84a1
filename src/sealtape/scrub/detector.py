"""What a detector is: a pattern that tells a secret by its own look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sealtape.scrub.features import Features

_BINARY_RULES = frozenset(
    {"private-key", "jwt", "access-key-id", "sigv4-signature", "account-id", "authorization", "service-token",
     "webhook-url"}
)  # fmt: skip
SHORT = 8192
"""Characters; a longer text is looked into near anchors only."""

_BEFORE = 512
_DENSE = 64


def _always(match: re.Match[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Detector:
    """A pattern whose groups are secrets wherever they stand.

    One of ``anchors`` occurs in every text that can match, so that most texts cost one search for a
    literal each. Every group of ``pattern`` that took part is replaced on its own; of a registered one
    the first group, or the whole match. What ``accepts`` says no to is a look-alike. A match ends at most
    ``reach`` characters after an anchor that is in it, and begins at most 512 before. ``sign`` is the source
    of a pattern, found in every match, that says more than an anchor of one character does. ``needs`` are
    features (`Features`) that a text has if there is a match. ``spot`` is the source of what is found in
    every match, for bytes (`sealtape.scrub.spotting`), where the pattern itself, looked for along with all
    others, would take states without number: one that begins with letters of any kind, and counts them.
    """

    rule: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    accepts: Callable[[re.Match[str]], bool] = _always
    reach: int = 20_000
    sign: str = ""
    needs: tuple[str, ...] = ()
    spot: str = ""

    @property
    def reads_binary(self) -> bool:
        """Whether it also looks into data that is no text: others need words around what they find."""
        return self.rule in _BINARY_RULES and min(map(len, self.anchors)) > 1

    @property
    def groups(self) -> range:
        """The groups that hold the secret."""
        if self.rule == "registered-pattern":
            return range(1, 2) if self.pattern.groups else range(1)
        return range(1, self.pattern.groups + 1)

    def found_in(self, text: str, features: Features | None = None) -> Iterator[re.Match[str]]:
        """Return the matches in ``text`` that are no look-alikes; of a long one only what is near anchors.

        ``features`` are those of a long text, where somebody knows them already.
        """
        if len(text) <= SHORT:
            return filter(self.accepts, self.pattern.finditer(text))
        features = features or Features(text)
        if not all(map(features.has, self.needs)):
            return iter(())
        return self._near_anchors(text, features)

    def _near_anchors(self, text: str, features: Features) -> Iterator[re.Match[str]]:
        for start, end in self._windows(text, features):
            yield from filter(self.accepts, self.pattern.finditer(text, start, end))

    def _windows(self, text: str, features: Features) -> list[tuple[int, int]]:
        size, most = len(text), len(text) // _DENSE
        if "" in self.anchors:
            return [(0, size)]
        places: list[int] = []
        for anchor in features.possible(self.anchors):
            if len(anchor) == 1 and text.count(anchor) > most:
                return [(0, size)]
            at = text.find(anchor)
            while at >= 0 and len(places) <= most:
                places.append(at)
                at = text.find(anchor, at + len(anchor))
        if len(places) > most:
            return [(0, size)]
        windows: list[tuple[int, int]] = []
        for place in sorted(places):
            start, end = max(0, place - _BEFORE), min(size, place + self.reach)
            if windows and start <= windows[-1][1]:
                windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
            else:
                windows.append((start, end))
        return windows


def any_sign(detectors: Iterable[Detector]) -> str:
    """Return the source of one pattern that is found in every text in which any of ``detectors`` matches."""
    signs = {detector.sign for detector in detectors if detector.sign}
    anchors = {anchor for detector in detectors if not detector.sign for anchor in detector.anchors}
    return "|".join([_any_of(anchors), *sorted(signs)])


def _any_of(words: Iterable[str]) -> str:
    """Return the source of a pattern for any of ``words`` that tries no letter twice."""
    branches: dict[str, list[str]] = {}
    for word in sorted(words):
        branches.setdefault(word[:1], []).append(word[1:])
    if "" in branches:
        return ""
    parts = [re.escape(first) + _any_of(rests) for first, rests in branches.items()]
    return f"(?:{'|'.join(parts)})" if len(parts) > 1 else "".join(parts)

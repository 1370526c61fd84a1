"""Large texts, documents and markup: nothing is looked into in which a survey finds nothing."""

from __future__ import annotations

import contextlib
import re
from abc import abstractmethod
from itertools import chain
from typing import Any

from sealtape.scrub import codecs
from sealtape.scrub.lexicon import CLAIMS, NAMES, VALUES
from sealtape.scrub.models import Node
from sealtape.scrub.prose import Prose
from sealtape.scrub.spotting import Spotter, flattened, has_marks
from sealtape.scrub.survey import LARGE, TAG, Leaves, between_marks, has_key, leaves_in, uncollected
from sealtape.scrub.syntax import LIST_VALUES

_NOT_PLAIN = Spotter([r"<[?!][^>]*", r"<[^<>]*=[^<>]*"])
"""What is no element without attributes: declarations, comments, and tags that say more."""
_BEGINS_VIEW = re.compile(r"\s*[{\[<]")
_SLACK = 16


class Large(Prose):
    """Surveys what is large, and leaves the rest to the walk."""

    __slots__ = ()

    @abstractmethod
    def tree(self, node: Any, place: str, plan: Node | None = None) -> Any:
        """Return ``node`` without secrets; the same object where there are none."""

    @abstractmethod
    def says_nothing(self, names: tuple[str, ...], *, spoken: bool = False) -> bool:
        """Whether no name of a mapping claims a value, alone or beside another, or holds anything itself.

        What says only that sentences stand below it counts unless ``spoken``.
        """

    def is_calm(self, text: str) -> bool:
        """Whether nothing is to be found in a text that is large, and no known value."""
        if len(text) < LARGE or self.beside_key or _BEGINS_VIEW.match(text) or has_marks(text):
            return False
        survey = self.lexicon.survey
        flat = flattened(f"\0{text}\0")
        known = self.known.spotter()
        if not survey.tells or not known.tells or known.finds(flat):
            return False
        return next(survey.loud(flat, self.lexicon.may_claim), None) is None

    def document(self, text: str, place: str) -> str | None:
        """Return a text that is a document of JSON without secrets; None where it is none."""
        calm = self.calm
        try:
            leaves = leaves_in(text) if len(text) >= LARGE else None
            if leaves is not None and self._is_calm_document(leaves):
                return text
            with uncollected() if leaves is not None else contextlib.nullcontext():
                tree = codecs.parse_json(text, unique=leaves is not None)
            if tree is None:
                return None
            changed = self.tree(tree, place)
            return text if changed is tree else codecs.splice_json(text, tree, changed)
        finally:
            self.calm = calm

    def _is_calm_document(self, leaves: Leaves) -> bool:
        """Whether nothing is to be found in a large document; its texts that are calm are left in `calm`."""
        survey, known = self.lexicon.survey, self.known.spotter()
        if not survey.tells or not known.tells or self.beside_key:
            return False
        flat = flattened(leaves.joined())
        loud = leaves.at(chain(survey.loud(flat, self.lexicon.may_claim), known.spots(flat)))
        if not loud and self._is_calm_beside_texts(leaves):
            return True
        if not any(map(has_key, loud)):
            self.calm = set(leaves.texts) - loud
        return False

    def _is_calm_beside_texts(self, leaves: Leaves) -> bool:
        """Whether neither names nor numbers of a document tell anything."""
        numbers = "\0".join(map(str, leaves.numbers)) if self.known.edition else ""
        return (
            all(self.says_nothing(names, spoken=True) for names in leaves.shapes)
            and not any(map(self.lexicon.header_rule, leaves.heads))
            and not any(map(self.lexicon.rule, leaves.options()))
            and self.known.within(numbers) == numbers
        )

    def markup_end(self, text: str) -> int:
        """Return up to where markup has to be looked into: 0 where nothing is to be found in it."""
        size = len(text)
        if size < LARGE or self.beside_key or has_marks(text):
            return size
        survey, known = self.lexicon.survey, self.known.spotter()
        if not survey.tells or not known.tells:
            return size
        flat = flattened(text)
        ends = [end for _, end in _NOT_PLAIN.spots(flat)]
        names, said = set(TAG.findall(text)), 0
        for name in names:
            local = name.rpartition(":")[2]
            said |= self.lexicon.says(local, aws=self.aws) | VALUES * (local in LIST_VALUES)
        if said & CLAIMS or (said & VALUES and (said & NAMES or ends)):
            return size
        # Where a text stands in what is marked, it stood earlier in what is not.
        marked = between_marks(flat, filter(str.isascii, names))
        ends += [end for _, end in chain(survey.loud(marked, self.lexicon.may_claim), known.spots(marked))]
        if not ends:
            return 0
        return size if has_key(text) else min(max(ends) + _SLACK, size)

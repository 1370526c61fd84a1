"""Large texts at which the residue gate need not look: no rule is broken, and nothing can be decoded."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from sealtape.scrub import codecs
from sealtape.scrub.detector import Detector
from sealtape.scrub.spotting import ANYTHING, Spotter, flattened, has_marks, spelt
from sealtape.scrub.survey import TAG, between_marks, gate_survey, leaves_in, plain_survey

_MOST_KNOWN = 2000
_AROUND = "".join(set(string.punctuation) - set("+/_-=")) + string.whitespace
"""What is no part of base64 or hex digits."""
_DOCUMENT = re.compile(r"[ \t\r\n]*[{\[]")


class Reading:
    """Tells what has to be read, given patterns, and the values that may not occur in any form."""

    def __init__(self, patterns: tuple[Detector, ...], known: Iterable[str]) -> None:
        texts = set(known)
        self._survey, self._plain = gate_survey(patterns), plain_survey(patterns)
        self._known = Spotter([ANYTHING] if len(texts) > _MOST_KNOWN else map(spelt, texts))

    def worth(self, text: str) -> str:
        """Return what of a large text is worth reading: nothing where none of it, decoded or not, is."""
        if not self._survey.tells or has_marks(text):
            return text
        flat = flattened(text)
        if self._known.finds(flat):
            return text
        if _DOCUMENT.match(text):
            if b"\\" not in flat and next(self._plain.loud(b"\0" + flat + b"\0"), None) is None:
                return ""
            marked = self._in_document(text)
        elif codecs.looks_like_markup(text):
            # Patterns are looked for in markup as it stands, too.
            tells = any(spotter.finds(flat) for spotter in self._survey.telling[1:])
            marked = None if tells else between_marks(flat, filter(str.isascii, set(TAG.findall(text))))
        else:
            return self._runs(text, flat)
        calm = marked is not None and next(self._survey.loud(marked), None) is None
        return "" if calm else text

    def _in_document(self, text: str) -> bytes | None:
        """Return the names and texts of a document of JSON, between marks; None where they cannot be told."""
        leaves = leaves_in(text)
        if leaves is None:
            return None
        leaves.texts += {name for shape in leaves.shapes for name in shape}
        leaves.texts += map(str, leaves.numbers)
        joined = flattened(leaves.joined())
        return None if self._known.finds(joined) else joined

    def _runs(self, text: str, flat: bytes) -> str:
        """Return only the base64 and hex digits that can be read, where nothing else is worth it."""
        marked = b"\0" + flat + b"\0\0\0"
        if any(spotter.finds(marked) for spotter in self._survey.telling):
            return text
        spots = sorted(self._survey.coded(marked))
        if spots and text.lstrip()[:1] == '"':
            return text  # a JSON string, and read as one
        # The mark before the text counts as a character; padding is no part of a spot.
        return " ".join([text[max(0, start - 1) : end + 1].strip(_AROUND) for start, end in spots])

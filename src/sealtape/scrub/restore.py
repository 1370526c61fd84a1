"""Putting other values in the place of some: what the caller holds, and what it calls things.

A test that puts a secret and reads it again expects the same value, and the cassette holds only a
stand-in. Where a live request showed the value behind a stand-in, the responses that are played
afterwards carry the value again, in memory and for that caller alone. So do values that a test invented
anew: what the recording calls otherwise is told to it in its own names, and taken from it in the
recording's. It is the scrubber's own walk, with the replacement turned round: what is to be replaced is
found where secrets are, by the same rules, in every encoding.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence

from sealtape.scrub.known import Known, Needle, Note, reach_of
from sealtape.scrub.needles import Needles, occurrences
from sealtape.scrub.pseudonyms import StandIns


class Values(StandIns):
    """What stands behind stand-ins, in the place of the stand-ins themselves."""

    def __init__(self) -> None:
        super().__init__(b"")
        self.behind: dict[str, str] = {}

    def is_one(self, text: str) -> bool:
        """Nothing is a stand-in here: every value may be looked up."""
        return False

    def of(self, value: str) -> str:
        """Return the value behind a stand-in; anything else is itself."""
        return self.behind.get(value, value)

    def of_bytes(self, value: bytes) -> bytes:
        """Return the binary value behind binary data."""
        return base64.b64decode(self.of(base64.b64encode(value).decode("ascii")))

    def constant(self, value: str) -> str:
        """Signatures are not given back: every signature of a length has one stand-in."""
        return value


_GOES_ON = re.compile(r"[0-9A-Ya-y]|[.,:][0-9]")
"""What a time or a checksum is not followed by, where it is that and not the beginning of another."""


class _Replaceable(Known):
    """Values of which one may become what another one was: all are found before any is replaced."""

    def __init__(self, stand_ins: StandIns) -> None:
        super().__init__(stand_ins)
        self._forms: set[str] = set()

    def add_form(self, text: str, rule: str, stand_in: str) -> None:
        """Make a text known that is itself a form of some value, and is looked for in no other."""
        with self._lock:
            if text not in self._whole:
                self._whole[text] = (stand_in, rule)
                self._forms.add(text)
                self._look_for(text, Needle(stand_in, rule, text, anywhere=True))
                self._forget()

    def _replace_each(self, needles: Needles[Needle], text: str, note: Note | None) -> str:
        spans = [
            (start, start + len(found), needle.stand_in)
            for found, needle in needles.found_in(text)
            for start in occurrences(text, found, anywhere=needle.anywhere and not found.isdecimal())
            if found not in self._forms or _GOES_ON.match(text, start + len(found)) is None
        ]
        pieces, at = [], 0
        for start, end, value in sorted(spans, key=lambda span: (span[0], -span[1])):
            if start >= at:
                pieces += [text[at:start], value]
                at = end
        return "".join([*pieces, text[at:]]) if pieces else text


class Restoring:
    """What a walk needs to put values in the places of others, kept up with what the caller has shown."""

    def __init__(self) -> None:
        self.values = Values()
        self.known = _Replaceable(self.values)
        self._followed = 0

    def __bool__(self) -> bool:
        return bool(self.values.behind)

    def put(self, values: Mapping[str, str], rule: str = "renamed") -> None:
        """Put each of ``values`` in the place of the text that it is listed under, in every encoding."""
        for text, value in values.items():
            self.values.behind[text] = value
            self.known.add(text, rule, reach_of(text, rule))

    def put_forms(self, forms: Mapping[str, str]) -> None:
        """Put one form of a value in the place of another: a checksum, a time as it was written."""
        for text, form in forms.items():
            self.values.behind[text] = form
            self.known.add_form(text, "renamed", form)

    def follow(self, shown: Sequence[tuple[str, str]], recorded: Known) -> None:
        """Take note of the stand-ins that were shown since the last time."""
        fresh = shown[self._followed :]
        self._followed += len(fresh)
        for stand_in, value in fresh:
            self.put({stand_in: value}, recorded.rule_of(stand_in))

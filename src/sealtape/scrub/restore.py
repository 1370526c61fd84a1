"""Giving back what the caller itself holds.

A test that puts a secret and reads it again expects the same value, and the cassette holds only a
stand-in. Where a live request showed the value behind a stand-in, the responses that are played
afterwards carry the value again, in memory and for that caller alone. It is the scrubber's own walk,
with the replacement turned round: stand-ins are found where secrets are, by the same rules.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from sealtape.scrub.known import Known, reach_of
from sealtape.scrub.pseudonyms import StandIns


class Values(StandIns):
    """What stands behind stand-ins, in the place of the stand-ins themselves."""

    def __init__(self, held: dict[str, str]) -> None:
        super().__init__(b"")
        self._held = held

    def is_one(self, text: str) -> bool:
        """Nothing is a stand-in here: every value may be looked up."""
        return False

    def of(self, value: str) -> str:
        """Return the value behind a stand-in; anything else is itself."""
        return self._held.get(value, value)

    def of_bytes(self, value: bytes) -> bytes:
        """Return the binary value behind binary data."""
        return base64.b64decode(self.of(base64.b64encode(value).decode("ascii")))

    def constant(self, value: str) -> str:
        """Signatures are not given back: every signature of a length has one stand-in."""
        return value


class Restoring:
    """What a walk needs to put values back in their places, kept up with what the caller has shown."""

    def __init__(self, held: dict[str, str]) -> None:
        self.values = Values(held)
        self.known = Known(self.values)
        self._followed = 0

    def follow(self, shown: Sequence[tuple[str, str]], recorded: Known) -> None:
        """Take note of the stand-ins that were shown since the last time."""
        fresh = shown[self._followed :]
        self._followed += len(fresh)
        for stand_in, _ in fresh:
            rule = recorded.rule_of(stand_in)
            self.known.add(stand_in, rule, reach_of(stand_in, rule))

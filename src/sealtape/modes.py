"""Record modes as a table of what each of them permits."""

from __future__ import annotations

from dataclasses import dataclass

from sealtape.errors import UsageError


@dataclass(frozen=True, slots=True)
class Mode:
    """What a record mode permits, given whether the cassette exists.

    ``plays``: recorded interactions answer requests. ``records_missing``: a request that nothing
    answers is sent and recorded when the cassette does not exist yet. ``records_new``: the same when
    it does. ``keeps_unplayed``: interactions that were not made again survive a recording.
    """

    name: str
    summary: str
    plays: bool
    records_missing: bool
    records_new: bool
    keeps_unplayed: bool

    def may_record(self, *, exists: bool) -> bool:
        """Whether a request may leave for the provider under this mode."""
        return self.records_new if exists else self.records_missing


NONE = Mode("none", "replay only; nothing is ever sent", True, False, False, True)
ONCE = Mode("once", "record if there is no cassette, else replay only", True, True, False, True)
NEW_EPISODES = Mode("new_episodes", "replay, and record what is new", True, True, True, True)
ALL = Mode("all", "record every request again; keep what was not made again", False, True, True, True)
REWRITE = Mode("rewrite", "record the whole cassette again", False, True, True, False)

MODES = {mode.name: mode for mode in (NONE, ONCE, NEW_EPISODES, ALL, REWRITE)}


def mode_named(name: str) -> Mode:
    """Return the mode called ``name``; raise `UsageError` naming the modes there are."""
    try:
        return MODES[name]
    except KeyError:
        raise UsageError(
            f"unknown record mode {name!r}",
            why=f"the record modes are {', '.join(MODES)}",
            hint="pytest --record-mode=once",
        ) from None

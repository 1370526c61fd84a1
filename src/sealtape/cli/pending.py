"""Recordings that wait to be accepted or rejected, as the commands see them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from sealtape.changes import KeyFor
from sealtape.cli.project import PENDING, files_under, key_for, project_root, shown
from sealtape.cli.terminal import say
from sealtape.errors import UsageError
from sealtape.review import Pending, chosen, pending_at
from sealtape.settings import Settings


def waiting(root: Path | None = None) -> list[Pending]:
    """Return the recordings that wait below ``root``, by default in the whole project, sorted by path."""
    return [pending_at(path) for path in files_under([root or project_root()], (PENDING,))]


def keys_for(settings: Settings) -> KeyFor:
    """Return what finds the key of a cassette under ``settings``."""
    return partial(key_for, settings)


def decide(verb: str, names: Sequence[str], everything: bool, act: Callable[[Pending], Path]) -> int:
    """Do ``act`` to the recordings that were named, and say to which file it was done; ``verb`` is the
    command."""
    if names and everything:
        raise UsageError("name recordings, or take them all with --all", hint=f"sealtape {verb} --all")
    pending = waiting()
    if not names and not everything:
        if not pending:
            say("nothing is pending")
            return 0
        raise UsageError(
            "no recording was named",
            why=f"{len(pending)} pending: {', '.join(item.name for item in pending[:5])}"
            + (f" and {len(pending) - 5} more" if len(pending) > 5 else ""),
            hint=f"sealtape {verb} {shlex.quote(pending[0].name)}, or: sealtape {verb} --all",
        )
    taken = pending if everything else chosen(names, pending)
    for item in taken:
        say(f"{verb}ed {shown(act(item))}")
    if not taken:
        say("nothing is pending")
    return 0

"""Writing to the terminal: text is printed as it is, coloured where a person reads it."""

from __future__ import annotations

import sys
from typing import NoReturn

from rich.console import Console


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        # rich would exit here; the exit code is main's to decide.
        raise BrokenPipeError


def console() -> Console:
    """Return the standard output: no markup, no guessing at colours, and lines are never wrapped.

    A line that is cut to the width of a terminal could not be searched or copied.
    """
    return _Console(file=sys.stdout, markup=False, emoji=False, highlight=False, soft_wrap=True)

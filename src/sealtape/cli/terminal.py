"""Writing to the terminal: nothing that is printed drives it, and colours are for people."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from sealtape.report.printable import printable

if TYPE_CHECKING:
    from rich.console import Console


def say(text: str = "", *, err: bool = False) -> None:
    """Print ``text``; file names and recorded words in it cannot drive the terminal."""
    click.echo(printable(text), err=err)


def console() -> Console:
    """Return the standard output for `rich`: no markup, no guessing at colours, lines never wrapped.

    A line that is cut to the width of a terminal could not be searched or copied.
    """
    from rich.console import Console  # slow to load, and most commands print plain lines

    class Quiet(Console):
        def on_broken_pipe(self) -> NoReturn:
            # rich would exit here; the exit code is main's to decide.
            raise BrokenPipeError

    return Quiet(file=sys.stdout, markup=False, emoji=False, highlight=False, soft_wrap=True)


def accept_every_character() -> None:
    """Let characters that the output's encoding lacks be escaped, instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")

"""What commands that report findings share: their options, what is accepted, and how they print."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from sealtape.drift import Finding
from sealtape.drift.judgement import Judgement
from sealtape.drift.memory import write_memory
from sealtape.errors import UsageError
from sealtape.settings import age

_Command = TypeVar("_Command", bound=Callable[..., Any])

_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="json is described by the schema that --schema prints.",
)
_VERBOSE = click.option(
    "-v",
    "--verbose",
    "--all",
    "verbose",
    is_flag=True,
    help="Print quiet findings, too (noted, but no drift), and name every test.",
)
_ACCEPT = click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="FINGERPRINT",
    help="Remember a fact as accepted, in sealtape-drift.json: it is quiet from now on.",
)
_FOR = click.option(
    "--for", "lasting", default="90d", show_default=True, metavar="90d", help="How long --accept holds."
)
_BECAUSE = click.option("--because", default="", metavar="TEXT", help="Why --accept, for who reads the file.")


def _print_schema(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from sealtape.report.drift_json import drift_schema

        click.echo(drift_schema(), nl=False)
        ctx.exit()


_SCHEMA = click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_schema,
    help="Print the JSON Schema of --format json, and nothing else.",
)


def output_options(command: _Command) -> _Command:
    """Give a command the options ``form`` and ``verbose``, and the one that prints the schema."""
    return _FORMAT(_VERBOSE(_SCHEMA(command)))


def accept_options(command: _Command) -> _Command:
    """Give a command the options ``accepted``, ``lasting`` and ``because``."""
    return _ACCEPT(_FOR(_BECAUSE(command)))


def judged(
    found: Sequence[Finding],
    judging: Judgement,
    root: Path,
    accepted: Sequence[str],
    lasting: str,
    because: str,
) -> list[Finding]:
    """Return ``found`` as the project at ``root`` judges it, after it remembers what is accepted now.

    Raise `UsageError` for a fingerprint that is none of theirs, and for no time in ``lasting``.
    """
    if not accepted:
        return judging.of(found)
    known = {finding.fingerprint: finding for finding in found}
    for fingerprint in accepted:
        if fingerprint not in known:
            raise UsageError(
                f"no fact here has the fingerprint {fingerprint!r}",
                why=f"those found are {', '.join(known) or 'none'}",
                hint="give the same command -v in place of --accept: it shows them",
            )
    day = datetime.now(UTC).date()
    memory = judging.memory.accepting([known[one] for one in accepted], accepted_until(lasting, day), because)
    write_memory(root, memory, day)
    return replace(judging, memory=memory).of(found)


def accepted_until(lasting: str, day: date) -> date:
    """Return until when what is accepted on ``day`` holds; raise `UsageError` for no ``90d`` or ``2w``."""
    try:
        return day + age(lasting)
    except ValueError as error:
        raise UsageError(str(error), where="--for", hint="--for 90d") from None


def print_findings(findings: Sequence[Finding], form: str, verbose: bool, footer: str = "") -> None:
    """Print findings as text, JSON or Markdown; ``footer`` is for people, and ends the first and the last."""
    if form == "json":
        from sealtape.report.drift_json import drift_document

        sys.stdout.writelines(_json_lines(drift_document(findings)))
    elif form == "markdown":
        from sealtape.report.drift_markdown import drift_markdown

        click.echo(drift_markdown(findings, verbose=verbose), nl=False)
        if footer:
            click.echo(f"\n{footer}")
    else:
        from sealtape.cli.terminal import console
        from sealtape.report.drift_text import drift_text

        output = console()
        for line in drift_text(findings, verbose=verbose):
            output.print(line)
        if footer:
            output.print(footer, style="dim", markup=False, highlight=False)


def _json_lines(document: Any) -> Iterator[str]:
    yield from json.JSONEncoder(indent=2, allow_nan=False).iterencode(document)
    yield "\n"

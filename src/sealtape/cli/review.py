"""``sealtape review``: decide on what is pending, or read what a pull request does to cassettes."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import click

from sealtape.changes import CassetteChange
from sealtape.cli.pending import keys_for, waiting
from sealtape.cli.project import project_root
from sealtape.cli.terminal import console, say
from sealtape.drift.judgement import judgement
from sealtape.report.review_markdown import review_markdown
from sealtape.report.review_text import change_text, review_text
from sealtape.report.text import counted
from sealtape.review import Pending, accept, pending_change, range_changes, reject
from sealtape.revisions import resolved
from sealtape.settings import load_settings

_KEYS = "[a]ccept  [r]eject  [s]kip  [q]uit"
_SAID = {"a": "accepted", "r": "rejected", "s": "skipped", "q": "quit"}


@click.command()
@click.argument("revisions", metavar="[BASE..HEAD]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown"]),
    default="text",
    show_default=True,
    help="How the review is printed.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show quiet findings, too, and name every test.")
def command(revisions: str | None, form: str, verbose: bool) -> int:
    """Show pending recordings and decide on each, or show what BASE..HEAD does to cassettes.

    Without revisions: every recording that waits in the project is shown, interaction by interaction,
    with the drift, and one key decides: a accepts it, r rejects it, s skips it, q quits. Where there is
    no terminal the commands to type are printed instead. Exits with 1 if something is still pending.

    With revisions: for each cassette that differs between the two, which interactions were added,
    removed and changed, what was scrubbed, and the drift. BASE...HEAD starts where HEAD left BASE.
    Without the key it says what the clear words allow. Exits with 1 if a cassette cannot be read or a
    pending recording was committed.

    \b
    Examples:
      sealtape review
      sealtape review origin/main...HEAD --format markdown
    """
    left_out = load_settings(Path.cwd()).scrub.left_out
    if left_out:
        click.echo(f"note: not all is scrubbed, [tool.sealtape.scrub] {left_out}", err=True)
    if revisions is not None:
        return _review_range(revisions, form, verbose)
    return _review_pending(form, verbose)


def _review_range(text: str, form: str, verbose: bool) -> int:
    root = project_root()
    changes = _judged(range_changes(root, resolved(root, text), keys_for))
    _print(changes, text, form, verbose)
    return 1 if any(change.problem or change.kind == "pending" for change in changes) else 0


def _judged(changes: Iterable[CassetteChange]) -> list[CassetteChange]:
    """Return ``changes`` with the drift as the project judges it."""
    judging = judgement(load_settings(project_root()))
    return [
        change if change.findings is None else replace(change, findings=tuple(judging.of(change.findings)))
        for change in changes
    ]


def _print(
    changes: list[CassetteChange], subject: str, form: str, verbose: bool, commands: Sequence[str] = ()
) -> None:
    if form == "markdown":
        page = review_markdown(changes, subject=subject, commands=commands, verbose=verbose)
        click.echo(page, nl=False)
        return
    output = console()
    for line in review_text(changes, subject=subject, verbose=verbose):
        output.print(line)
    if commands:
        say()
        say("to decide on them, type:")
        for typed in commands:
            say(f"  {typed}")


def _review_pending(form: str, verbose: bool) -> int:
    pending = waiting()
    if not pending:
        say("nothing is pending")
        return 0
    if form == "text" and _has_terminal():
        return _decide(pending, verbose)
    changes = _judged(pending_change(item, keys_for) for item in pending)
    _print(changes, "pending recordings", form, verbose, list(_commands(pending)))
    return 1


def _commands(pending: list[Pending]) -> Iterator[str]:
    for name in [*(shlex.quote(item.name) for item in pending), "--all"]:
        yield f"sealtape accept {name}   # or: sealtape reject {name}"


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _decide(pending: list[Pending], verbose: bool) -> int:
    """Show each recording and take one key for it; return 1 if some are still pending."""
    output = console()
    left = len(pending)
    for number, item in enumerate(pending, 1):
        output.print()
        (change,) = _judged([pending_change(item, keys_for)])
        for line in change_text(change, verbose=verbose):
            output.print(line)
        key = _asked(f"{number}/{len(pending)}  {_KEYS} ")
        if key == "q":
            break
        if key == "s":
            continue
        (accept if key == "a" else reject)(item)
        left -= 1
    say()
    say(f"{counted(left, 'recording')} still pending: sealtape review" if left else "nothing is pending")
    return 1 if left else 0


def _asked(question: str) -> str:
    """Return one of ``a``, ``r``, ``s``, ``q``, as soon as its key is pressed; the terminal's end is q."""
    click.echo(question, nl=False)
    while True:
        try:
            typed = click.getchar()
        except EOFError:
            typed = "q"
        # An arrow key comes as an escape sequence, which ends in a letter of its own.
        key = "" if typed.startswith("\x1b") else typed[:1].lower()
        if key in _SAID:
            click.echo(_SAID[key])
            return key

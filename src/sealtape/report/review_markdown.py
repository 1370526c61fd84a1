"""What became of cassettes, as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sealtape.changes import CassetteChange
from sealtape.report.drift_markdown import drift_markdown
from sealtape.report.printable import printable_line
from sealtape.report.review_text import (
    SHOWN_ROWS,
    Told,
    drift_of,
    kind_of,
    label_of,
    notes_on,
    status_of,
    summary,
    told_rows,
    uneventful,
)
from sealtape.report.text import counted

_BACKTICKS = re.compile("`+")


def review_markdown(
    changes: Sequence[CassetteChange],
    *,
    subject: str,
    commands: Sequence[str] = (),
    verbose: bool = False,
) -> str:
    """Return what became of all of ``changes`` as one Markdown document that ends with a line end.

    ``commands`` are to be typed next.
    """
    if not changes:
        return f"## sealtape\n\nNo cassette differs in {code(subject)}.\n"
    lines = [
        f"## sealtape: {counted(len(changes), 'cassette')} in {code(subject)}",
        "",
        f"{summary(changes)}.",
    ]
    drift = drift_of(changes)
    if drift:
        lines += ["", "### Drift", "", drift_markdown(drift, verbose=verbose).rstrip("\n")]
    for change in changes:
        lines += ["", *_cassette(change, verbose)]
    if commands:
        lines += ["", "### To decide on them", "", "```sh", *map(printable_line, commands), "```"]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return ``text`` as a code span: nothing that was recorded is read as Markdown, HTML or a mention."""
    line = printable_line(text)
    longest = max((len(run) for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{space}{line}{space}{fence}"


def _cassette(change: CassetteChange, verbose: bool) -> Iterator[str]:
    was = f" (was {code(change.old_where)})" if change.old_where else ""
    kind = kind_of(change).partition(" from ")[0]
    yield f"### {code(change.where)}: {kind}{was}"
    yield ""
    if change.problem:
        yield f"- **cannot be read**: {code(change.problem)}"
        return
    told, _ = told_rows(change, verbose=verbose)
    yield from map(_row, told[:SHOWN_ROWS])
    if len(told) > SHOWN_ROWS:
        yield f"- … and {counted(len(told) - SHOWN_ROWS, 'interaction')} more"
    yield from (f"- {counted(count, 'interaction')} {said}" for count, said in uneventful(change, told))
    # Quiet findings are folded away in the table of the drift.
    for name, said in notes_on(change, verbose=True):
        yield f"- {name}: {said if name != 'locked' else code(said)}"


def _row(told: Told) -> str:
    row = told.rows[-1]
    return f"- **{row.kind}** {told.numbers} {code(label_of(row))} → {code(status_of(row))}"

"""What became of cassettes, as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sealtape.changes import CassetteChange, RowChange
from sealtape.report.drift_markdown import drift_markdown
from sealtape.report.printable import printable_line
from sealtape.report.review_text import SHOWN_ROWS, drift_of, kind_of, label_of, notes_on, status_of, summary
from sealtape.report.text import counted

_BACKTICKS = re.compile("`+")


def review_markdown(changes: Sequence[CassetteChange], *, subject: str) -> str:
    """Return what became of all of ``changes`` as one Markdown document that ends with a line end."""
    if not changes:
        return f"## sealtape\n\nNo cassette differs in {code(subject)}.\n"
    lines = [
        f"## sealtape: {counted(len(changes), 'cassette')} in {code(subject)}",
        "",
        f"{summary(changes)}.",
    ]
    for change in changes:
        lines += ["", *_cassette(change)]
    drift = drift_of(changes)
    if drift:
        lines += ["", "## Drift", "", drift_markdown(drift).rstrip("\n")]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """Return ``text`` as a code span: nothing that was recorded is read as Markdown, HTML or a mention."""
    line = printable_line(text)
    longest = max((len(run) for run in _BACKTICKS.findall(line)), default=0)
    fence = "`" * (longest + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line.strip() else ""
    return f"{fence}{space}{line}{space}{fence}"


def _cassette(change: CassetteChange) -> Iterator[str]:
    was = f" (was {code(change.old_where)})" if change.old_where else ""
    kind = kind_of(change).partition(" from ")[0]
    yield f"### {code(change.where)}: {kind}{was}"
    yield ""
    if change.problem:
        yield f"- **cannot be read**: {code(change.problem)}"
        return
    yield from (_row(row) for row in change.rows[:SHOWN_ROWS])
    if len(change.rows) > SHOWN_ROWS:
        yield f"- … and {counted(len(change.rows) - SHOWN_ROWS, 'interaction')} more"
    if change.same:
        yield f"- {counted(change.same, 'interaction')} as before"
    for name, said in notes_on(change):
        yield f"- {name}: {said if name != 'locked' else code(said)}"


def _row(row: RowChange) -> str:
    number = row.new if row.new is not None else row.old
    return f"- **{row.kind}** {number} {code(label_of(row))} → {code(status_of(row))}"

"""``sealtape refresh``: record again beside the accepted cassettes, and say what the provider changed."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from sealtape.cli.findings import accepted_until
from sealtape.cli.pending import waiting
from sealtape.cli.project import project_root, shown
from sealtape.cli.terminal import console, say
from sealtape.drift.judgement import judgement
from sealtape.drift.memory import read_memory, write_memory
from sealtape.drift.openapi import apis
from sealtape.errors import UsageError
from sealtape.refresh import (
    Progress,
    Refreshed,
    Run,
    judged,
    record_anew,
    require_key,
    require_none_pending,
    require_rules,
)
from sealtape.report.text import counted
from sealtape.settings import age, load_settings

INCOMPLETE = 3
_SEVERITIES = ("breaking", "risky", "info")
_SHOWN_OUTPUT_LINES = 25
_SHOWN_TESTS = 10


class Age(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only, and for typing
    """``7d`` or ``2w``, in seconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return int(age(str(value)).total_seconds())
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command()
@click.option("--older-than", type=Age(), metavar="7d", help="Leave out cassettes confirmed since: 7d, 2w.")
@click.option(
    "--fail-on",
    type=click.Choice(_SEVERITIES),
    default="breaking",
    show_default=True,
    help="The least severity of drift that exits with 1.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How the drift is printed.",
)
@click.option(
    "--sandbox", metavar="embedded|URL", help="Record AWS calls against moto's server, or a server at URL."
)
@click.option("-v", "--verbose", is_flag=True, help="Print quiet findings, too, and name every test.")
@click.option(
    "--confirm/--no-confirm",
    default=True,
    show_default=True,
    help="Record what differs a second time: what differs between the two is no drift.",
)
@click.option(
    "--accept",
    "accepted",
    multiple=True,
    metavar="FINGERPRINT",
    help="Record nothing, but remember in sealtape-drift.json that what was seen to flap is accepted.",
)
@click.option(
    "--for", "lasting", default="90d", show_default=True, metavar="90d", help="How long --accept holds."
)
@click.option("--because", default="", metavar="TEXT", help="Why --accept, for who reads the file.")
@click.option("--replace", is_flag=True, help="Record over what is pending from before.")
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *a: _print_schema(*a),
    help="Print the JSON Schema of --format json, and nothing else.",
)
@click.argument("arguments", metavar="[-- PYTEST ARGS]", nargs=-1, type=click.UNPROCESSED)
def command(
    older_than: int | None,
    fail_on: str,
    form: str,
    sandbox: str | None,
    verbose: bool,
    confirm: bool,
    accepted: tuple[str, ...],
    lasting: str,
    because: str,
    replace: bool,
    arguments: tuple[str, ...],
) -> int:
    """Record every marked test again, beside the accepted cassettes, and report what changed.

    It takes the key and a sandbox: --sandbox, or accounts or hosts under [tool.sealtape.sandbox]. What
    differs is recorded a second time: values that vary are no drift, and what is there only sometimes is
    reported as flapping. The rest waits as *.tape.new for `sealtape review`; what does not differ changes no
    file but the ledger, which says when each cassette was last confirmed. Accepted cassettes are never
    written.

    Exits with 0 if nothing drifted, 1 for drift at or above --fail-on, 2 for wrong usage, and 3 if the
    refresh is not complete: tests failed, the provider did not answer, it was interrupted, or recordings
    from before are still pending.

    \b
    Examples:
      sealtape refresh
      sealtape refresh --older-than 7d --fail-on risky --format markdown
      sealtape refresh --sandbox=embedded -- tests/test_users.py -n 4
    """
    root = project_root()
    if accepted:
        return _accept(root, accepted, lasting, because)
    settings = load_settings(root)
    require_rules(settings, _sandbox_for(sandbox, arguments))
    require_key(settings)
    before = _recorded_at(root)
    if not replace:
        require_none_pending([item.where for item in waiting(root)])
    judgement(settings), apis(settings)  # what makes no sense is said before a test is run
    with _stopped_as_by_ctrl_c(), _progress() as watch:
        run = record_anew(arguments, sandbox=sandbox, older_than=older_than, watch=watch)
        # What was pending before and was not recorded again is nobody's finding, and confirms nothing.
        fresh = [path for path, moment in _recorded_at(root).items() if before.get(path) != moment]

        def again(tests: Sequence[str]) -> Run:
            return record_anew(arguments, sandbox=sandbox, only=tests, watch=watch)

        refreshed = judged(run, fresh, again=again if confirm else None)
    left = [item.where for item in waiting(root)]
    _print_report(refreshed, left, form, verbose)
    _print_outcome(refreshed, left, form)
    if not refreshed.is_complete:
        return INCOMPLETE
    return 1 if _reaches(refreshed, fail_on) else 0


def _accept(root: Path, wanted: Sequence[str], lasting: str, because: str) -> int:
    """Note that what flaps is accepted, by what earlier refreshes saw of it."""
    day, memory = datetime.now(UTC).date(), read_memory(root)
    until = accepted_until(lasting, day)
    for fingerprint in wanted:
        if fingerprint not in memory.flapping:
            raise UsageError(
                f"nothing that was seen to flap has the fingerprint {fingerprint!r}",
                why=f"what was is {', '.join(memory.flapping) or 'nothing'}",
                hint="sealtape refresh -v; for other facts: sealtape diff OLD NEW --accept FINGERPRINT",
            )
        memory = memory.accepting_flapping(fingerprint, until, because)
    write_memory(root, memory, day)
    for fingerprint in wanted:
        say(f"accepted until {until}: {memory.accepted[fingerprint].fact}")
    return 0


def _recorded_at(root: Path) -> dict[Path, int]:
    """Return when each pending recording was written, by its cassette."""
    return {item.cassette: item.path.stat().st_mtime_ns for item in waiting(root)}


def _sandbox_for(sandbox: str | None, arguments: tuple[str, ...]) -> str | None:
    """Return the sandbox that was asked for, be it among the arguments for pytest."""
    given = [argument.partition("=")[2] for argument in arguments if argument.startswith("--sandbox=")]
    return given[-1] if sandbox is None and given else sandbox


def _reaches(refreshed: Refreshed, bar: str) -> bool:
    high = _SEVERITIES[: _SEVERITIES.index(bar) + 1]
    return any(finding.severity in high for finding in refreshed.findings)


@contextmanager
def _stopped_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, by which CI jobs are cancelled, end the run as Ctrl-C does, and pytest with it."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None]]:
    """Give what shows how far a run is: a bar on a terminal, and elsewhere nothing."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("{task.fields[said]}"),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("collecting tests", total=None, said="")

        def watch(now: Progress) -> None:
            differ = sum(any(outcome != "same" for _, outcome in test.cassettes) for test in now.tests)
            failed = sum(test.outcome == "failed" for test in now.tests)
            said = ", ".join(
                f"{count} {word}" for count, word in ((differ, "to compare"), (failed, "failed")) if count
            )
            bar.update(task, description="recording", total=now.total, completed=len(now.tests), said=said)

        yield watch


def _print_report(refreshed: Refreshed, left: list[str], form: str, verbose: bool) -> None:
    findings = refreshed.findings
    if form == "json":
        from sealtape.report.refresh_json import refresh_document

        document = refresh_document(
            findings,
            tests=Counter(test.outcome for test in refreshed.run.tests),
            confirmed=[shown(path) for path in refreshed.confirmed],
            pending=left,
            is_complete=refreshed.is_complete,
        )
        click.echo(json.dumps(document, indent=2))
    elif form == "markdown":
        from sealtape.report.drift_markdown import drift_markdown

        click.echo(drift_markdown(findings, verbose=verbose), nl=False)
    else:
        from sealtape.report.drift_text import drift_text

        output = console()
        for line in drift_text(findings, verbose=verbose):
            output.print(line)


def _print_outcome(refreshed: Refreshed, left: list[str], form: str) -> None:
    """Say in a few lines how it went and what to type next; with Markdown, below the table too."""
    run = refreshed.run
    err = form != "text"
    explained = list(_explained(refreshed))
    for line in explained:
        say(line, err=True)
    if form == "markdown":
        say("\n".join(("", "```", *explained, _counts(refreshed), "```")))
    say(_counts(refreshed), err=err)
    if left:
        say(f"{counted(len(left), 'recording')} pending, the accepted cassettes are as they were:", err=err)
        for where in left:
            say(f"  {where}", err=err)
        say("next: sealtape review", err=err)
    elif run.is_whole:
        say("nothing is pending", err=err)
    if refreshed.written:
        say(f"written, to be committed: {', '.join(map(shown, refreshed.written))}", err=err)
    flapping = [f.fingerprint for f in refreshed.findings if f.id == "flapping" and f.severity != "quiet"]
    if flapping:
        options = " ".join(f"--accept {fingerprint}" for fingerprint in flapping)
        say(f"to accept what flaps: sealtape refresh {options} --for 90d", err=err)


def _counts(refreshed: Refreshed) -> str:
    tests = refreshed.run.tests
    passed = [test for test in tests if test.outcome == "passed"]
    recorded = sum(bool(test.cassettes) for test in passed)
    silent = len(passed) - recorded
    skipped = sum(test.outcome == "skipped" for test in tests)
    said = [f"{counted(recorded, 'test')} recorded again"]
    said += [f"{len(refreshed.failed)} failed"] if refreshed.failed else []
    said += [f"{skipped} skipped"] if skipped else []
    said += [f"{silent} made no request"] if silent else []
    cassettes = [f"{counted(len(refreshed.confirmed), 'cassette')} confirmed"]
    cassettes += [f"{len(refreshed.pending)} drifted"] if refreshed.pending else []
    cassettes += [f"{len(refreshed.new)} new"] if refreshed.new else []
    return f"{', '.join(said)}: {', '.join(cassettes)}"


def _explained(refreshed: Refreshed) -> Iterator[str]:
    """Yield why a refresh is not complete."""
    run = refreshed.run
    for problem in refreshed.problems:
        yield f"error: {problem}"
    if run.interrupted:
        yield f"error: interrupted after {len(run.tests)} of {counted(run.total, 'test')}"
    elif not run.is_whole:
        yield f"error: pytest broke off after {len(run.tests)} of {counted(run.total, 'test')}; it said:"
        yield from (f"  {line}" for line in run.output.splitlines()[-_SHOWN_OUTPUT_LINES:])
    if refreshed.failed:
        yield f"error: {counted(len(refreshed.failed), 'test')} could not be recorded again:"
        yield from (f"  {test.test}: {test.error}" for test in refreshed.failed[:_SHOWN_TESTS])
        if len(refreshed.failed) > _SHOWN_TESTS:
            yield f"  … and {len(refreshed.failed) - _SHOWN_TESTS} more"
        if any(test.outcome == "passed" for test in run.tests):
            yield f"hint: sealtape refresh -- {shlex.quote(refreshed.failed[0].test)}"
        else:
            yield "hint: see whether the provider answers, then run this again"


def _print_schema(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from sealtape.report.refresh_json import refresh_schema

        click.echo(refresh_schema(), nl=False)
        ctx.exit()

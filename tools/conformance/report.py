"""How the suite went, for people and for scripts, and whether the bars are met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from conformance.classes import CLOCK, INPUTS, OTHER, class_of, class_of_member
from conformance.differing import Differing
from conformance.running import Pass, Went
from conformance.suite import service_of

_SHORT = 44


@dataclass(frozen=True, slots=True)
class Lost:
    """A test that passes without a recorder and not with one: in which pass, of which class, and why."""

    test: str
    when: str
    kind: str
    error: str
    members: tuple[Differing, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise, what was counted, and whether it is kept."""

    promise: str
    counted: str
    met: bool


@dataclass(slots=True)
class Outcome:
    """The three passes over the suite, the replay of unexplained tests by another clock, and the sizes."""

    plain: Pass
    record: Pass
    replay: Pass
    clock: Pass
    refused: list[str]
    sizes: dict[str, tuple[int, int]]
    """By service: bytes of its cassettes, and interactions in them."""

    @property
    def connections(self) -> list[str]:
        """The live calls of the replay: what the stub was asked for, and what the plugin refused."""
        return self.refused + [what for went in self.replay.went.values() for what in went.connections]

    def lost(self) -> list[Lost]:
        """Return the tests that a recorder loses."""
        baseline = self.plain.passed()
        recorded, replayed = self.record.passed(), self.replay.passed()
        lost = [_lost(self.record.went[test], "recording") for test in sorted(baseline - recorded)]
        for test in sorted(baseline & recorded - replayed):
            one = _lost(self.replay.went[test], "replay")
            lost.append(replace(one, kind=CLOCK) if test in self.clock.passed() else one)
        return lost


def _lost(went: Went, when: str) -> Lost:
    # What follows the first miss is its consequence.
    members = went.missed[0] if went.missed else ()
    return Lost(went.test, when, class_of(members), went.error.partition("\n")[0], members)


def sizes(folder: Path, services: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return, by service, the bytes of the cassettes below ``folder`` and the interactions in them."""
    found = {}
    for service in services:
        cassettes = [path.read_bytes() for path in (folder / "tests" / f"test_{service}").rglob("*.tape")]
        # A header row and an end row stand around one row for each interaction.
        found[service] = (sum(map(len, cassettes)), sum(data.count(b"\n") - 2 for data in cassettes))
    return found


def bars(outcome: Outcome) -> list[Bar]:
    """Return what is promised of the replay, judged."""
    lost = outcome.lost()
    faults = [one for one in lost if one.kind == OTHER]
    s3 = [one for one in faults if service_of(one.test) == "s3"]
    ours = {test for test in outcome.plain.passed() if service_of(test) == "s3"}
    return [
        Bar("every test that passes is recorded", _count(lost, "recording"), not _of(lost, "recording")),
        Bar("every failure of a replay is an input of the test", f"{len(faults)} are not", not faults),
        Bar("S3 loses nothing else", f"{len(ours) - len(s3)} of {len(ours)}", not s3),
        Bar("no live call", str(len(outcome.connections)), not outcome.connections),
    ]


def _of(lost: Sequence[Lost], when: str) -> list[Lost]:
    return [one for one in lost if one.when == when]


def _count(lost: Sequence[Lost], when: str) -> str:
    return f"{len(_of(lost, when))} are not"


def document(outcome: Outcome, judged: Sequence[Bar]) -> dict[str, Any]:
    """Return all of it as JSON: ``services``, ``lost``, ``connections``, ``wall``, ``bars``."""
    return {
        "services": [_row(outcome, service) for service in outcome.plain.seconds],
        "wall": {name: getattr(outcome, name).wall for name in ("plain", "record", "replay")},
        "lost": [
            {
                "test": one.test, "when": one.when, "class": one.kind, "error": one.error,
                "members": [member.to_json() | {"class": class_of_member(member)} for member in one.members],
            }
            for one in outcome.lost()
        ],
        "connections": outcome.connections,
        "bars": [asdict(bar) for bar in judged],
    }  # fmt: skip


def _row(outcome: Outcome, service: str) -> dict[str, Any]:
    tests = {test for test in outcome.plain.went if service_of(test) == service}
    baseline = outcome.plain.passed() & tests
    size, interactions = outcome.sizes[service]
    return {
        "service": service,
        "tests": len(tests),
        "plain": len(baseline),
        "recorded": len(baseline & outcome.record.passed()),
        "replayed": len(baseline & outcome.record.passed() & outcome.replay.passed()),
        "interactions": interactions,
        "bytes": size,
        "seconds": {name: getattr(outcome, name).seconds[service] for name in ("plain", "record", "replay")},
    }


def show(console: Console, outcome: Outcome, judged: Sequence[Bar]) -> None:
    """Print the counts by service, every test that was lost, the classes, and the bars."""
    console.print(_services([_row(outcome, service) for service in outcome.plain.seconds], outcome))
    lost = outcome.lost()
    for one in lost:
        console.print(f"[bold]{one.kind}[/]  {one.when}  ", end="")
        console.print(one.test, markup=False)
        for member in one.members[:6]:
            values = f"{_short(member.live)} here, {_short(member.recorded)} recorded"
            fault = f" ({member.fault})" if member.fault else ""
            console.print(f"    {class_of_member(member)}{fault}: {member.place}: {values}", markup=False)
        if not one.members:
            explained = "by the clock of its recording it passes: " if one.kind == CLOCK else ""
            console.print(f"    {explained}{one.error}", markup=False)
    for connection in outcome.connections:
        console.print(f"[red]live call[/] {connection}")
    console.print(_classes(lost))
    console.print(_bars(judged))


def _services(rows: Sequence[dict[str, Any]], outcome: Outcome) -> Table:
    table = Table(title="moto's tests by service", title_justify="left", caption_justify="left")
    table.caption = "seconds of plain, record and replay, the start of pytest included"
    for name in ("", "tests", "plain", "recorded", "replayed", "interactions", "KiB", "seconds"):
        table.add_column(name, justify="right" if name else "left")
    names = ("tests", "plain", "recorded", "replayed", "interactions")
    for row in rows:
        seconds = " ".join(f"{one:6.1f}" for one in row["seconds"].values())
        table.add_row(
            row["service"], *(str(row[name]) for name in names), f"{row['bytes'] / 1024:.0f}", seconds
        )
    totals = [str(sum(row[name] for row in rows)) for name in names]
    wall = " ".join(f"{one.wall:6.1f}" for one in (outcome.plain, outcome.record, outcome.replay))
    size = f"{sum(row['bytes'] for row in rows) / 1024:.0f}"
    table.add_row("all", *totals, size, wall, style="bold")
    return table


def _classes(lost: Sequence[Lost]) -> Table:
    table = Table(title="Why tests were lost", title_justify="left")
    counts = Counter((one.when, one.kind) for one in lost)
    table.add_column("")
    for when in ("recording", "replay"):
        table.add_column(when, justify="right")
    for kind in (*INPUTS, OTHER):
        found = [counts["recording", kind], counts["replay", kind]]
        if any(found):
            table.add_row(kind, *map(str, found))
    return table


def _bars(judged: Sequence[Bar]) -> Table:
    table = Table(title="Bars", title_justify="left")
    for name in ("", "promise", "counted"):
        table.add_column(name)
    for bar in judged:
        table.add_row("[green]met[/]" if bar.met else "[red]missed[/]", bar.promise, bar.counted)
    return table


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"

"""What was measured, for people and for scripts, and which bars it clears."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.contenders import Contender
from bench.results import Measured, Result

AWS_RATIO = 1.6
"""AWS replay costs at most this many times its floor."""

SAME = 1.15
"""Two measurements that differ by no more than this factor count as the same."""

OPENING_US = 30.0
"""Opening a cassette costs at most so many microseconds an interaction."""

_LIBRARIES = ("boto3", "botocore", "moto", "requests", "urllib3", "vcrpy")
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise, what was measured of it, and whether it is kept; None where nothing was measured."""

    promise: str
    measured: str
    met: bool | None


def bars(measured: Measured) -> list[Bar]:
    """Return the promises, judged."""
    aws, http, vcrpy = (
        {r.n: r for r in measured.results if (r.track, r.contender) == which}
        for which in (("aws", "sealtape"), ("http", "sealtape"), ("http", "vcrpy"))
    )
    judged = [
        _at_most(f"AWS replay: at most {AWS_RATIO:g} × its floor", _ratios(aws), AWS_RATIO),
        _flat("AWS replay: the same ratio at every N", _ratios(aws)),
        _not_slower(http.get(1), vcrpy.get(1)),
        _flat("HTTP replay: the same ratio at every N", _ratios(http)),
    ]
    for track, of in (("AWS", aws), ("HTTP", http)):
        openings = {n: r.opening for n, r in of.items() if n > 1 and r.opening is not None}
        judged.append(_at_most(f"{track} opening: at most {OPENING_US:g} µs", openings, OPENING_US))
    return judged


def _ratios(results: dict[int, Result]) -> dict[int, float]:
    # One call alone carries what a client does once, which the floors do not.
    return {n: r.ratio for n, r in results.items() if n > 1 and r.ratio is not None}


def _at_most(promise: str, values: dict[int, float], limit: float) -> Bar:
    met = all(value <= limit for value in values.values()) if values else None
    return Bar(promise, _listed(values), met)


def _flat(promise: str, values: dict[int, float]) -> Bar:
    spread = max(values.values()) / min(values.values()) if len(values) > 1 else None
    return Bar(promise, _listed(values), None if spread is None else spread <= SAME)


def _not_slower(ours: Result | None, theirs: Result | None) -> Bar:
    promise = "HTTP replay at N=1: not slower than vcrpy"
    if ours is None or theirs is None:
        return Bar(promise, "", None)
    return Bar(promise, f"{ours.call:.0f} µs, vcrpy {theirs.call:.0f} µs", ours.call <= theirs.call)


def _listed(values: dict[int, float]) -> str:
    return ", ".join(f"{value:.2f} at N={n}" for n, value in sorted(values.items()))


def document(measured: Measured, judged: Iterable[Bar]) -> dict[str, Any]:
    """Return all of it as JSON: ``results``, ``memory``, ``recording``, ``skipped``, ``bars``, ``about``."""
    libraries = {name: version(name) for name in _LIBRARIES}
    about = {"python": platform.python_version(), "machine": platform.machine()} | libraries
    return asdict(measured) | {"bars": [asdict(bar) for bar in judged], "about": about}


def show(console: Console, measured: Measured, judged: Sequence[Bar], order: Sequence[Contender]) -> None:
    """Print the tables, what was left out and why, and the bars."""
    sizes = sorted({r.n for r in measured.results})
    for track, title in (("aws", "AWS: dynamodb.get_item"), ("http", "HTTP: GET with requests")):
        contenders = [c for c in order if c.track == track]
        if any(r.track == track for r in measured.results):
            console.print(_table(title, measured, contenders, sizes))
    if measured.recording is not None:
        console.print(_recording(measured))
    for name, reason in measured.skipped.items():
        console.print(f"[yellow]skipped[/] {name}: {reason}", highlight=False)
    console.print(_bars(judged))


def _table(title: str, measured: Measured, contenders: Sequence[Contender], sizes: Sequence[int]) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.caption = "µs a call and × the floor; (1): one round only; opening in µs an interaction"
    table.add_column("")
    for n in sizes:
        table.add_column(f"N={n}", justify="right")
        table.add_column("×", justify="right")
    table.add_column("opening", justify="right")
    table.add_column("peak MiB", justify="right")
    for contender in contenders:
        found = [measured.result(contender.id, n) for n in sizes]
        if any(found):
            style = "bold" if contender.name == "sealtape" else ""
            memory = measured.memory.get(contender.id)
            peak = "" if memory is None else f"{memory / _MIB:.0f}"
            table.add_row(contender.name, *_cells(found), _opening(found[-1]), peak, style=style)
    return table


def _cells(found: Iterable[Result | None]) -> Iterator[str]:
    for result in found:
        if result is None:
            yield from ("", "")
        else:
            yield f"{result.call:,.0f}" + (" (1)" if result.rounds == 1 else "")
            yield "" if result.ratio is None else f"{result.ratio:.2f}"


def _opening(result: Result | None) -> str:
    return "" if result is None or result.opening is None else f"{result.opening:,.1f}"


def _recording(measured: Measured) -> str:
    recording = measured.recording
    assert recording is not None
    return (
        f"Recording {recording.n} AWS calls, seal and write included: {recording.recorded:,.0f} µs a call,"
        f" live {recording.live:,.0f} µs: × {recording.recorded / recording.live:.2f}"
    )


def _bars(judged: Iterable[Bar]) -> Table:
    table = Table(title="Bars", title_justify="left")
    for name in ("", "promise", "measured"):
        table.add_column(name)
    words = {True: "[green]met[/]", False: "[red]missed[/]", None: "[yellow]not measured[/]"}
    for bar in judged:
        table.add_row(words[bar.met], bar.promise, bar.measured)
    return table

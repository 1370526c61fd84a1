"""What was measured, for people and for scripts."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.bars import Bar, shown
from bench.results import Measured, Rate, Result
from bench.workloads import WORKLOADS, Workload

_LIBRARIES = ("aiohttp", "boto3", "botocore", "httpx", "moto", "requests", "urllib3", "vcrpy")
_MIB = 2**20


def document(measured: Measured, judged: Iterable[Bar]) -> dict[str, Any]:
    """Return all of it as JSON: the fields of `Measured`, ``bars`` and ``about``."""
    libraries = {name: version(name) for name in _LIBRARIES}
    about = {"python": platform.python_version(), "machine": platform.machine()} | libraries
    return asdict(measured) | {"bars": [asdict(bar) for bar in judged], "about": about}


def show(console: Console, measured: Measured, judged: Sequence[Bar]) -> None:
    """Print the tables, what was left out and why, and the bars."""
    for workload in WORKLOADS.values():
        if any(r.workload == workload.name for r in measured.results):
            console.print(_replays(workload, measured))
    if measured.rates:
        console.print(_rates(measured.rates))
    if measured.figures:
        console.print(_figures(measured))
    for name, reason in measured.skipped.items():
        console.print(f"[yellow]skipped[/] {name}: {reason}", highlight=False)
    if judged:
        console.print(_bars(judged))
    console.print("took " + ", ".join(f"{part} {seconds:.0f} s" for part, seconds in measured.took.items()))


def _replays(workload: Workload, measured: Measured) -> Table:
    table = _table(workload.title)
    table.caption = (
        "µs a call of the processor; × the floor with the opening (without it); (1): one round only"
    )
    results = [r for r in measured.results if r.workload == workload.name]
    sizes = sorted({r.n for r in results})
    table.add_column("")
    for n in sizes:
        table.add_column(f"N={n}", justify="right")
        table.add_column("×", justify="right")
    table.add_column("opening", justify="right")
    table.add_column("peak MiB", justify="right")
    for contender in dict.fromkeys(r.contender for r in results):
        found = measured.of(workload.name, contender)
        memory = measured.memory.get(f"{workload.name}/{contender}")
        table.add_row(
            contender,
            *_cells([found.get(n) for n in sizes]),
            f"{found[max(found)].opening:,.1f}",
            "" if memory is None else f"{memory / _MIB:.0f}",
            style="bold" if contender == "sealtape" else "",
        )
    return table


def _cells(found: Iterable[Result | None]) -> Iterator[str]:
    for result in found:
        if result is None:
            yield from ("", "")
            continue
        yield f"{result.call:,.0f}" + (" (1)" if result.rounds == 1 else "")
        ratio, calls = result.ratio, result.calls_ratio
        yield "" if ratio is None or calls is None else f"{ratio:.2f} ({calls:.2f})"


def _rates(rates: Sequence[Rate]) -> Table:
    table = _table("Steps by body: µs an interaction, MB/s")
    steps = list(dict.fromkeys(rate.step for rate in rates))
    by_body: dict[tuple[str, int], dict[str, Rate]] = {}
    for rate in rates:
        by_body.setdefault((rate.kind, rate.size), {})[rate.step] = rate
    for name in ("", *steps):
        table.add_column(name, justify="right" if name else "left")
    for (kind, size), found in by_body.items():
        cells = (found.get(step) for step in steps)
        table.add_row(f"{kind}, {shown(size)}", *("" if c is None else _rate(c) for c in cells))
    return table


def _rate(rate: Rate) -> str:
    return f"{rate.micros:,.0f}, {rate.megabytes:,.0f}" if rate.size > 1000 else f"{rate.micros:,.1f}"


def _figures(measured: Measured) -> Table:
    table = _table("Suites, recording, memory")
    for name in ("", "measured", "made of"):
        table.add_column(name)
    for name, figure in measured.figures.items():
        table.add_row(name, f"{figure.value:.2f} {figure.unit}", figure.detail)
    return table


def _bars(judged: Iterable[Bar]) -> Table:
    table = _table("Bars")
    for name in ("", "promise", "measured"):
        table.add_column(name)
    words = {True: "[green]met[/]", False: "[red]missed[/]", None: "[yellow]not measured[/]"}
    for bar in judged:
        table.add_row(words[bar.met], bar.promise, bar.measured)
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", caption_justify="left")

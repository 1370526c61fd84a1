"""The promises, judged by what one run measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bench.results import Measured, Rate, Result
from bench.workloads import Workload

FROM = 300
"""Ratios are promised from so many calls on: fewer carry what a client does once."""

AWS_RATIO = 1.15
HTTP_RATIO = 1.6
SLOPE = 1.05
OPENING_MICROS = 20.0
OPENING_MEGABYTES = 200.0
MEGABYTES = 100.0
MEMORY = 1.5
MARKED_MS = 0.4
COLLECTING_MS = 30.0
RECORDING = 1.1
CLIENTS = 3.0


_BEFORE_CASSETTER = {"dynamodb": (1.7, FROM), "requests": (1.0, 1)}
"""How many times as long cassetter takes, and from which N on."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise, what was measured of it, and whether it is kept; None where nothing was measured."""

    promise: str
    measured: str
    met: bool | None


def bars(measured: Measured, parts: Iterable[str], workloads: Iterable[Workload]) -> list[Bar]:
    """Return the promises about ``parts`` of the bench and about ``workloads``, judged."""
    judged = list(_replay(measured, workloads)) if "replay" in parts else []
    for part, judge in _JUDGES.items():
        if part in parts:
            judged += judge(measured)
    return judged


def _replay(measured: Measured, workloads: Iterable[Workload]) -> Iterator[Bar]:
    for workload in workloads:
        if workload.most < FROM:
            continue  # the few large ones are stated, and promised by the byte
        large = {n: r for n, r in measured.of(workload.name, "sealtape").items() if n >= FROM}
        limit = AWS_RATIO if workload.track == "aws" else HTTP_RATIO
        ratios = {f"N={n}": r.ratio for n, r in large.items() if r.ratio is not None}
        yield _at_most(f"{workload.title}: at most {limit:g} × its floor", ratios, limit)
        if workload.most > FROM:
            yield _slope(workload, large)
        if workload.name in _BEFORE_CASSETTER:
            yield _faster(measured, workload, *_BEFORE_CASSETTER[workload.name])


def _slope(workload: Workload, results: Mapping[int, Result]) -> Bar:
    promise = f"{workload.title}: time grows by N^{SLOPE:g} at most"
    if len(results) < 2:
        return Bar(promise, "", None)
    points = [(math.log(n), math.log(n * r.whole)) for n, r in results.items()]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)
    return Bar(promise, f"{slope:.3f}", slope <= SLOPE)


def _faster(measured: Measured, workload: Workload, factor: float, least: int) -> Bar:
    theirs = measured.of(workload.name, "cassetter")
    factors = {
        f"N={n}": theirs[n].whole / r.whole
        for n, r in measured.of(workload.name, "sealtape").items()
        if n >= least and n in theirs
    }
    promise = f"{workload.title}: cassetter takes at least {factor:g} × as long"
    return _at_least(promise, factors, factor)


def _sealing(measured: Measured) -> Iterator[Bar]:
    def of(step: str, sizes: Iterable[int]) -> dict[str, Rate]:
        return {f"{r.kind}, {shown(r.size)}": r for r in measured.rates if r.step == step and r.size in sizes}

    small = {where: rate.micros for where, rate in of("open", (200,)).items()}
    yield _at_most(
        f"opening, answers read: at most {OPENING_MICROS:g} µs an interaction", small, OPENING_MICROS
    )
    large = {where: rate.megabytes for where, rate in of("open", (20_000, 2_000_000)).items()}
    promise = f"opening, answers read: at least {OPENING_MEGABYTES:g} MB/s of larger bodies"
    yield _at_least(promise, large, OPENING_MEGABYTES)
    for step in ("scrub", "residue gate", "seal"):
        rates = {where: rate.megabytes for where, rate in of(step, (2_000_000,)).items()}
        yield _at_least(f"{step}: at least {MEGABYTES:g} MB/s", rates, MEGABYTES)
    yield _at_most(f"memory: at most {MEMORY:g} × the file", _figure(measured, "memory"), MEMORY)


def _marked(measured: Measured) -> Iterator[Bar]:
    figure = _figure(measured, "marked, sealtape")
    yield _at_most(f"a mark without traffic: at most {MARKED_MS:g} ms a test", figure, MARKED_MS)


def _collecting(measured: Measured) -> Iterator[Bar]:
    figure = _figure(measured, "collecting, sealtape")
    yield _at_most(
        f"--collect-only without a marked test: at most {COLLECTING_MS:g} ms more", figure, COLLECTING_MS
    )


def _clients(measured: Measured) -> Iterator[Bar]:
    promise = f"tests that make clients: at least {CLIENTS:g} × faster than without sealtape"
    yield _at_least(promise, _figure(measured, "clients"), CLIENTS)


def _recording(measured: Measured) -> Iterator[Bar]:
    yield _at_most(f"recording: at most {RECORDING:g} × live", _figure(measured, "recording"), RECORDING)


_JUDGES = {
    "recording": _recording,
    "sealing": _sealing,
    "marked": _marked,
    "collecting": _collecting,
    "clients": _clients,
}


def _figure(measured: Measured, name: str) -> dict[str, float]:
    return {"": measured.figures[name].value} if name in measured.figures else {}


def _at_most(promise: str, values: Mapping[str, float], limit: float) -> Bar:
    met = all(value <= limit for value in values.values()) if values else None
    return Bar(promise, _listed(values), met)


def _at_least(promise: str, values: Mapping[str, float], limit: float) -> Bar:
    met = all(value >= limit for value in values.values()) if values else None
    return Bar(promise, _listed(values), met)


def _listed(values: Mapping[str, float]) -> str:
    return "; ".join(f"{value:.3g} {where}".strip() for where, value in values.items())


def shown(size: int) -> str:
    """Return a size as a person says it."""
    for unit, name in ((1_000_000, "MB"), (1000, "KB")):
        if size >= unit:
            return f"{size / unit:g} {name}"
    return f"{size} B"

"""Recording once, replaying in rounds: who is asked when, and what becomes of the times."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from bench.child import Round
from bench.contenders import CONTENDERS, Contender
from bench.processes import Child, ChildFailed, child
from bench.results import Figure, Measured, Result
from bench.workloads import WORKLOADS, Site, Workload

_BUDGET_SECONDS = 6.0
"""A contender that has used so much with one workload at one N is not asked again there."""

_RECORDED = 300
"""How many calls are recorded where recording is measured, or the next fewer that there are."""

Say = Callable[[str], object]
Taken = Mapping[str, Mapping[int, Sequence[Round]]]


class Replaying:
    """The rounds of some contenders with some workloads; ``peers`` is the Python of the peers, if any."""

    def __init__(
        self,
        workloads: Sequence[Workload],
        contenders: Sequence[Contender],
        sizes: Sequence[int],
        rounds: int,
        peers: Path | None,
        say: Say,
    ) -> None:
        self._workloads = workloads
        self._contenders = contenders
        self._sizes = sizes
        self._rounds = rounds
        self._peers = peers
        self._say = say

    def record(self, site: Site, measured: Measured) -> None:
        """Record, for each contender that needs it, what is to be replayed; the providers must be there."""
        for workload in self._workloads:
            self._say(f"preparing {workload.name}")
            workload.prepare(site, workload.sizes(self._sizes)[-1])
        for contender in self._contenders:
            if contender.records:
                with self._child(site, contender) as recorder:
                    for workload in self._taking(contender, measured):
                        self._say(f"recording {workload.name} with {contender.name}")
                        with _skipping(measured, workload, contender):
                            for n in workload.sizes(self._sizes):
                                recorder.ask("record", contender.name, workload.name, n)

    def replay(self, site: Site, measured: Measured) -> None:
        """Replay each workload in alternating rounds; the providers may be gone."""
        for workload in self._workloads:
            with ExitStack() as stack:
                children = {
                    contender: stack.enter_context(self._child(site, contender))
                    for contender in self._contenders
                    if workload in self._taking(contender, measured)
                }
                taken = self._replay(workload, children, measured)
            measured.results += _results(workload, taken)

    def _replay(
        self, workload: Workload, children: Mapping[Contender, Child], measured: Measured
    ) -> dict[str, dict[int, list[Round]]]:
        sizes = workload.sizes(self._sizes)
        taken: dict[str, dict[int, list[Round]]] = {c.name: {n: [] for n in sizes} for c in children}
        for contender, its in children.items():
            self._say(f"{workload.name}: first round of {contender.name}")
            with _skipping(measured, workload, contender):
                # Imports are nobody's opening. The first large round counts where there is time for one.
                its.ask("replay", contender.name, workload.name, sizes[0])
                first = its.ask("replay", contender.name, workload.name, sizes[-1])
                if first.memory is not None:
                    measured.memory[_id(workload, contender)] = first.memory
                if first.whole > _BUDGET_SECONDS:
                    taken[contender.name][sizes[-1]].append(first)
        for number in range(self._rounds):
            self._say(f"{workload.name}: round {number + 1} of {self._rounds}")
            for n in sizes:
                # Each goes first as often as last: a machine that tires shows in all.
                for contender in list(children)[:: 1 if number % 2 else -1]:
                    rounds = taken[contender.name][n]
                    is_in = _id(workload, contender) not in measured.skipped
                    if is_in and sum(r.whole for r in rounds) < _BUDGET_SECONDS:
                        with _skipping(measured, workload, contender):
                            rounds.append(children[contender].ask("replay", contender.name, workload.name, n))
        return taken

    @contextmanager
    def _child(self, site: Site, contender: Contender) -> Iterator[Child]:
        assert not contender.is_peer or self._peers is not None
        with child(site, self._peers if contender.is_peer and self._peers else sys.executable) as started:
            yield started

    def _taking(self, contender: Contender, measured: Measured) -> list[Workload]:
        return [
            w for w in self._workloads if contender.takes(w) and _id(w, contender) not in measured.skipped
        ]


@contextmanager
def _skipping(measured: Measured, workload: Workload, contender: Contender) -> Iterator[None]:
    """Leave a contender that fails out of the rest of a workload, with its reason."""
    try:
        yield
    except ChildFailed as error:
        measured.skipped[_id(workload, contender)] = str(error)


def _id(workload: Workload, contender: Contender) -> str:
    return f"{workload.name}/{contender.name}"


def _results(workload: Workload, taken: Taken) -> Iterator[Result]:
    floors = next((taken[name] for name in taken if CONTENDERS[name].is_floor), {})
    for name, by_size in taken.items():
        for n, rounds in by_size.items():
            if not rounds:
                continue
            pairs = list(zip(rounds, floors.get(n, ()), strict=False))
            ratios = tuple((mine.opening + mine.calls) / its.calls for mine, its in pairs)
            yield Result(
                workload.name,
                name,
                n,
                len(rounds),
                median(r.calls for r in rounds) / n * 1e6,
                median(r.opening for r in rounds) / n * 1e6,
                median(r.whole for r in rounds) / n * 1e6,
                median(ratios) if ratios else None,
                median(mine.calls / its.calls for mine, its in pairs) if pairs else None,
                ratios,
            )


def measure_recording(site: Site, sizes: Sequence[int], rounds: int, say: Say, measured: Measured) -> None:
    """Record and call live in turn: enough calls that sealing and writing count as they do in a suite."""
    n = max((size for size in sizes if size <= _RECORDED), default=min(sizes))
    say("recording and live calls in turn")
    workload = WORKLOADS["dynamodb"]
    workload.prepare(site, n)
    taken: dict[str, list[float]] = {"live": [], "record": []}
    with child(site) as its:
        for what in taken:
            its.ask(what, "sealtape", workload.name, 1)
        for number in range(rounds):
            for what in list(taken)[:: 1 if number % 2 else -1]:
                taken[what].append(its.ask(what, "sealtape", workload.name, n).whole)
    live, recorded = (median(times) / n * 1e6 for times in taken.values())
    detail = f"{n} calls of moto's server: {recorded:,.0f} µs recorded, {live:,.0f} µs live"
    measured.figures["recording"] = Figure(recorded / live, "× live", detail)

"""Recording once, replaying in rounds: who is asked when, and what becomes of the times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import IO

from bench.child import Round
from bench.contenders import Contender
from bench.results import Measured, Recording, Result
from bench.workloads import Site, aws_client, fill_table, http_service
from sealtape.capture.embedded import ENVIRONMENT, embedded_sandbox
from sealtape.seal.keyring import KEY_VARIABLE, new_key

_ANSWER_SECONDS = 300.0
"""A child that has not answered after so long is ended."""

_BUDGET_SECONDS = 6.0
"""A contender that has used so much at one N is not asked again there."""

Say = Callable[[str], None]


class ChildFailed(Exception):
    """A contender could not do what it was asked; the text says why."""


class Child:
    """A running `bench.child`, asked for one round at a time."""

    def __init__(self, process: subprocess.Popen[str], log: IO[str]) -> None:
        self._process = process
        self._log = log

    def ask(self, what: str, contender: Contender, n: int) -> Round:
        """Return what one round took; raise `ChildFailed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(_ANSWER_SECONDS, self._process.kill)
        watchdog.start()
        try:
            request = {"do": what, "contender": contender.id, "n": n}
            print(json.dumps(request), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        if not line:
            self._log.seek(0)
            last = self._log.read().strip().splitlines()[-1:]
            raise ChildFailed("; ".join(["its process ended", *last]))
        answer = json.loads(line)
        if "error" in answer:
            raise ChildFailed(answer["error"])
        return Round(**answer)


class Bench:
    """One run: the contenders, the sizes, and the environments they live in.

    ``peers`` is the Python of the peers, None where there is none.
    """

    def __init__(
        self, contenders: Sequence[Contender], sizes: Sequence[int], rounds: int, peers: Path | None, say: Say
    ) -> None:
        self._contenders = [c for c in contenders if peers is not None or not c.is_peer]
        self._sizes = sorted(sizes)
        self._rounds = rounds
        self._peers = peers
        self._say = say
        self._measured = Measured()

    def run(self) -> Measured:
        """Record against live servers, replay when they are gone, and return what was measured."""
        with _environment(), tempfile.TemporaryDirectory(prefix="sealtape-bench-") as folder:
            # Settings of its own: this checkout's pin a key.
            Path(folder, "pyproject.toml").write_text("[tool.sealtape]\n")
            with embedded_sandbox() as aws_url, http_service() as http_url:
                site = Site(Path(folder), aws_url, http_url)
                fill_table(aws_client(site), self._sizes[-1])
                self._record(site)
                self._measure_recording(site)
            self._measure_memory(site)
            self._replay(site)
        return self._measured

    @contextmanager
    def _child(self, site: Site, contender: Contender) -> Iterator[Child]:
        python = str(self._peers) if contender.is_peer else sys.executable
        where = json.dumps([str(site.folder), site.aws_url, site.http_url])
        tools = str(Path(__file__).resolve().parents[1])
        paths = [tools, *filter(None, [os.environ.get("PYTHONPATH")])]
        with tempfile.TemporaryFile("w+") as log:
            process = subprocess.Popen(
                [python, "-m", "bench.child", where],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
            with process:
                try:
                    yield Child(process, log)
                finally:
                    process.kill()

    def _taking_part(self) -> Iterator[Contender]:
        return (c for c in self._contenders if c.id not in self._measured.skipped)

    @contextmanager
    def _skipping(self, contender: Contender) -> Iterator[None]:
        """Leave a contender that fails out of the rest, with its reason."""
        try:
            yield
        except ChildFailed as error:
            self._measured.skipped[contender.id] = str(error)

    def _record(self, site: Site) -> None:
        for contender in self._taking_part():
            if contender.records:
                self._say(f"recording {contender.id}")
                with self._skipping(contender), self._child(site, contender) as child:
                    for n in self._sizes:
                        child.ask("record", contender, n)

    def _measure_recording(self, site: Site) -> None:
        # Where 300 is measured: enough calls that sealing and writing count as they do in a suite.
        n = self._sizes[len(self._sizes) // 2]
        for contender in self._taking_part():
            if contender.id == "aws/sealtape":
                self._say("recording and live calls in turn")
                with self._skipping(contender), self._child(site, contender) as child:
                    taken: dict[str, list[float]] = {"live": [], "record": []}
                    for what in taken:
                        child.ask(what, contender, self._sizes[0])
                    for number in range(self._rounds):
                        # Each goes first as often as the other: a machine that tires shows in both.
                        for what in list(taken)[:: 1 if number % 2 else -1]:
                            taken[what].append(child.ask(what, contender, n).whole)
                    live, recorded = (median(times) / n * 1e6 for times in taken.values())
                    self._measured.recording = Recording(n, live, recorded)

    def _measure_memory(self, site: Site) -> None:
        for contender in self._taking_part():
            if contender.with_floor:  # the others have a process of their own anyway
                self._say(f"memory of {contender.id}")
                with self._skipping(contender), self._child(site, contender) as child:
                    self._keep_memory(contender, child.ask("replay", contender, self._sizes[-1]))

    def _keep_memory(self, contender: Contender, first: Round) -> None:
        if first.memory is not None:
            self._measured.memory.setdefault(contender.id, first.memory)

    def _replay(self, site: Site) -> None:
        taken: dict[tuple[str, int], list[Round]] = {}
        with ExitStack() as stack:
            children = self._children(site, stack)
            for contender in self._taking_part():
                self._say(f"first round of {contender.id}")
                with self._skipping(contender):
                    # Imports are nobody's opening. The first large round counts where there is time for one.
                    children[contender.id].ask("replay", contender, self._sizes[0])
                    first = children[contender.id].ask("replay", contender, self._sizes[-1])
                    self._keep_memory(contender, first)
                    if first.whole > _BUDGET_SECONDS:
                        taken[contender.id, self._sizes[-1]] = [first]
            for number in range(self._rounds):
                self._say(f"round {number + 1} of {self._rounds}")
                for n in self._sizes:
                    for contender in self._taking_part():
                        rounds = taken.setdefault((contender.id, n), [])
                        if sum(r.whole for r in rounds) < _BUDGET_SECONDS:
                            with self._skipping(contender):
                                rounds.append(children[contender.id].ask("replay", contender, n))
        self._measured.results = list(_results(self._contenders, self._sizes, taken))

    def _children(self, site: Site, stack: ExitStack) -> Mapping[str, Child]:
        """Start a process for each contender, and one for all that are measured with their floor."""
        children: dict[str, Child] = {}
        shared: dict[str, Child] = {}
        for contender in self._taking_part():
            if contender.with_floor and contender.track in shared:
                children[contender.id] = shared[contender.track]
                continue
            child = children[contender.id] = stack.enter_context(self._child(site, contender))
            if contender.with_floor:
                shared[contender.track] = child
        return children


def _results(
    contenders: Iterable[Contender], sizes: Sequence[int], taken: Mapping[tuple[str, int], Sequence[Round]]
) -> Iterator[Result]:
    floors = {c.track: c.id for c in contenders if c.is_floor}
    for contender in contenders:
        for n in sizes:
            rounds = taken.get((contender.id, n), ())
            if not rounds:
                continue
            floor = taken.get((floors.get(contender.track, ""), n), ())
            ratios = [mine.calls / its.calls for mine, its in zip(rounds, floor, strict=False)]
            yield Result(
                contender.name,
                contender.track,
                n,
                len(rounds),
                median(r.calls for r in rounds) / n * 1e6,
                median(ratios) if ratios else None,
                median(r.opening for r in rounds) / n * 1e6 if contender.records else None,
            )


@contextmanager
def _environment() -> Iterator[None]:
    """Give this process and its children invented credentials and a fresh key, and nothing of the user's."""
    before = dict(os.environ)
    for name in before:
        if name.startswith(("AWS_", "SEALTAPE_")):
            del os.environ[name]
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    os.environ.update(ENVIRONMENT | files | {KEY_VARIABLE: new_key().text})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)

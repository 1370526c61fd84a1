"""Run the tests of one service after another, each in a process of its own, beside others."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from conformance.differing import Differing
from conformance.provider import FIXED_PORT
from environments import ROOT
from sealtape.capture.embedded import ENVIRONMENT

_TEST_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Went:
    """How one test went: ``missed`` are the requests it missed, each as the members that differ."""

    test: str
    outcome: str
    began: float = 0.0
    seconds: float = 0.0
    error: str = ""
    missed: tuple[tuple[Differing, ...], ...] = ()
    connections: tuple[str, ...] = ()


@dataclass(slots=True)
class Pass:
    """One run over the suite: how each test went, and the seconds of each service's process."""

    went: dict[str, Went] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    wall: float = 0.0

    def passed(self) -> set[str]:
        """Return the tests that passed."""
        return {test for test, went in self.went.items() if went.outcome == "passed"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the three passes: its name, what pytest is told, whether it has cassettes and credentials."""

    name: str
    options: tuple[str, ...]
    has_cassettes: bool = True
    has_credentials: bool = True


PLAIN = Kind("plain", ("-p", "no:sealtape", "-p", "no:recording"), has_cassettes=False)
RECORD = Kind("record", ("--record-mode=once",))
REPLAY = Kind("replay", ("--record-mode=none", "--conformance-offline"), has_credentials=False)
AT_ITS_TIME = replace(REPLAY, name="clock")
"""The replay once more, by the clock of the recording: whoever passes now compares answers with the clock."""

_UNAIDED = {"SEALTAPE_DRAWS": "real", "SEALTAPE_CLOCK": "real", "SEALTAPE_MATCH": "exact"}


class Runner:
    """Runs passes over ``tests`` (node ids by service) in ``folder``, where moto's suite lies.

    A pass takes as many services at a time as there are ``ports``, each with a server of its own: moto's
    tests reset theirs. Services with ``fixed`` tests run at `FIXED_PORT` if it is one of them. Tests that are
    ``unaided`` draw and read the clock as they do without a cassette, and match exactly.
    """

    def __init__(
        self,
        python: Path,
        folder: Path,
        tests: Mapping[str, Sequence[str]],
        say: Callable[[str], None],
        *,
        fixed: frozenset[str] = frozenset(),
        unaided: bool = False,
    ) -> None:
        self._python = python
        self._folder = folder
        # Last of its service, because such tests configure their server for good.
        self._tests = {name: sorted(ids, key=fixed.__contains__) for name, ids in tests.items()}
        self._say = say
        self._fixed = {name for name, ids in tests.items() if not fixed.isdisjoint(ids)}
        self._unaided = unaided

    def run(
        self,
        kind: Kind,
        ports: Sequence[int],
        recorded: Pass | None = None,
        only: Container[str] | None = None,
    ) -> Pass:
        """Run all tests, or ``only`` some; those of a ``recorded`` pass where their port was."""
        result = Pass()
        tests = {
            service: [test for test in listed if only is None or test in only]
            for service, listed in self._tests.items()
        }
        # Those that can run in one place only go first, or they would be waited for at the end.
        waiting = sorted(filter(tests.get, tests), key=lambda name: name not in self._fixed)
        lock = Lock()
        home = FIXED_PORT if FIXED_PORT in ports else ports[0]

        def take(port: int) -> str | None:
            with lock:
                for name in waiting:
                    if port == home or name not in self._fixed:
                        waiting.remove(name)
                        return name
            return None

        def lane(port: int) -> None:
            while (name := take(port)) is not None:
                at = port if recorded is None else recorded.ports[name]
                started = time.monotonic()
                went = self._run(kind, name, tests[name], at)
                result.ports[name], result.seconds[name] = at, time.monotonic() - started
                result.went |= went
                passed = sum(one.outcome == "passed" for one in went.values())
                self._say(f"{kind.name:6} {name:15} {passed:3} of {len(went)}  {result.seconds[name]:5.1f} s")

        started = time.monotonic()
        with ThreadPoolExecutor(len(ports)) as pool:
            list(pool.map(lane, ports))
        result.wall = time.monotonic() - started
        result.seconds = dict(sorted(result.seconds.items()))
        return result

    def _run(self, kind: Kind, service: str, tests: Sequence[str], port: int) -> dict[str, Went]:
        notes = self._folder / "notes" / f"{kind.name}-{service}.jsonl"
        notes.parent.mkdir(exist_ok=True)
        notes.unlink(missing_ok=True)
        command = [
            str(self._python), "-m", "pytest", "-q", "-p", "conformance.plugin", "-p", "no:randomly",
            f"--conformance={notes}", f"--timeout={_TEST_SECONDS}", *kind.options, *tests,
        ]  # fmt: skip
        if kind.has_cassettes:
            command.append(
                f"--conformance-cassettes={self._folder / 'tests' / f'test_{service}' / 'imports'}"
            )
        if kind is AT_ITS_TIME:
            command.append(f"--conformance-clock={notes.with_name(f'{RECORD.name}-{service}.jsonl')}")
        with notes.with_suffix(".log").open("w") as log:
            subprocess.run(
                command, cwd=self._folder, env=self._environment(kind, port),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        noted = notes.read_text(encoding="utf-8").splitlines() if notes.exists() else []
        went = {one.test: one for one in map(_read, noted)}
        # A process that died, or a module that could not be imported, leaves no note.
        return {test: went.get(test) or Went(test, "failed", error="it was not run") for test in tests}

    def _environment(self, kind: Kind, port: int) -> dict[str, str]:
        """Return the environment: nothing of this machine's AWS configuration, moto's server as endpoint."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SEALTAPE_"))
        }
        endpoint = f"http://localhost:{port}"
        return {
            **kept,
            **(ENVIRONMENT if kind.has_credentials else {}),
            "HOME": str(self._folder / "home"),
            "PYTHONPATH": str(ROOT / "tools"),
            "SEALTAPE_KEY_FILE": str(self._folder / "key"),
            "TEST_SERVER_MODE": "true",
            "TEST_SERVER_MODE_ENDPOINT": endpoint,
            "MOTO_PORT": str(port),
            **(_UNAIDED if self._unaided else {}),
        }


def _read(line: str) -> Went:
    note: dict[str, Any] = json.loads(line)
    note["missed"] = tuple(tuple(map(Differing.from_json, missed)) for missed in note["missed"])
    note["connections"] = tuple(note["connections"])
    return Went(**note)

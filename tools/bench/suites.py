"""What a suite costs: the processor's time of real pytest runs in a small project."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.processes import run
from bench.results import Figure, Measured
from bench.workloads import Site
from bench.workloads.aws import DYNAMODB

Say = Callable[[str], object]

# Nothing of sealtape's: what remains is pytest-recording and vcrpy.
_WITHOUT_SEALTAPE = ("-pno:sealtape",)
_BARE = ("-pno:sealtape", "-pno:recording")
# These import much, in each of many runs, and have nothing to do with it.
_ALWAYS = ("-q", "-pno:cacheprovider", "-pno:hypothesispytest", "-pno:randomly")

_CALLS = 3

_HEAD = """\
import os
import boto3
import pytest
from bench.workloads import Site
from bench.workloads.aws import DYNAMODB

SITE = Site.from_json(os.environ["BENCH_SITE"])
make = DYNAMODB.canned if "BENCH_CANNED" in os.environ else DYNAMODB.client
pytestmark = [] if "BENCH_CANNED" in os.environ else [pytest.mark.vcr]
each = pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
"""

_FILES = {
    "test_suite.py": f"""{_HEAD}
CLIENT = make(SITE)

@each
def test_calls(number):
    for index in range({_CALLS}):
        assert DYNAMODB.call(CLIENT, SITE, index)
""",
    "test_clients.py": f"""{_HEAD}
@each
def test_session(number):
    session = boto3.Session()
    session.client("s3", region_name="us-east-1")
    assert DYNAMODB.call(make(SITE, session), SITE, 0)
""",
    "test_marked.py": """\
import os
import pytest

@pytest.mark.vcr
@pytest.mark.parametrize("number", range(int(os.environ["BENCH_TESTS"])))
def test_nothing(number):
    pass
""",
}
_FILES["test_unmarked.py"] = _FILES["test_marked.py"].replace("@pytest.mark.vcr\n", "")


class Suites:
    """Pytest runs of ``tests`` tests, at most ``rounds`` of each kind, in turn."""

    def __init__(self, site: Site, tests: int, rounds: int, say: Say) -> None:
        self._site = site
        self._tests = tests
        self._rounds = rounds
        self._say = say
        self._folder = site.folder / "suites"
        self._folder.mkdir(exist_ok=True)
        (self._folder / "pyproject.toml").write_text("[tool.sealtape]\n")
        for name, text in _FILES.items():
            (self._folder / name).write_text(text)

    def record(self, file: str) -> None:
        """Record the cassettes of a file's tests; the provider must be there."""
        self._say(f"recording {file}")
        DYNAMODB.prepare(self._site, _CALLS)
        self._seconds(file, "--record-mode=once", tests=self._number(file))

    def measure_suite(self, measured: Measured) -> None:
        """Time marked tests with three calls each beside the same tests, unmarked, with canned answers."""
        replayed, canned = self._in_turn("test_suite.py", min(self._rounds, 3))
        each = 1000 / self._tests
        measured.figures["suite"] = Figure(
            median(r / c for r, c in zip(replayed, canned, strict=True)),
            "× canned",
            f"{self._tests} tests with {_CALLS} AWS calls: {median(replayed) * each:.2f} ms a test replayed, "
            f"{median(canned) * each:.2f} ms canned without sealtape, pytest's start included",
        )

    def measure_clients(self, measured: Measured) -> None:
        """Time tests that each make a session and two clients, with and without sealtape."""
        replayed, canned = self._in_turn("test_clients.py", min(self._rounds, 2))
        measured.figures["clients"] = Figure(
            median(c / r for r, c in zip(replayed, canned, strict=True)),
            "× faster",
            f"{self._number('test_clients.py')} tests with a session and two clients: "
            f"{median(canned):.1f} s without sealtape, {median(replayed):.1f} s replayed",
        )

    def measure_marked(self, measured: Measured) -> None:
        """Time what a mark adds to a test without traffic, with sealtape and with vcrpy alone."""
        plain = {"sealtape": (), "vcrpy": _WITHOUT_SEALTAPE}
        added: dict[str, list[float]] = {name: [] for name in plain}
        once: dict[str, list[float]] = {name: [] for name in plain}
        for number in range(min(self._rounds, 5)):
            self._say(f"tests without traffic: round {number + 1}")
            for name, options in plain.items():
                took = {
                    (file, tests): self._seconds(file, *options, tests=tests)
                    for file in ("test_marked.py", "test_unmarked.py")
                    for tests in (1, 1 + self._tests)
                }
                # A run of one test has all that a run has once: imports, patches, the key.
                start = took["test_marked.py", 1] - took["test_unmarked.py", 1]
                whole = took["test_marked.py", 1 + self._tests] - took["test_unmarked.py", 1 + self._tests]
                once[name].append(start * 1000)
                added[name].append((whole - start) / self._tests * 1000)
        for name in plain:
            measured.figures[f"marked, {name}"] = Figure(
                median(added[name]),
                "ms a test",
                f"a mark without traffic, {name}; and {median(once[name]):.0f} ms once a run",
            )

    def measure_collecting(self, measured: Measured) -> None:
        """Time ``--collect-only`` of a suite without a marked test, with and without the plugin."""
        variants: dict[str, Sequence[str]] = {"sealtape": (), "vcrpy": _WITHOUT_SEALTAPE, "bare": _BARE}
        taken: dict[str, list[float]] = {name: [] for name in variants}
        for number in range(2 * self._rounds + 1):  # what is asked for is small beside what varies
            self._say(f"collecting: round {number}")
            for name, options in list(variants.items())[:: 1 if number % 2 else -1]:
                seconds = self._seconds("test_unmarked.py", "--collect-only", *options, tests=100)
                if number:  # the first compiles
                    taken[name].append(seconds)
        for name in ("sealtape", "vcrpy"):
            more = median(a - b for a, b in zip(taken[name], taken["bare"], strict=True)) * 1000
            detail = f"--collect-only of 100 unmarked tests: more than {median(taken['bare']) * 1000:.0f} ms"
            said = (
                "with sealtape and pytest-recording" if name == "sealtape" else "with pytest-recording alone"
            )
            measured.figures[f"collecting, {name}"] = Figure(more, "ms", f"{detail}, {said}")

    def _in_turn(self, file: str, rounds: int) -> tuple[list[float], list[float]]:
        replayed: list[float] = []
        canned: list[float] = []
        for number in range(rounds):
            self._say(f"{file}: round {number + 1} of {rounds}")
            tests = self._number(file)
            replayed.append(self._seconds(file, tests=tests))
            canned.append(self._seconds(file, *_BARE, tests=tests, variables={"BENCH_CANNED": "1"}))
        return replayed, canned

    def _number(self, file: str) -> int:
        """Return how many tests a file has: making clients takes a fifth of them long enough."""
        return max(1, self._tests // 5) if file == "test_clients.py" else self._tests

    def _seconds(
        self, file: str, *options: str, tests: int, variables: Mapping[str, str] | None = None
    ) -> float:
        """Run a file and return what that cost; raise `ChildFailed` if a test did not pass."""
        given = {
            "BENCH_SITE": self._site.as_json(),
            "BENCH_TESTS": str(tests),
            "COLUMNS": "200",
            "HOME": os.fspath(Path(self._site.folder)),
            **(variables or {}),
        }
        started = _worked()
        run("pytest", *_ALWAYS, *options, file, folder=self._folder, variables=given)
        return _worked() - started


def _worked() -> float:
    """Return what the processor has done for runs that are over, in seconds: others do not count."""
    if sys.platform == "win32":
        return time.perf_counter()
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

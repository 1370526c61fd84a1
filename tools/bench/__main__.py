"""Measure sealtape beside its floors and the alternatives, in one run.

``python3 tools/dev.py bench`` runs this. Nothing is sent beyond loopback; the environment of the peers
is installed once, from the package index. One process at a time measures. Exit code 1 with ``--check`` and
a bar that is not met, 2 for options that make no sense.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.console import Console

from bench import report, sealing
from bench.bars import bars
from bench.contenders import CONTENDERS, Contender
from bench.environments import NoEnvironment, peers_python
from bench.processes import ChildFailed, environment
from bench.replaying import Replaying, measure_recording
from bench.results import Measured
from bench.suites import Suites
from bench.workloads import WORKLOADS, Site, Workload
from bench.workloads.http import http_service
from sealtape.capture.embedded import embedded_sandbox

PARTS = {
    "replay": "replayed calls beside the floors and the alternatives",
    "recording": "recording beside live calls",
    "sealing": "scrubbing, sealing and opening by size, and memory",
    "suite": "a suite of marked tests beside one with canned answers",
    "clients": "tests that make sessions and clients",
    "marked": "what a mark adds to tests that record nothing",
    "collecting": "what the plugin adds to a run without a marked test",
}
_SIZES = (1, 300, 1500)
_TESTS = 1000
_LARGE_BODIES = 10
"""How many 20 KB bodies the cassette whose memory is measured has, for each test of a suite."""
_WIDTH = 120

Steps = Mapping[str, Callable[[], None]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and judge."""
    options = _parser().parse_args(arguments)
    parts = options.part or list(PARTS)
    chosen = [c for c in CONTENDERS.values() if not options.only or c.is_floor or c.name in options.only]
    workloads = [w for w in WORKLOADS.values() if not options.workload or w.name in options.workload]
    # What is no terminal has no width: a log or a file shows the tables whole.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    progress = Console(stderr=True, highlight=False)
    peers, reason = _peers(chosen) if "replay" in parts else (None, "")
    measured = Measured()
    measured.skipped |= {c.name: reason for c in chosen if c.is_peer and reason}
    chosen = [c for c in chosen if peers or not c.is_peer]
    with progress.status("starting") as status:
        # A log shows no status.
        say = status.update if progress.is_terminal else progress.print
        _measure(measured, parts, options, chosen, workloads, peers, say)
    judged = bars(measured, parts, workloads)
    report.show(console, measured, judged)
    if options.json:
        content = json.dumps(report.document(measured, judged), indent=2)
        options.json.write_text(content + "\n", encoding="utf-8")
    return int(options.check and not all(bar.met for bar in judged))


def _measure(
    measured: Measured,
    parts: Sequence[str],
    options: argparse.Namespace,
    chosen: Sequence[Contender],
    workloads: Sequence[Workload],
    peers: Path | None,
    say: Callable[[str], object],
) -> None:
    """Record against live servers, and measure the rest when they are gone."""
    rounds = options.rounds
    with environment(), tempfile.TemporaryDirectory(prefix="sealtape-bench-") as folder:
        # Settings of its own: this checkout's pin a key.
        Path(folder, "pyproject.toml").write_text("[tool.sealtape]\n")
        with embedded_sandbox() as aws_url, http_service() as http_url:
            site = Site(Path(folder), aws_url, http_url)
            replaying = Replaying(workloads, chosen, options.sizes, rounds, peers, say)
            suites = Suites(site, options.tests, rounds, say)
            live: Steps = {
                "replay": lambda: replaying.record(site, measured),
                "recording": lambda: measure_recording(site, options.sizes, rounds, say, measured),
                "suite": lambda: suites.record("test_suite.py"),
                "clients": lambda: suites.record("test_clients.py"),
            }
            _take(live, parts, measured)
        bodies = options.tests * _LARGE_BODIES
        offline: Steps = {
            "replay": lambda: replaying.replay(site, measured),
            "sealing": lambda: sealing.measure(Path(folder), rounds, bodies, measured, say),
            "suite": lambda: suites.measure_suite(measured),
            "clients": lambda: suites.measure_clients(measured),
            "marked": lambda: suites.measure_marked(measured),
            "collecting": lambda: suites.measure_collecting(measured),
        }
        _take(offline, parts, measured)


def _take(steps: Steps, parts: Sequence[str], measured: Measured) -> None:
    """Take the steps of ``parts``; one that fails is skipped, with what would follow from it."""
    for part, step in steps.items():
        if part in parts and part not in measured.skipped:
            started = time.monotonic()
            try:
                step()
            except ChildFailed as error:
                measured.skipped[part] = str(error)
            measured.took[part] = measured.took.get(part, 0.0) + time.monotonic() - started


def _peers(chosen: Sequence[Contender]) -> tuple[Path | None, str]:
    """Return the Python of the peers, or None and why there is none."""
    if not any(contender.is_peer for contender in chosen):
        return None, ""
    try:
        return peers_python(), ""
    except NoEnvironment as error:
        return None, str(error)


def _parser() -> argparse.ArgumentParser:
    words = "; ".join(f"{name}: {text}" for name, text in PARTS.items())
    parser = argparse.ArgumentParser(prog="tools/dev.py bench", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--part", action="append", choices=PARTS, metavar="PART",
        help=f"measure this part; may be repeated (default: all). {words}",
    )  # fmt: skip
    parser.add_argument(
        "--workload", action="append", choices=WORKLOADS, metavar="NAME",
        help=f"replay this one; may be repeated (default: all of {', '.join(WORKLOADS)})",
    )  # fmt: skip
    parser.add_argument(
        "--only", action="append", choices=CONTENDERS, metavar="NAME",
        help=f"replay with this one and the floor; may be repeated: {', '.join(CONTENDERS)}",
    )  # fmt: skip
    parser.add_argument(
        "--sizes", type=_positive, nargs="+", default=_SIZES, metavar="N",
        help=f"calls a cassette holds (default {' '.join(map(str, _SIZES))}; 10000 takes some minutes more)",
    )  # fmt: skip
    parser.add_argument("--rounds", type=_positive, default=7, help="how often each is measured (default 7)")
    parser.add_argument(
        "--tests", type=_positive, default=_TESTS, metavar="N", help=f"tests of a suite (default {_TESTS})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements there too")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bar is not met")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())

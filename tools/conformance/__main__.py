"""Record and replay moto's own test suite with sealtape, and class every test that is lost.

``python3 tools/dev.py conformance`` runs this: 600 tests of 30 services, against moto's server on loopback
ports, once without a recorder, once recorded, and once replayed when the servers are gone. Exit code 1
for a bar that is missed, 2 for options that make no sense or a suite that cannot be had.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

from filelock import FileLock
from rich.console import Console

from conformance import report
from conformance.provider import FIXED_PORT, free_ports, served
from conformance.running import AT_ITS_TIME, PLAIN, RECORD, REPLAY, Runner
from conformance.stub import stubbed
from conformance.suite import bound_to, chosen_tests, suite_python, unpack
from environments import ROOT, NoSuite
from sealtape.seal.keyring import new_key, write_key_file

_WORK = ROOT / ".dev" / "conformance"
_WIDTH = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the three passes, print, and judge."""
    parser = _parser()
    options = parser.parse_args(arguments)
    tests = chosen_tests(options.service, options.k)
    if not tests:
        parser.error("no test of the list is left: widen --service or -k")
    progress = Console(stderr=True, highlight=False)
    folder = options.work.resolve()
    try:
        # One run at a time: another one's tests would ask the stub of this one at the port that they share.
        with FileLock(Path(tempfile.gettempdir()) / "sealtape-conformance.lock"):
            python = suite_python()
            unpack(folder)
            if not (folder / "key").exists():
                write_key_file(new_key(), folder / "key")
            ports = free_ports(min(options.n, len(tests)))
            fixed = bound_to(f"localhost:{FIXED_PORT}", folder, chain(*tests.values()))
            runner = Runner(
                python, folder, tests, lambda text: progress.print(text, markup=False),
                fixed=fixed, unaided=options.unaided,
            )  # fmt: skip
            outcome = _run(runner, python, folder, ports)
    except NoSuite as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    judged = report.bars(outcome)
    # What is no terminal has no width: a log or a file shows the tables whole.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    report.show(console, outcome, judged)
    content = json.dumps(report.document(outcome, judged), indent=1)
    (options.json or folder / "conformance.json").write_text(content + "\n", encoding="utf-8")
    return int(not all(bar.met for bar in judged))


def _run(runner: Runner, python: Path, folder: Path, ports: Sequence[int]) -> report.Outcome:
    with served(python, ports, folder):
        plain = runner.run(PLAIN, ports)
    # By fresh servers, because not all that the tests change goes with moto's reset.
    with served(python, ports, folder):
        record = runner.run(RECORD, ports)
    with ExitStack() as servers:
        stubs = [servers.enter_context(stubbed(port)) for port in ports]
        replay = runner.run(REPLAY, ports, record)
        missed_nothing = {test for test, went in replay.went.items() if not went.missed}
        unexplained = plain.passed() & record.passed() & missed_nothing - replay.passed()
        clock = runner.run(AT_ITS_TIME, ports, record, unexplained)
    refused = [request for stub in stubs for request in stub.refused]
    return report.Outcome(plain, record, replay, clock, refused, report.sizes(folder, list(plain.seconds)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/dev.py conformance", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "--service", action="append", default=[], metavar="NAME", help="run this one only; may be repeated"
    )
    parser.add_argument("-k", default="", metavar="TEXT", help="run tests whose id contains this")
    parser.add_argument(
        "-n",
        type=_positive,
        default=2,
        metavar="N",
        help="services at a time, each with a server (default 2)",
    )
    parser.add_argument(
        "--work", type=Path, default=_WORK, metavar="DIR",
        help="where the suite and its cassettes are left (default .dev/conformance)",
    )  # fmt: skip
    parser.add_argument(
        "--unaided", action="store_true",
        help="record no inputs and match exactly, to see which tests depend on either",
    )  # fmt: skip
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="the report, instead of DIR/conformance.json"
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("it must be at least 1")
    return value


if __name__ == "__main__":
    sys.exit(main())

"""Measure sealtape's replay beside its floors and the alternatives, in one run.

``python3 tools/dev.py bench`` runs this. Nothing is sent beyond loopback; the environment of the peers
is installed once, from the package index. Exit code 1 with ``--check`` and a bar that is not met, 2 for
options that make no sense.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from bench import report
from bench.contenders import CONTENDERS, Contender
from bench.environments import NoEnvironment, peers_python
from bench.measuring import Bench

_SIZES = (1, 300, 1500)
_WIDTH = 110


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and judge."""
    parser = _parser()
    options = parser.parse_args(arguments)
    chosen = [c for c in CONTENDERS if not options.only or c.is_floor or c.name in options.only]
    # What is no terminal has no width: a log or a file shows the tables whole.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    progress = Console(stderr=True, highlight=False)
    peers, reason = _peers(chosen)
    with progress.status("starting") as status:
        bench = Bench(chosen, options.sizes, options.rounds, peers, lambda text: status.update(text))
        measured = bench.run()
    if reason:
        measured.skipped |= {contender.id: reason for contender in chosen if contender.is_peer}
    judged = report.bars(measured)
    report.show(console, measured, judged, chosen)
    if options.json:
        content = json.dumps(report.document(measured, judged), indent=2)
        options.json.write_text(content + "\n", encoding="utf-8")
    return int(options.check and not all(bar.met for bar in judged))


def _peers(chosen: Sequence[Contender]) -> tuple[Path | None, str]:
    """Return the Python of the peers, or None and why there is none."""
    if not any(contender.is_peer for contender in chosen):
        return None, ""
    try:
        return peers_python(), ""
    except NoEnvironment as error:
        return None, str(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/dev.py bench", description=__doc__.partition("\n")[0])
    names = sorted({contender.name for contender in CONTENDERS})
    parser.add_argument(
        "--sizes", type=_positive, nargs="+", default=_SIZES, metavar="N",
        help=f"calls a cassette holds (default {' '.join(map(str, _SIZES))})",
    )  # fmt: skip
    parser.add_argument("--rounds", type=_positive, default=7, help="how often each is measured (default 7)")
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME",
        help=f"measure this one and the floors; may be repeated: {', '.join(names)}",
    )  # fmt: skip
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

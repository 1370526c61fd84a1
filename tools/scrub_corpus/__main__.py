"""``python -m scrub_corpus [--seed N]``: scrub the corpus and print every fault; exit 1 if there is one."""

from __future__ import annotations

import argparse

from scrub_corpus.corpus import corpus
from scrub_corpus.judging import faults


def main() -> int:
    """Print the faults of one seed and the counts; return the exit code."""
    parser = argparse.ArgumentParser(prog="scrub_corpus", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose names contain this")
    options = parser.parse_args()
    cases = [case for case in corpus(options.seed) if options.only in case.name]
    found = faults(cases)
    for fault in found:
        print(fault)
    planted = sum(len(case.secrets) for case in cases)
    harmless = sum(len(case.kept) or not case.secrets for case in cases)
    print(f"{planted} secrets, {harmless} look-alikes, {len(found)} faults")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())

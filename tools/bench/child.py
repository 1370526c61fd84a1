"""A process that records and replays for the bench, told by lines of JSON what to do.

``python -m bench.child SITE`` reads ``{"do", "contender", "workload", "n"}`` from its standard input and
answers each with the fields of a `Round` or with ``{"error"}``. Each contender is measured in a process
where no other has patched anything, the floors too: sealtape makes botocore cheaper in its own.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.contenders import CONTENDERS, Contender
from bench.workloads import WORKLOADS, Site, Workload, name_of

_FEWEST_CALLS = 20
"""A round makes at least so many calls: one call alone is too short to be timed."""

worked = time.perf_counter if sys.platform == "win32" else time.process_time
"""Return what the processor has done here, in seconds; Windows counts that in steps of a hundredth."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round took, in seconds, and the peak of the process's memory until then, in bytes.

    ``opening`` and ``calls`` are what the processor did in this process: a replay waits for nothing, and
    what else runs on the machine does not count. ``whole`` is by the clock on the wall, from before the
    opening until after the closing. All are medians where a round repeats its few calls. ``memory`` is
    None where the system does not tell.
    """

    opening: float
    calls: float
    whole: float
    memory: int | None


def main() -> int:
    """Answer requests until standard input ends."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    site = Site.from_json(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        contender, workload = CONTENDERS[request["contender"]], WORKLOADS[request["workload"]]
        try:
            done = asdict(perform(request["do"], contender, workload, site, request["n"]))
        except Exception as error:
            text = str(error).partition("\n")[0]
            done = {"error": f"{type(error).__name__}: {text}"}
        print(json.dumps(done), file=answers, flush=True)
    return 0


def perform(what: str, contender: Contender, workload: Workload, site: Site, n: int) -> Round:
    """Do one round: ``record`` and ``live`` need the providers, ``replay`` does without."""
    repeats = -(-_FEWEST_CALLS // n) if what == "replay" else 1
    gc.collect()  # nobody pays for the rubbish of the round before
    taken = [_timed(what, contender, workload, site, n) for _ in range(repeats)]
    if contender.is_floor and "sealtape" in sys.modules:
        raise AssertionError("a floor was measured where sealtape is loaded")
    opening, calls, whole = (median(times) for times in zip(*taken, strict=True))
    return Round(opening, calls, whole, peak_memory())


def _timed(
    what: str, contender: Contender, workload: Workload, site: Site, n: int
) -> tuple[float, float, float]:
    client = contender.client(workload, site, n)
    play = workload.play
    since, started = time.perf_counter(), worked()
    with _context(what, contender, workload, client, site, n):
        opened = worked()
        name = play(client, site, n)
        called = worked()
    whole = time.perf_counter() - since
    workload.close(client)
    _check(name, 0 if contender.is_canned else n - 1)
    return opened - started, called - opened, whole


def _context(
    what: str, contender: Contender, workload: Workload, client: Any, site: Site, n: int
) -> AbstractContextManager[Any]:
    if what == "record":
        return contender.recorded(workload, client, site, n)
    return contender.replayed(workload, client, site, n) if what == "replay" else nullcontext()


def _check(name: str, index: int) -> None:
    if name != name_of(index):
        raise AssertionError(f"the last answer was {name!r}, not {name_of(index)!r}")


def peak_memory() -> int | None:
    """Return the most memory this process ever had resident, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Not ru_maxrss: over fork and exec that begins with the parent's.
        lines = status.read_text().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), None)
    if sys.platform == "win32":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    sys.exit(main())

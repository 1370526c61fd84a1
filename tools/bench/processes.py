"""The processes that do what is measured, and what they find around them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from bench.child import Round
from bench.workloads import Site
from sealtape.capture.embedded import ENVIRONMENT
from sealtape.seal.keyring import KEY_VARIABLE, new_key

_ANSWER_SECONDS = 300.0
"""A child that has not answered after so long is ended."""


class ChildFailed(Exception):
    """A process could not do what it was asked; the text says why."""


class Child:
    """A running `bench.child`, asked for one round at a time."""

    def __init__(self, process: subprocess.Popen[str], log: IO[str]) -> None:
        self._process = process
        self._log = log

    def ask(self, what: str, contender: str, workload: str, n: int) -> Round:
        """Return what one round took; raise `ChildFailed`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(_ANSWER_SECONDS, self._process.kill)
        watchdog.start()
        try:
            request = {"do": what, "contender": contender, "workload": workload, "n": n}
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


@contextmanager
def child(site: Site, python: str | Path = sys.executable) -> Iterator[Child]:
    """Start a `bench.child`, and end it with the block."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [str(python), "-m", "bench.child", site.as_json()],
            env=_with_tools(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        with process:
            try:
                yield Child(process, log)
            finally:
                process.kill()


def run(
    module: str, *arguments: str, folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> str:
    """Run a module of this Python to its end and return what it printed; raise `ChildFailed`."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder, env=_with_tools() | dict(variables or {}), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise ChildFailed(f"{module} ended with {done.returncode}; {_telling(said)}")
    return done.stdout


def _telling(lines: Sequence[str]) -> str:
    """Return the line that says most about a failure: an error of pytest's, else the last."""
    errors = [line for line in lines if line.startswith(("E  ", "ERROR"))]
    return "; ".join((errors or list(lines))[-1:])


def _with_tools() -> dict[str, str]:
    tools = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [tools, os.environ.get("PYTHONPATH")]))}


@contextmanager
def environment() -> Iterator[None]:
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

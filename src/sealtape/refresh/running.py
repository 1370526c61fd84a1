"""Running pytest so that it records anew beside the accepted cassettes, and reading what it does.

pytest runs in a process of its own and writes every new recording to a pending file; what it does is
read from a file of events while it runs.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from sealtape.capture.embedded import require_sandbox
from sealtape.errors import SandboxUnreachable, SealtapeError, UsageError
from sealtape.seal.keyring import load_key
from sealtape.settings import Settings

EMBEDDED = "embedded"

_POLL_SECONDS = 0.1
_GRACE_SECONDS = 2.0
_STOP_SECONDS = 15.0
_PYTEST_INTERRUPTED, _PYTEST_REFUSED, _PYTEST_FOUND_NOTHING = 2, 4, 5
_COMPLAINT = re.compile(r"(?:.*: error|ERROR): (?!usage:)(.+)")


@dataclass(frozen=True, slots=True)
class RecordedTest:
    """One test that was to be recorded anew: how it ended, and what it wrote.

    ``outcome`` is ``passed``, ``failed`` or ``skipped``, ``error`` says why it failed. ``cassettes``
    are paths with ``same``, ``pending`` or ``new``; ``shared`` are those of them that belong to a class, a
    module or a session, each with the tests that bring up its fixtures.
    """

    test: str
    outcome: str
    error: str = ""
    cassettes: tuple[tuple[Path, str], ...] = ()
    shared: tuple[tuple[Path, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: tests that are to be run (None until that is known), and those that have been."""

    total: int | None
    tests: tuple[RecordedTest, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What became of a run of pytest.

    ``code`` is pytest's exit code, ``output`` what it printed. ``is_whole`` is false where it was
    interrupted, broke off, or could not collect its tests.
    """

    tests: tuple[RecordedTest, ...]
    total: int
    code: int
    output: str = field(repr=False)
    interrupted: bool = False
    finished: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether every test that was collected came to an end."""
        return self.finished and not self.interrupted and len(self.tests) >= self.total


def require_rules(settings: Settings, sandbox: str | None) -> None:
    """Raise `UsageError` unless it is said what may be recorded, and `SandboxUnreachable` for a sandbox
    server that does not answer: both before a test is run."""
    rules = settings.sandbox
    if sandbox is None and not (rules.accounts or rules.hosts):
        raise UsageError(
            "there is no sandbox to record against",
            where="[tool.sealtape.sandbox]",
            why="neither accounts nor hosts are set, and no --sandbox was given",
            hint='sealtape refresh --sandbox=embedded, or set accounts or hosts (["127.0.0.1"] for a service '
            "of your own) in pyproject.toml",
        )
    if sandbox is not None and sandbox != EMBEDDED:
        try:
            require_sandbox(sandbox)
        except SandboxUnreachable as error:
            raise SandboxUnreachable(
                error.what,
                where=error.where,
                why=error.why,
                hint="start it, or: sealtape refresh --sandbox=embedded",
            ) from None
        except UsageError as error:
            raise UsageError(
                error.what, where=error.where, why=error.why, hint="sealtape refresh --sandbox=embedded"
            ) from None


def require_key(settings: Settings) -> None:
    """Raise `KeyringError` unless the project's key is at hand: before a test is run, not in each."""
    load_key(settings.key_id, root=settings.root)


def require_none_pending(pending: Sequence[str]) -> None:
    """Raise if recordings wait from before: recording again would decide on them unasked."""
    if pending:
        more = f" and {len(pending) - 5} more" if len(pending) > 5 else ""
        raise SealtapeError(
            f"{len(pending)} pending from before, so nothing was recorded",
            why=", ".join(pending[:5]) + more,
            hint="sealtape review, or to record over them: sealtape refresh --replace",
        )


def record_anew(
    arguments: Sequence[str],
    *,
    sandbox: str | None = None,
    older_than: int | None = None,
    only: Sequence[str] | None = None,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Run:
    """Run pytest with ``arguments`` so that marked tests are recorded into pending files.

    ``older_than`` (seconds) leaves out what was confirmed since, ``only`` all tests but these, by pytest's
    ids. ``watch`` is told of every step.
    Ctrl-C stops pytest, and the run is returned as far as it came. Raise `UsageError` where pytest
    refuses to start or finds no test to record.
    """
    with tempfile.TemporaryDirectory(prefix="sealtape-") as folder:
        events = Path(folder, "events.jsonl")
        command = [sys.executable, "-m", "pytest", f"--sealtape-refresh={events}"]
        # For pytest-recording: it lets a run with --block-network reach the network if it records.
        command += ["--record-mode=rewrite"]
        command += [f"--sealtape-older-than={older_than}"] if older_than is not None else []
        if only is not None:
            chosen = Path(folder, "only.json")
            chosen.write_text(json.dumps(list(only)), encoding="utf-8")
            command += [f"--sealtape-refresh-only={chosen}"]
        command += [f"--sandbox={sandbox}"] if sandbox is not None else []
        with Path(folder, "output").open("w+b") as output:
            watching = _Watching(events, watch)
            code, interrupted = _run([*command, *arguments], output, watching)
            output.seek(0)
            printed = output.read().decode("utf-8", "replace")
    run = Run(
        tuple(watching.tests),
        watching.total or 0,
        code,
        printed,
        interrupted,
        watching.finished and code in (0, 1),
    )
    if not interrupted:
        _refuse_nothing(run)
    return run


class _Watching:
    """Reads the file of events as it grows."""

    def __init__(self, path: Path, watch: Callable[[Progress], None]) -> None:
        self._path = path
        self._watch = watch
        self._at = 0
        self.total: int | None = None
        self.tests: list[RecordedTest] = []
        self.finished = False

    def look(self) -> None:
        """Take in what was written since the last look."""
        lines = list(self._lines())
        for line in lines:
            self._take(json.loads(line))
        if lines:
            self._watch(Progress(self.total, tuple(self.tests)))

    def _lines(self) -> Iterator[bytes]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._at)
                for line in file:
                    if not line.endswith(b"\n"):  # it is being written
                        return
                    self._at += len(line)
                    yield line
        except FileNotFoundError:
            return

    def _take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "collected":
                self.total = event["tests"]
            case "test":
                cassettes = tuple((Path(c["path"]), str(c["outcome"])) for c in event["cassettes"])
                shared = tuple(
                    (Path(c["path"]), tuple(c["shared_by"])) for c in event["cassettes"] if c["shared_by"]
                )
                error = str(event.get("error") or "")
                self.tests.append(RecordedTest(event["test"], event["outcome"], error, cassettes, shared))
            case "finished":
                self.finished = True


def _run(command: list[str], output: IO[bytes], watching: _Watching) -> tuple[int, bool]:
    """Run ``command`` to its end and return its exit code, and whether it was interrupted."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    ) as process:
        try:
            while process.poll() is None:
                watching.look()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL_SECONDS)
            watching.look()
            return process.returncode, False
        except KeyboardInterrupt:
            code = _stopped(process)
            watching.look()
            return code, True
        finally:
            if process.poll() is None:
                process.kill()


def _stopped(process: subprocess.Popen[bytes]) -> int:
    """Wait for pytest to end as one that was interrupted does; ask, and in the end make, it do so.

    A terminal has told pytest already, and a second signal would cut its teardown short: hence the
    grace before asking. Windows knows no interrupt for one process.
    """
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        return process.wait(_GRACE_SECONDS)
    if os.name == "nt":
        process.terminate()
    else:
        process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
        return process.wait(_STOP_SECONDS)
    process.kill()
    return process.wait()


def _refuse_nothing(run: Run) -> None:
    if run.code == _PYTEST_REFUSED:
        said, hint = _complaint(run.output)
        raise UsageError("pytest did not start", why=said, hint=hint or "pytest --help")
    if run.code == _PYTEST_FOUND_NOTHING:
        raise UsageError(
            "there is no test to record",
            why="none of those that pytest collected is marked with @pytest.mark.vcr",
            hint="pytest --collect-only -q",
        )


def _complaint(output: str) -> tuple[str, str]:
    """Return what pytest complains of, and the hint that came with it."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    hint = next((line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")), "")
    # pytest's own way of saying it, or argparse's, whose first line is about usage.
    found = [match[1] for line in lines if (match := _COMPLAINT.match(line))]
    return "; ".join(found or lines[-3:]), hint

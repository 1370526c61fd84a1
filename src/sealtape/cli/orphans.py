"""Cassettes that no test maps to any more, as one run of pytest tells that collects and runs nothing."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sealtape import store
from sealtape.cli.checks import Finding, is_plain_cassette
from sealtape.cli.project import files_under, project_root, shown
from sealtape.errors import UsageError

_NO_TESTS = 5
_PLAIN_SUFFIXES = (".yaml", ".yml", ".json")


def orphans(arguments: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding for each cassette of the project that none of its tests maps to.

    ``arguments`` are pytest's. One that lies where tests have theirs is a problem; of other sealed ones there
    is a note, because ``sealtape.use_cassette`` may open them. Raise `UsageError` without a collection.
    """
    events = _collected(arguments)
    mapped = {_file(Path(path)) for event in events for path in event.get("paths", ())}
    folders = {Path(event["folder"]).absolute() for event in events if "folder" in event}
    roots = {folder.parent for folder in folders if folder.parent.name == "cassettes"}
    for path in files_under([project_root()], (store.SUFFIX, *_PLAIN_SUFFIXES)):
        absolute = path.absolute()
        is_sealed = path.suffix == store.SUFFIX
        if _file(path) in mapped or not (is_sealed or is_plain_cassette(path)):
            continue
        if absolute.parent in folders or absolute.parent.parent in roots:
            move = "sealtape mv" if is_sealed else "git mv"
            hint = f"git rm {shlex.quote(shown(path))}, or {move} it to where its test looks now"
            yield Finding("problem", shown(path), "no test maps to this cassette", hint)
        elif is_sealed:
            yield Finding("note", shown(path), "no marked test maps to this cassette")


def _file(path: Path) -> str:
    return store.same_file(Path(os.path.realpath(path)).as_posix())


def _collected(arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Return what the plugin tells of each marked test."""
    with tempfile.TemporaryDirectory(prefix="sealtape-") as folder:
        events = Path(folder) / "events"
        # With workers, the tests would be collected elsewhere.
        alone = ["-n0"] if importlib.util.find_spec("xdist") else []
        command = [sys.executable, "-m", "pytest", f"--sealtape-mapping={events}", "-q", *alone, *arguments]
        run = subprocess.run(
            command,
            cwd=project_root(),
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        told = (
            [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
            if events.exists()
            else []
        )
    failed = next((event for event in told if event["event"] == "failed"), None)
    done = next((event for event in told if event["event"] == "collected"), None)
    if failed is not None:
        raise _unknown(f"{failed['test']}: {failed['error']}", arguments)
    if done is None or done["errors"] or run.returncode not in (0, _NO_TESTS):
        lines = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()]
        told_why = next(
            (line for line in lines if line.startswith(("E  ", "ERROR"))), lines[-1] if lines else ""
        )
        raise _unknown(told_why.removeprefix("E").strip(), arguments)
    return told


def _unknown(why: str, arguments: Sequence[str]) -> UsageError:
    return UsageError(
        "which cassettes are orphans cannot be said without collecting the tests",
        why=why,
        hint=shlex.join(["pytest", "--collect-only", *arguments]),
    )

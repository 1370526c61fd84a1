"""Runs that record every marked test again, beside the accepted cassettes, for ``sealtape refresh``.

What happens is told in a file of JSON lines, which the command reads while pytest runs: ``collected``
with the number of tests, ``test`` with outcome, error and cassettes of each, ``finished`` with pytest's
exit code. The controlling process writes it, also under xdist.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sealtape.plugin.collection import is_marked


def keep_marked(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that have nothing to record, and those that the refresh does not ask for."""
    chosen = config.getoption("--sealtape-refresh-only")
    only = None if chosen is None else set(json.loads(Path(chosen).read_text(encoding="utf-8")))
    kept = [item for item in items if is_marked(item) and (only is None or item.nodeid in only)]
    rest = [item for item in items if item not in kept] if len(kept) < len(items) else []
    if rest:
        config.hook.pytest_deselected(items=rest)
        items[:] = kept


class Events:
    """A pytest plugin object that writes the file of events."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._collected = False
        self._tests: dict[str, dict[str, Any]] = {}

    def _tell(self, event: str, **facts: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **facts}) + "\n")

    def _tell_collected(self, tests: int) -> None:
        if not self._collected:
            self._collected = True
            self._tell("collected", tests=tests)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if session.items:  # xdist's controller collects nothing itself
            self._tell_collected(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        self._tell_collected(len(ids))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self._tests.setdefault(report.nodeid, {"outcome": "passed", "error": "", "cassettes": []})
        if report.failed and not test["error"]:
            test |= {"outcome": "failed", "error": _short(report)}
        elif report.skipped and not hasattr(report, "wasxfail"):
            test["outcome"] = "skipped"
        if report.when == "teardown":
            test["cassettes"] = [
                {name: written[name] for name in ("path", "outcome", "shared_by")}
                for written in getattr(report, "sealtape_written", ())
            ]
            self._tell("test", test=report.nodeid, **self._tests.pop(report.nodeid))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self._tell("finished", exit=int(exitstatus))


def _short(report: pytest.TestReport) -> str:
    """Say what failed and where, without the values that an assertion shows."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is None:
        return str(report.longrepr).partition("\nhint:")[0]
    kind = crash.message.partition(":")[0].partition("\n")[0]
    if kind.startswith("assert "):
        kind = "AssertionError"
    return f"{report.when} failed with {kind} at {Path(crash.path).name}:{crash.lineno}"

"""A pytest plugin for moto's suite: marks every test, and writes down how it went and what it missed.

It runs inside of the process that runs moto's tests, whose files stay as they are. ``--conformance FILE``
is where it writes, one JSON object a test; ``--conformance-cassettes`` marks the tests, and names the
cassette of what modules ask for while they are imported;
``--conformance-offline`` refuses and counts every connection that a test would open; and
``--conformance-clock`` names what an earlier pass has written, and gives every test the time at which that
began it.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.differing import Differing, differing

if TYPE_CHECKING:
    from sealtape.cassette import Cassette

_WORD = re.compile(r"[\w-]{6,}")
_INTERNET = (socket.AF_INET, socket.AF_INET6)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance")
    group.addoption("--conformance", type=Path, help="where to write how the tests went")
    group.addoption("--conformance-cassettes", metavar="PATH", help="give every test a cassette")
    group.addoption("--conformance-offline", action="store_true", help="refuse and count connections")
    group.addoption("--conformance-clock", type=Path, help="notes of the pass whose time it shall be")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--conformance")
    if file is not None:
        config.pluginmanager.register(_Notes(config, file), "conformance-notes")


class _Notes:
    """What is known of the test that runs, and where it is written down when it has ended."""

    def __init__(self, config: pytest.Config, file: Path) -> None:
        self._config = config
        self._file = file
        self._item: pytest.Item | None = None
        self._missed: list[list[Differing]] = []
        self._connections: list[str] = []
        self._reports: list[pytest.TestReport] = []
        self._imports: Cassette | None = None
        clock = config.getoption("--conformance-clock")
        self._clock = {note["test"]: note["began"] for note in _read(clock)} if clock else {}
        if config.getoption("--conformance-cassettes"):
            self._watch_misses()
        if config.getoption("--conformance-offline"):
            sys.addaudithook(self._refuse_connection)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        path = self._config.getoption("--conformance-cassettes")
        if path is None:
            return (yield)
        import sealtape

        mode = self._config.getoption("--record-mode")
        with sealtape.use_cassette(path, record_mode=mode) as self._imports:
            return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._config.getoption("--conformance-cassettes"):
            for item in items:
                item.add_marker("vcr")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._item, self._missed, self._connections, self._reports = item, [], [], []
        began, started = time.time(), time.perf_counter()
        try:
            with self._its_time(item.nodeid):
                return (yield)
        finally:
            self._item = None
            self._write(item, began, time.perf_counter() - started)

    def _its_time(self, test: str) -> AbstractContextManager[object]:
        if test not in self._clock:
            return nullcontext()
        # By name: it is there where moto's tests run, and nowhere else.
        freezegun: Any = import_module("freezegun")
        when = datetime.fromtimestamp(self._clock[test], UTC)
        frozen: AbstractContextManager[object] = freezegun.freeze_time(when, tick=True)
        return frozen

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._reports.append(report)

    def _write(self, item: pytest.Item, began: float, seconds: float) -> None:
        failed = next((report for report in self._reports if report.failed), None)
        skipped = any(report.skipped for report in self._reports)
        note = {
            "test": item.nodeid,
            "outcome": "failed" if failed else "skipped" if skipped else "passed",
            "began": began,
            "seconds": seconds,
            "error": _last_words(failed) if failed else "",
            "missed": [[one.to_json() for one in missed] for missed in self._missed],
            "connections": self._connections,
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")

    def _watch_misses(self) -> None:
        """See both requests of a miss whole, where sealtape looks for the nearest recorded one."""
        from sealtape import matching
        from sealtape.cassette import explanation

        nearest = matching.nearest

        def watched(live: Any, recorded: Iterable[Any]) -> Any:
            found = nearest(live, recorded)
            if found is not None:
                self._missed.append([self._traced(one) for one in differing(live, found[0])])
            return found

        explanation.nearest = watched  # type: ignore[attr-defined]  # there, but not for export

    def _traced(self, found: Differing) -> Differing:
        """Say what shows that no test has drawn these values."""
        if not isinstance(found.recorded, str) or not isinstance(found.live, str):
            return found
        live, recorded = (set(_WORD.findall(text)) for text in (found.live, found.recorded))
        if self._has_stand_in(found.live, live) != self._has_stand_in(found.recorded, recorded):
            return replace(found, fault="one of the two is a stand-in")
        if any(map(self._came_from_response, live ^ recorded)):
            return replace(found, fault="a response gave it")
        return found

    def _has_stand_in(self, text: str, words: Iterable[str]) -> bool:
        from sealtape.plugin.session import known_of

        assert self._item is not None
        # The scrubber is the cassette's own; nothing but this tool has to know what a stand-in is.
        scrubbers = [cassette._scrubber for cassette in known_of(self._item).cassettes]
        return any(scrubber.is_stand_in(one) for scrubber in scrubbers for one in (text, *words))

    def _came_from_response(self, word: str) -> bool:
        """Whether a response of the cassettes held ``word`` before any request did."""
        from sealtape.matching.trees import canonical_json
        from sealtape.plugin.session import known_of

        assert self._item is not None
        opened = [self._imports] if self._imports is not None else []
        for cassette in [*opened, *known_of(self._item).cassettes]:
            for interaction in cassette.interactions:
                request, outcome = interaction.request, interaction.outcome
                told = canonical_json(getattr(request, "parameters", None)) + getattr(request, "url", "")
                if word in told or word.encode() in (request.body or b""):
                    return False
                headers = str(getattr(outcome, "headers", ""))
                if word in headers or word.encode() in getattr(outcome, "body", b""):
                    return True
        return False

    def _refuse_connection(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Before the first test moto resets what it takes for its server: the stub sees to that.
        if self._item is None or event not in ("socket.connect", "socket.getaddrinfo"):
            return
        if event == "socket.connect" and arguments[0].family not in _INTERNET:
            return
        where = arguments[1] if event == "socket.connect" else arguments[:2]
        self._connections.append(f"{event} {where}")
        raise ConnectionRefusedError(f"a replay opens no connection: {where}")


def _read(notes: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]


def _last_words(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash is not None else report.longrepr)[:2000]

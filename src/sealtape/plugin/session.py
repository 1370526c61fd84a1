"""What one pytest run, and one test of it, share between hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest

from sealtape.errors import KeyMissing, KeyringError, Miss, SealtapeError
from sealtape.modes import NONE, REWRITE, Mode, mode_named
from sealtape.settings import Settings, load_settings

if TYPE_CHECKING:
    from sealtape.cassette import Cassette
    from sealtape.library import Library, Written


OPTIONS = ("unplayed", "locked", "draws", "clock", "match", "collapse_polls")
"""The settings that the command line has options for."""


class SealtapeWarning(UserWarning):
    """Something about a cassette that does not fail a test."""


class Session:
    """What one pytest run shares."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.item: pytest.Item | None = None
        self.written: list[dict[str, Any]] = []
        self.plain: list[str] = []
        self.expired: list[tuple[str, str, str]] = []
        self.undo = ExitStack()
        self._libraries: dict[Settings, Library] = {}
        self._settings: dict[Path, Settings] = {}
        self._notices = False

    def expect_awaited_misses(self, noticed: Callable[[], ExitStack]) -> None:
        """Take note of misses that tests await by name, from the first call to the end of the run."""
        if not self._notices:
            self._notices = True
            self.undo.enter_context(noticed())

    def library(self, folder: Path) -> Library:
        """Return the library whose settings hold for cassettes in ``folder``."""
        from sealtape.library import Library

        settings = self.settings(folder)
        if settings not in self._libraries:
            self._libraries[settings] = Library(settings)
        return self._libraries[settings]

    def settings(self, folder: Path, marked: Mapping[str, Any] = MappingProxyType({})) -> Settings:
        """Return the settings for ``folder``, with those ``marked`` for one test and the command line's over
        them."""
        if not marked and folder in self._settings:
            return self._settings[folder]
        settings = load_settings(folder)
        for given in self._secrets:
            settings = settings.with_secrets(given, "pytest_sealtape_scrub")
        if marked:
            settings = settings.with_arguments("vcr", **marked)
        options = {name: self.config.getoption(f"sealtape_{name}") for name in OPTIONS}
        settings = settings.with_options(**options)
        if not marked:
            self._settings[folder] = settings
        return settings

    @cached_property
    def _secrets(self) -> list[Mapping[str, Iterable[str]]]:
        """What the project's hooks say besides the settings."""
        said: list[Mapping[str, Iterable[str]] | None]
        said = self.config.hook.pytest_sealtape_scrub(config=self.config)
        return [given for given in said if given]

    def note_written(self, written: Written, shared_by: Sequence[str] = ()) -> None:
        """Take note of a recorded cassette, as plain values: under xdist they travel to another process.

        ``shared_by`` names the tests that use it, where it is the cassette of a scope.
        """
        plain = {**asdict(written), "shared_by": list(shared_by)}
        self.written.append(plain)
        if self.item is not None:
            known_of(self.item).written.append(plain)

    @property
    def refreshes(self) -> str | None:
        """The file of events, in a run that records beside the accepted cassettes."""
        path: str | None = self.config.getoption("--sealtape-refresh")
        return path

    def has_all_of(self, scope: str) -> bool:
        """Whether all tests that share a fixture of ``scope`` run in this process."""
        workerinput = getattr(self.config, "workerinput", None)
        if workerinput is None or workerinput.get("workercount") == 1:
            return True
        grouped = workerinput.get("sealtape_dist") in ("loadfile", "loadscope")
        return grouped and scope in ("class", "module")

    def skip_if_confirmed(self, path: Path) -> None:
        """Skip the test if its cassette was confirmed more recently than a refresh cares for.

        Where fixtures that outlive a test have cassettes in its folder, all of the folder have to be: the
        fixtures are recorded with all of their tests, or not at all.
        """
        older_than = self.config.getoption("--sealtape-older-than")
        if older_than is None or not self.refreshes:
            return
        from sealtape.ledger import confirmed_at

        together = [path]
        if any(path.parent.glob("_module.tape")) or any(path.parent.glob("_class.*.tape")):
            together += path.parent.glob("*.tape")
        days = [confirmed_at(one) for one in together]
        oldest = min(filter(None, days), default=None)
        is_recent = oldest is not None and datetime.now(UTC) - oldest < timedelta(seconds=older_than)
        if is_recent and None not in days:
            pytest.skip(f"its cassette was confirmed on {oldest:%Y-%m-%d}")

    def mode(self, given: str | None) -> Mode:
        """Return the mode to use: the command line's, else ``given``, else none.

        Unlike in pytest-recording a marker does not win over the command line: a run that was asked to
        stay offline must.
        """
        if self.refreshes:
            return REWRITE
        return mode_named(self.config.getoption("--record-mode") or given or NONE.name)


class Test:
    """What the hooks know of one test: its cassettes, and how it went."""

    __test__ = False

    def __init__(self) -> None:
        self.cassettes: list[Cassette] = []
        self.written: list[dict[str, Any]] = []
        self.passed = False

    def raise_misses(self) -> None:
        """Raise the first miss that nobody has been told of yet."""
        misses = self._take_misses()
        if misses:
            raise misses[0]

    def _take_misses(self) -> list[Miss]:
        return [miss for cassette in self.cassettes for miss in cassette.take_misses()]

    def note(
        self, report: pytest.TestReport, error: BaseException | None, *, skip_locked: Callable[[], bool]
    ) -> None:
        """Take note of how a phase of the test went, and say it in the report."""
        if report.when == "call":
            self.passed = report.passed or hasattr(report, "wasxfail")
        if report.when == "teardown":
            report.sealtape_written = self.written  # type: ignore[attr-defined]  # reports take attributes
            report.sealtape_renamed = [  # type: ignore[attr-defined]
                list(pair) for cassette in self.cassettes for pair in cassette.renamed.items()
            ]
        if isinstance(error, Miss):
            # It was told here, so the end of the test need not tell it again.
            self._take_misses()
        elif isinstance(error, SealtapeError) and report.failed and report.when != "call":
            # The frames are sealtape's and pytest-recording's: the text is all that helps.
            report.longrepr = f"{type(error).__name__}: {error}"
        # A key that opens nothing is told once for the run; one cassette under another key, with its test.
        if isinstance(error, KeyringError) and report.when == "setup" and not error.where.endswith(".tape"):
            report.sealtape_locked = str(error)  # type: ignore[attr-defined]
            if isinstance(error, KeyMissing) and skip_locked():
                # In the report, because pytest raises what a shared fixture raised again for each test.
                report.outcome = "skipped"
                report.longrepr = (report.fspath, report.location[1] or 0, f"Skipped: locked: {error.what}")


SESSION = pytest.StashKey[Session]()
_TEST = pytest.StashKey[Test]()


def known_of(item: pytest.Item) -> Test:
    """Return what is known of ``item``."""
    return item.stash.setdefault(_TEST, Test())

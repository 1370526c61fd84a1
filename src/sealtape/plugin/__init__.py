"""The pytest plugin: hooks on top of pytest-recording's marker, options and fixtures.

Nothing here imports a client library, cryptography or rich; a run without a marked test never does.
"""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sealtape.determinism import generators
from sealtape.errors import SealtapeError
from sealtape.modes import NONE
from sealtape.plugin import blocking, collection, expected, refreshing, scopes, seam, tracebacks
from sealtape.plugin.session import SESSION, Session, known_of
from sealtape.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.terminal import TerminalReporter


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from sealtape.plugin import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_addoption(parser: pytest.Parser) -> None:
    # The first hook: conftests, and what they import, make generators that last for all tests.
    generators.watch()
    group = parser.getgroup("sealtape")
    group.addoption(
        "--sealtape-unplayed",
        choices=("ignore", "warn", "fail"),
        default=None,
        help="What to do about recorded interactions that a passing test no longer makes.",
    )
    group.addoption(
        "--sealtape-locked",
        choices=("fail", "skip"),
        default=None,
        help="What to do about tests whose cassette is locked because its key is not here.",
    )
    group.addoption(
        "--sealtape-draws",
        choices=("seeded", "real"),
        default=None,
        help="Whether what a marked test draws (names, uuids, tokens) follows from the seed of its cassette.",
    )
    group.addoption(
        "--sealtape-clock",
        choices=("tick", "stand", "real"),
        default=None,
        help="Whether a replay begins at the recorded time and goes on, or stands there, recording too.",
    )
    group.addoption(
        "--sealtape-match",
        choices=("renaming", "exact"),
        default=None,
        help="Whether a request may equal a recorded one up to values that were made up anew.",
    )
    group.addoption(
        "--sealtape-collapse-polls",
        action="store_true",
        default=None,
        help="Record of a wait only the distinct states that it passes through.",
    )
    group.addoption(
        "--sandbox",
        default=None,
        metavar="embedded|URL",
        help="Record AWS calls against moto's server, started for this run, or a server at URL.",
    )
    # For `sealtape refresh` and `sealtape lint --orphans`, which say what they do; nobody types them.
    group.addoption("--sealtape-refresh", default=None, help=argparse.SUPPRESS)
    group.addoption("--sealtape-mapping", default=None, help=argparse.SUPPRESS)
    group.addoption("--sealtape-older-than", default=None, type=float, help=argparse.SUPPRESS)
    group.addoption("--sealtape-refresh-only", default=None, help=argparse.SUPPRESS)


def pytest_configure(config: pytest.Config) -> None:
    session = config.stash[SESSION] = Session(config)
    if session.refreshes and not hasattr(config, "workerinput"):
        config.pluginmanager.register(refreshing.Events(Path(session.refreshes)), "sealtape-events")
    if config.getoption("--sealtape-mapping"):
        from sealtape.plugin.mapping import Mapping

        config.pluginmanager.register(
            Mapping(Path(config.getoption("--sealtape-mapping"))), "sealtape-mapping"
        )
    if config.pluginmanager.hasplugin("randomly"):
        from sealtape.plugin import reseeding

        config.pluginmanager.register(reseeding.Reseeding(), "sealtape-reseeding")
    if config.getoption("--allowed-hosts"):
        session.undo.enter_context(blocking.permitting(config.getoption("--allowed-hosts")))
    try:
        settings = session.settings(config.rootpath)
        sandbox = config.getoption("--sandbox")
        if sandbox:
            # xdist's workers inherit the environment of the process that started the sandbox.
            if not (config.option.collectonly or hasattr(config, "workerinput")):
                session.undo.enter_context(_sandbox(sandbox))
        elif session.mode(None) is NONE:
            # From now on: test modules make clients when they are imported.
            session.undo.enter_context(_offline_environment(settings))
    except SealtapeError as error:
        session.undo.close()
        raise pytest.UsageError(str(error)) from None


def pytest_unconfigure(config: pytest.Config) -> None:
    generators.unwatch()
    session = config.stash.get(SESSION, None)
    if session is not None:
        session.undo.close()


@contextmanager
def _offline_environment(settings: Settings) -> Iterator[None]:
    from sealtape.capture import credentials, reuse
    from sealtape.capture.environment import replaying

    credentials.install()
    if settings.share_models:
        reuse.install()
    with replaying(settings.sandbox.regions) if settings.replay_environment else nullcontext():
        yield


@contextmanager
def _sandbox(where: str) -> Iterator[None]:
    """Point boto3 at a sandbox with invented credentials, and at nothing else."""
    from sealtape.capture import embedded
    from sealtape.capture.environment import changed_environment

    with ExitStack() as stack:
        if where == "embedded":
            url = stack.enter_context(embedded.embedded_sandbox())
        else:
            url = embedded.require_sandbox(where)
        changes: dict[str, str | None] = dict.fromkeys(embedded.OVERRULING)
        changes |= embedded.ENVIRONMENT | {"AWS_ENDPOINT_URL": url}
        stack.enter_context(changed_environment(changes))
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    collection.refuse_shared_names(items)
    if config.stash[SESSION].refreshes:
        refreshing.keep_marked(config, items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    session = item.config.stash[SESSION]
    session.item = item
    if collection.is_marked(item):
        seam.install()
        session.expect_awaited_misses(expected.noticed)
    if blocking.is_wanted(item):
        blocking.install()
    try:
        return (yield)
    finally:
        session.item = None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    session = item.config.stash[SESSION]
    # Before its fixtures are brought up: those that outlive it would be recorded without their tests.
    if session.refreshes and collection.is_marked(item) and (path := collection.usual_path(item)):
        session.skip_if_confirmed(path)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, object, object]:
    with scopes.set_up(fixturedef, request):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    # A miss that the code under test swallowed must not pass for a success.
    known_of(item).raise_misses()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    if call.excinfo is not None and isinstance(call.excinfo.value, SealtapeError):
        call.excinfo = tracebacks.shortened(call.excinfo)
    report = yield
    session = item.config.stash[SESSION]
    known_of(item).note(
        report,
        call.excinfo.value if call.excinfo is not None else None,
        skip_locked=lambda: session.settings(item.path.parent).locked == "skip",
    )
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, Any] | None:
    if report.failed and getattr(report, "sealtape_locked", None):
        return "locked", "L", ("LOCKED", {"red": True})
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["sealtape_written"] = config.stash[SESSION].written
        config.workeroutput["sealtape_expired"] = config.stash[SESSION].expired


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker how tests are spread: its own configuration says "no"."""
    node.workerinput["sealtape_dist"] = node.config.getoption("dist")


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Collect what an xdist worker recorded, and found to be too old."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[SESSION].written += output.get("sealtape_written", [])
    node.config.stash[SESSION].expired += output.get("sealtape_expired", [])


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    from sealtape.plugin.summary import write_summary

    write_summary(terminalreporter)

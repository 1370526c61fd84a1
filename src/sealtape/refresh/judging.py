"""What recordings that were made anew say: compared, confirmed by a second one, and put where they belong.

Where nothing is different but what always is, the pending file goes and the cassette is confirmed; the
rest waits for a decision. No accepted cassette is ever written here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sealtape import ledger, store
from sealtape.drift import Finding, compare, group
from sealtape.drift.confirmation import Confirmed, confirmed_by
from sealtape.drift.findings import fingerprint
from sealtape.drift.judgement import Judgement, judgement
from sealtape.drift.memory import MEMORY, read_memory, write_memory
from sealtape.drift.openapi import Api, apis
from sealtape.errors import CassetteMissing, SealtapeError
from sealtape.interaction import Recording
from sealtape.library import Library
from sealtape.refresh.running import RecordedTest, Run
from sealtape.seal.format import unseal
from sealtape.settings import Settings, load_settings

RECORDING_FAILED = "recording-failed"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found: the drift by fact, what waits, what was confirmed, and what went wrong.

    ``written`` are the ledgers and memories of drift that it changed.
    """

    run: Run
    findings: tuple[Finding, ...]
    pending: tuple[Path, ...]
    new: tuple[Path, ...]
    confirmed: tuple[Path, ...]
    problems: tuple[SealtapeError, ...]
    written: tuple[Path, ...] = ()

    @property
    def failed(self) -> tuple[RecordedTest, ...]:
        """The tests that could not be recorded anew."""
        return tuple(test for test in self.run.tests if test.outcome == "failed")

    @property
    def is_complete(self) -> bool:
        """Whether everything that was to be refreshed was."""
        return self.run.is_whole and not self.failed and not self.problems


@dataclass(frozen=True, slots=True)
class _Project:
    """What the cassettes of one project are compared with: its key, its judgement, its OpenAPI documents."""

    library: Library
    judging: Judgement
    models: Mapping[str, Api]


@dataclass(frozen=True, slots=True)
class _Sample:
    """One new recording of a cassette, and what differs in it, confirmed or not."""

    accepted: Recording
    recorded: Recording
    facts: Sequence[Finding]


def judged(
    run: Run, waiting: Sequence[Path] = (), *, again: Callable[[Sequence[str]], Run] | None = None
) -> Refreshed:
    """Compare what ``run`` recorded with the accepted cassettes, and remove what says nothing new.

    ``waiting`` are cassettes with a pending recording, whether a test told of it or not: one that was
    stopped did not, nor does a fixture that outlives its tests. ``again`` records tests a second time,
    those whose cassettes differ: what then differs between the two is no drift of the provider's.
    The ledger notes what was confirmed. What cannot be compared or noted is among the ``problems``; its
    pending file stays.
    """
    outcomes = _outcomes(run, waiting)
    judging = _Judging()
    for path, (outcome, test) in outcomes.items():
        if outcome == "pending":
            judging.look(path, test)
    if again is not None and run.is_whole:
        judging.confirm(outcomes, run, again)
    findings = [fact for facts in judging.facts.values() for fact in facts]
    findings += [_failure(test) for test in run.tests if test.outcome == "failed"]
    new = [path for path, (outcome, _) in outcomes.items() if outcome == "new"]
    same = [path for path, (outcome, _) in outcomes.items() if outcome == "same"]
    kept, confirmed = judging.settle()
    confirmed = [path for path in outcomes if path in {*same, *confirmed}]
    judging.note(confirmed)
    judging.remember()
    return Refreshed(
        run,
        tuple(group(findings)),
        tuple(kept),
        tuple(new),
        tuple(confirmed),
        tuple(judging.problems),
        tuple(judging.written),
    )


def _is_quiet(facts: Sequence[Finding]) -> bool:
    return all(fact.severity == "quiet" for fact in facts)


def _outcomes(run: Run, waiting: Sequence[Path]) -> dict[Path, tuple[str, str]]:
    """Return what became of each cassette, and for which test; the last word on a shared one counts.

    One that is shared belongs to no test: which of them asked for what it does not say.
    """
    here = Path.cwd()
    outcomes: dict[Path, tuple[str, str]] = {}
    for test in run.tests:
        shared = {path for path, tests in test.shared if len(tests) > 1}
        for path, outcome in test.cassettes:
            outcomes[here / path] = (outcome, "" if path in shared else test.test)
    for path in waiting:
        outcomes.setdefault(here / path, ("pending" if path.exists() else "new", ""))
    return outcomes


def _to_repeat(run: Run, drifted: Collection[Path]) -> list[str]:
    """Return the tests that record the ``drifted`` cassettes again, and any that is shared with them whole.

    The last test to end writes the cassette of a module, whether it uses the fixtures or not.
    """
    here = Path.cwd()
    shared = {here / path: set(tests) for test in run.tests for path, tests in test.shared}
    wanted = {test for path, tests in shared.items() if path in drifted for test in tests}
    for test in run.tests:
        own = {here / path for path, _ in test.cassettes} - shared.keys()
        wanted |= {test.test} if own & set(drifted) else set()
    while more := {test for tests in shared.values() if tests & wanted for test in tests} - wanted:
        wanted |= more
    return [test.test for test in run.tests if test.test in wanted]


class _Judging:
    """Compares pending recordings, each under the settings, the key and the memory of its project."""

    def __init__(self) -> None:
        self._projects: dict[Settings, _Project] = {}
        self._samples: dict[Path, _Sample] = {}
        self._varying: dict[Settings, dict[str, None]] = {}
        self._flapping: dict[Settings, list[Finding]] = {}
        self._unreadable: list[Path] = []
        self.facts: dict[Path, Sequence[Finding]] = {}
        self.problems: list[SealtapeError] = []
        self.written: list[Path] = []

    def look(self, path: Path, test: str) -> None:
        """Compare the cassette at ``path`` with the recording that waits beside it."""
        try:
            sample = self._sample(path, test)
        except SealtapeError as error:
            self.problems.append(error)
            self._unreadable.append(path)
            return
        self._samples[path], self.facts[path] = sample, sample.facts

    def confirm(
        self, outcomes: Mapping[Path, tuple[str, str]], run: Run, again: Callable[[Sequence[str]], Run]
    ) -> None:
        """Record once more what differs, and keep of it what differs again."""
        drifted = {path for path, facts in self.facts.items() if not _is_quiet(facts)}
        tests = _to_repeat(run, drifted)
        if not tests:
            return
        try:
            second = again(tests)
        except SealtapeError as error:
            self.problems.append(error)
            return
        failed = [test.test for test in second.tests if test.outcome == "failed"]
        if failed or not second.is_whole:
            self.problems.append(
                SealtapeError(
                    "what differs could not be confirmed by a second recording",
                    why=f"failed: {', '.join(failed)}" if failed else "pytest broke off",
                    hint="sealtape refresh --no-confirm --replace",
                )
            )
        for path, (outcome, test) in _outcomes(second, ()).items():
            if path not in drifted and outcome == "pending":
                self.look(path, test)
            elif path in drifted and outcome in ("pending", "same"):
                self._confirm(path, outcomes[path][1], outcome)

    def _confirm(self, path: Path, test: str, outcome: str) -> None:
        first = self._samples[path]
        project = self._project(path)
        try:
            second = self._sample(path, test) if outcome == "pending" else _same(first.accepted)
        except SealtapeError as error:
            self.problems.append(error)
            return
        between = compare(first.recorded, second.recorded, test=test, models=project.models)
        found: Confirmed = confirmed_by(first.facts, second.facts, between)
        settings = load_settings(path.parent)
        self._varying.setdefault(settings, {}).update(dict.fromkeys(found.varying))
        self._flapping.setdefault(settings, []).extend(f for f in found.findings if f.id == "flapping")
        facts = project.judging.of(found.findings)
        # Of facts that the memory or the settings know, they decide; what varies stays quiet.
        quiet = {fact.fingerprint for fact in found.findings if fact.severity == "quiet"}
        self.facts[path] = [
            replace(fact, severity="quiet") if fact.fingerprint in quiet else fact for fact in facts
        ]
        self._samples[path] = second

    def settle(self) -> tuple[list[Path], list[Path]]:
        """Put each pending recording where it belongs; return which stay, and which cassettes are confirmed.

        What stays differs from its cassette where it says something else, and in no more. A second recording
        that says what the accepted one does stays not, whatever the first one said.
        """
        kept, confirmed = [*self._unreadable], []
        for path, sample in self._samples.items():
            waiting = store.pending_path(path)
            if _is_quiet(self.facts[path]) or _is_quiet(sample.facts):
                waiting.unlink(missing_ok=True)
                confirmed.append(path)
            else:
                kept.append(path)
                try:
                    self._project(path).library.settle(path, sample.accepted, sample.recorded)
                except SealtapeError as error:
                    self.problems.append(error)
        return kept, confirmed

    def note(self, confirmed: Sequence[Path]) -> None:
        """Note in the ledgers what was confirmed today."""
        try:
            self.written += ledger.confirm(confirmed, datetime.now(UTC).date())
        except SealtapeError as error:
            self.problems.append(error)

    def remember(self) -> None:
        """Note in each project's memory what varied and flapped."""
        day = datetime.now(UTC).date()
        for settings, places in self._varying.items():
            root = settings.root or Path.cwd()
            try:
                memory = read_memory(root).having_seen(places, day)
                if write_memory(root, memory.having_flapped(self._flapping[settings], day), day):
                    self.written.append(root / MEMORY)
            except SealtapeError as error:
                self.problems.append(error)

    def _project(self, path: Path) -> _Project:
        settings = load_settings(path.parent)
        if settings not in self._projects:
            self._projects[settings] = _Project(Library(settings), judgement(settings), apis(settings))
        return self._projects[settings]

    def _sample(self, path: Path, test: str) -> _Sample:
        project = self._project(path)
        accepted, recorded = project.library.read(path), _pending(project.library, path)
        facts = project.judging.of(compare(accepted, recorded, test=test, models=project.models))
        return _Sample(accepted, recorded, facts)


def _same(accepted: Recording) -> _Sample:
    return _Sample(accepted, accepted, ())


def _pending(library: Library, path: Path) -> Recording:
    waiting = store.pending_path(path)
    try:
        data = store.read(waiting)
    except CassetteMissing:
        raise CassetteMissing(
            "the new recording is gone", where=str(waiting), hint="sealtape refresh"
        ) from None
    return unseal(data, library.key, where=str(waiting), name=library.settings.name_of(path))


def _failure(test: RecordedTest) -> Finding:
    """Return the finding that a test could not be recorded anew; tests that failed alike are one fact."""
    return Finding(
        id=RECORDING_FAILED,
        kind=RECORDING_FAILED,
        severity="breaking",
        cause="unknown",
        service="",
        operation="recording",
        path="",
        old=None,
        new=test.error,
        tests=(test.test,),
        fingerprint=fingerprint(RECORDING_FAILED, "", "recording", "", test.error),
    )

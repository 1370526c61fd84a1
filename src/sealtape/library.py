"""Opening and closing cassettes: from a path to a `Cassette`, and from that to a file.

A `Library` is what all cassettes of one session share: settings, key, and the sandbox with its budget.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from sealtape import store
from sealtape.capture import aws, network, pool, reuse
from sealtape.capture.current import entered
from sealtape.capture.environment import replaying
from sealtape.capture.sandbox import Sandbox
from sealtape.cassette import Cassette
from sealtape.determinism import Inputs, determined, fresh_inputs
from sealtape.errors import CassetteMissing, KeyMissing, SealtapeError, UsageError
from sealtape.interaction import Recording, Removal, Sealed
from sealtape.modes import Mode, mode_named
from sealtape.scrub.common import shared_secrets
from sealtape.scrub.scrubber import Scrubber
from sealtape.seal.format import collector_paused, new_cassette_id, seal, unseal
from sealtape.seal.keyring import Key, load_key, new_key
from sealtape.settings import PER_CASSETTE, Settings, load_settings

if TYPE_CHECKING:
    from sealtape.capture.options import VcrOptions

F = TypeVar("F", bound=Callable[..., Any])

_recording: set[Cassette] = set()
"""The cassettes that are being recorded in this process: a secret of one may be said in another."""


@dataclass(frozen=True, slots=True)
class Written:
    """A cassette that was recorded: where, with how many interactions, how much was scrubbed by rule.

    ``outcome`` is ``new``, ``changed`` or ``same``; in a refresh ``new``, ``pending`` or ``same``.
    """

    path: str
    interactions: int
    scrubbed: dict[str, int]
    outcome: str


class Library:
    """The cassettes of one session: their settings, key and sandbox."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.sandbox = Sandbox(settings.sandbox)
        self._key: tuple[str | None, Key] | None = None
        self._open_removals: dict[int, list[Removal]] = {}

    @property
    def key(self) -> Key:
        """The project's key; raises `KeyMissing`, `KeyMalformed` or `KeyWrong`."""
        given = os.environ.get("SEALTAPE_KEY")
        if self._key is None or self._key[0] != given:
            self._key = (given, load_key(self.settings.key_id, root=self.settings.root))
        return self._key[1]

    def read(self, path: Path) -> Recording:
        """Return the content of the cassette at ``path``; raises `CassetteError` or `KeyringError`."""
        blocks = store.read_blocks(path)
        return unseal(blocks, self.key, where=_shown(path), name=self.settings.name_of(path))

    def settle(self, path: Path, accepted: Recording, waiting: Recording) -> None:
        """Write what is ``waiting`` beside the cassette at ``path`` anew, so that it differs from what is
        ``accepted`` only where it says something else."""
        store.write(store.pending_path(path), self._sealed(self._settled(accepted, waiting)))

    def _settled(self, accepted: Recording, recorded: Recording) -> Recording:
        # It needs the drift engine, which no replay has to wait for.
        from sealtape.settling import settled

        return settled(accepted, recorded, Scrubber(self.settings.scrub, self.key.derive("stand-ins")))

    def _sealed(self, recording: Recording) -> Sealed:
        return seal(recording, self.key, clear=self.settings.cassette_clear == "full")

    @contextmanager
    def opened(
        self,
        path: Path,
        mode: Mode,
        *,
        options: VcrOptions | None = None,
        shared: Sequence[Path] = (),
        settings: Settings | None = None,
        inputs: Inputs | None = None,
        ask: Callable[[str], str] = "pytest --record-mode={}".format,
        keep: Callable[[], bool] = lambda: True,
        written: Callable[[Written], None] = lambda _: None,
        current: bool = True,
        pending: bool = False,
        empty: Callable[[], bool] = bool,
    ) -> Iterator[Cassette]:
        """Open the cassette at ``path``, make it the current conversation, and close it.

        What was recorded is written if the block did not raise and ``keep()`` says so then, and
        ``written`` is told; otherwise the file stays as it was. ``shared`` cassettes answer too and
        are never written. Nothing is sent, and nothing written, if the file is there and cannot be
        opened. ``settings`` are those of this cassette where they are not the library's. With ``current``
        false the caller routes traffic to the cassette and runs what makes it under ``inputs``
        (`inputs_at`). With ``pending`` what was recorded goes beside the file, and nowhere if it is the same.
        If ``empty()`` says so then, a new cassette is written for its inputs alone.
        """
        settings = settings or self.settings
        with ExitStack() as stack:
            if mode.may_record(exists=path.exists()):
                stack.enter_context(store.lock(path))
                store.require_writable(path)
            with collector_paused():
                recording = self._read_if_there(path)
                others = [self.read(other) for other in shared]
                cassette = self._open(path, recording, others, mode, settings, options, ask)
            stack.callback(self._open_removals.pop, id(cassette))
            if cassette.may_record:
                _recording.add(cassette)
                stack.callback(_recording.discard, cassette)
            if inputs is None:
                inputs = _inputs(recording, others, mode, settings)
            if cassette.offline and settings.share_models:
                reuse.install()
            if settings.drift.track_reads:
                cassette.reads = {}
                stack.callback(self._add_reads, cassette.reads)
            with ExitStack() as during:
                if current:
                    during.enter_context(hooks(options))
                    during.enter_context(entered(cassette))
                    during.enter_context(under(inputs, settings, is_recording=cassette.may_record))
                yield cassette
            # A test that no longer asks for anything has something to say too, in a refresh.
            silent = pending and recording is not None and bool(recording.interactions)
            if (cassette.is_dirty or silent or (recording is None and empty())) and keep():
                beside = [seen for other in _recording - {cassette} for seen in other.captured]
                cassette_id = recording.cassette_id if recording else new_cassette_id()
                made = Recording(
                    cassette_id,
                    self.settings.name_of(path),
                    cassette.finished(beside),
                    inputs.seed,
                    inputs.start,
                    cassette.regions,
                    cassette.additions,
                )
                if recording is not None and not (pending or mode.plays):
                    made = self._settled(recording, made)
                written(self._write(path, made, pending=pending))

    def _add_reads(self, reads: Mapping[str, set[tuple[str, ...]]]) -> None:
        """Add what was read of the answers to what the project knows to be read."""
        from sealtape.drift.reads import READS, add_reads, path_of

        if reads:
            root = self.settings.root or Path.cwd()
            with store.lock(root / READS, timeout=30.0):
                add_reads(
                    root,
                    {label: frozenset(map(path_of, list(paths))) for label, paths in list(reads.items())},
                )

    def _read_if_there(self, path: Path) -> Recording | None:
        try:
            return self.read(path)
        except CassetteMissing:
            return None

    def _open(
        self,
        path: Path,
        recording: Recording | None,
        others: Sequence[Recording],
        mode: Mode,
        settings: Settings,
        options: VcrOptions | None,
        ask: Callable[[str], str],
    ) -> Cassette:
        also = tuple(scrubbed for other in others for scrubbed in other.interactions)
        removals = [r for s in (*(recording.interactions if recording else ()), *also) for r in s.removals]
        # What another open cassette played, a module's for instance, may come back in this one's requests.
        known = [removal for opened in self._open_removals.values() for removal in opened] + removals
        key = self._key_for(recording is not None or bool(also) or mode.records_missing)
        cassette = Cassette(
            recording,
            where=_shown(path),
            mode=mode,
            scrubber=lambda: Scrubber(
                self.settings.scrub, key.derive("stand-ins"), removals=known, common=shared_secrets()
            ),
            sandbox=self.sandbox,
            options=options,
            repeats=settings.repeats,
            match=settings.match,
            collapse_polls=settings.collapse_polls,
            shared=also,
            ask=ask,
        )
        self._open_removals[id(cassette)] = removals
        return cassette

    def inputs_at(self, path: Path, mode: Mode, settings: Settings) -> Inputs:
        """Return the inputs that the cassette at ``path`` gives when it is opened.

        One that cannot be opened gives none, and says why when it is.
        """
        try:
            recording = self._read_if_there(path) if mode.plays else None
        except SealtapeError:
            return Inputs()
        return _inputs(recording, (), mode, settings)

    def _key_for(self, needed: bool) -> Key:
        """Return the project's key; where nothing is opened or recorded, any key will do.

        Then it only scrubs the request that a miss is about to name.
        """
        try:
            return self.key
        except KeyMissing:
            if needed:
                raise
            return new_key()

    def _write(self, path: Path, recording: Recording, *, pending: bool) -> Written:
        sealed = self._sealed(recording)
        if pending:
            outcome = _write_beside(path, sealed)
        else:
            before = path.exists()
            changed = store.write(path, sealed)
            outcome = "same" if not changed else "changed" if before else "new"
        scrubbed: Counter[str] = Counter()
        for entry in recording.interactions:
            scrubbed.update(entry.scrubbed_counts)
        return Written(_shown(path), len(recording.interactions), dict(scrubbed), outcome)


def _inputs(
    recording: Recording | None, others: Sequence[Recording], mode: Mode, settings: Settings
) -> Inputs:
    """Return what a test is given: what it was given when it was recorded, or else something new.

    Nothing, if there is no recording and there will be none.
    """
    if not mode.plays or (recording is None and mode.may_record(exists=False)):
        return fresh_inputs(seed=settings.draws == "seeded", start=settings.clock != "real")
    recorded = recording or next(iter(others), None)
    return Inputs(recorded.seed, recorded.start) if recorded else Inputs()


def under(
    inputs: Inputs, settings: Settings, *, is_recording: bool, elapsed: float = 0.0
) -> AbstractContextManager[Callable[[], bool]]:
    """Return a context under ``inputs``, as far as ``settings`` want it (`sealtape.determinism`)."""
    if settings.draws == "real":
        inputs = replace(inputs, seed="")
    return determined(inputs, clock=settings.clock, is_recording=is_recording, elapsed=elapsed)


def _write_beside(path: Path, sealed: Sealed) -> str:
    """Write a pending sibling of the cassette at ``path``, or remove it if it would be the same."""
    target = store.pending_path(path)
    try:
        accepted = store.read(path)
    except CassetteMissing:
        accepted = None
    if sealed.data == accepted:
        target.unlink(missing_ok=True)
        return "same"
    store.write(target, sealed)
    return "new" if accepted is None else "pending"


def _shown(path: Path) -> str:
    """Return ``path`` as a person would type it here."""
    resolved = path.absolute()
    here = Path.cwd()
    return str(resolved.relative_to(here)) if resolved.is_relative_to(here) else str(resolved)


@contextmanager
def hooks(options: VcrOptions | None = None) -> Iterator[None]:
    """Keep the clients that are not hooked for good hooked for this block."""
    aws.install()
    pool.install()
    network.install()
    # vcrpy imports every client that is installed, so it waits until a cassette is really open.
    from sealtape.capture.http import patched

    with patched(options.custom_patches if options else ()):
        yield


class use_cassette:
    """Record to and replay from the cassette at ``path``, outside pytest.

    It is used like a function, and named as vcrpy's is.

    As a context manager it gives the open `Cassette`; as a decorator it wraps functions and coroutine
    functions, each call with a cassette of its own. ``path`` may leave out ``.tape``. ``record_mode``
    is one of ``once`` (the default), ``none``, ``new_episodes``, ``all`` and ``rewrite``. Other
    options are vcrpy's (``match_on``, ``filter_headers``, …) and the settings ``repeats``, ``draws``,
    ``clock``, ``match`` and ``collapse_polls``.

    What was recorded is written when the block ends without an exception; a request that the cassette
    does not answer raises `Miss`, at the call and, if that was swallowed, at the end of the block.
    """

    def __init__(self, path: str | os.PathLike[str], record_mode: str = "once", **options: Any) -> None:
        self._path = _tape_path(path)
        self._mode = mode_named(record_mode)
        self._settings = {name: options.pop(name) for name in PER_CASSETTE if name in options}
        self._options = options
        self._stacks: list[ExitStack] = []

    def __enter__(self) -> Cassette:
        stack = ExitStack()
        cassette = stack.enter_context(self._used())
        self._stacks.append(stack)
        return cassette

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stacks.pop().__exit__(kind, error, traceback)

    @contextmanager
    def _used(self) -> Iterator[Cassette]:
        settings = load_settings(self._path.parent).with_arguments("use_cassette", **self._settings)
        options = None
        if self._options:
            from sealtape.capture.options import vcr_options

            options = vcr_options(self._options, known=frozenset(PER_CASSETTE))
            if options.unheeded:
                raise UsageError(f"use_cassette: {options.unheeded[0]}")
        with ExitStack() as stack:
            if allowed_hosts := self._options.get("allowed_hosts"):
                stack.enter_context(network.permitting(allowed_hosts))
            if settings.replay_environment and not self._mode.may_record(exists=self._path.exists()):
                stack.enter_context(replaying(settings.sandbox.regions))
            library = Library(settings)
            ask = 'use_cassette(…, record_mode="{}")'.format
            cassette = stack.enter_context(library.opened(self._path, self._mode, options=options, ask=ask))
            yield cassette
            for miss in cassette.take_misses():
                raise miss

    def __call__(self, function: F) -> F:
        """Wrap ``function`` so that each call runs with the cassette open."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def call_async(*args: Any, **kwargs: Any) -> Any:
                with self._used() as cassette:
                    awaited: Awaitable[Any] = function(*self._injected(cassette), *args, **kwargs)
                    return await awaited

            return call_async  # type: ignore[return-value]  # the same signature, seen through Any

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._used() as cassette:
                return function(*self._injected(cassette), *args, **kwargs)

        return call  # type: ignore[return-value]  # as above

    def _injected(self, cassette: Cassette) -> tuple[Cassette, ...]:
        """Return what a decorated function is given first: the cassette, if it was asked for."""
        return (cassette,) if self._options.get("inject_cassette") else ()


def _tape_path(path: str | os.PathLike[str]) -> Path:
    bare = Path(os.fspath(path))
    if bare.suffix in (".yaml", ".yml", ".json"):
        raise UsageError(
            f"{bare} is not a sealed cassette",
            why="sealtape.use_cassette reads and writes .tape files",
            hint=f'sealtape.use_cassette("{bare.with_suffix(store.SUFFIX)}")',
        )
    return bare if bare.suffix == store.SUFFIX else bare.with_name(bare.name + store.SUFFIX)

"""Cassettes for fixtures that outlive a test.

A fixture of class, module, package or session scope runs before a test's own cassette opens and after
it has closed. When a marked test brings such a fixture up, its traffic, teardown included, belongs to
one cassette of that scope: ``_module.tape`` beside the module's other cassettes, ``_session.tape`` in
the ``cassettes`` folder next to the conftest that defines the fixture. A fixture that neither makes
traffic nor draws anything writes no file.

Setup and teardown of each such fixture draw under a seed of their own, which follows from that of the
scope's cassette and the fixture's name: which fixtures there are besides, and in which order tests bring
them up, changes nothing. The tests in between do not draw under it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sealtape.errors import UsageError
from sealtape.modes import NONE
from sealtape.plugin.collection import CLAIMS, Claims, is_marked
from sealtape.plugin.session import SESSION, known_of
from sealtape.settings import PER_CASSETTE

if TYPE_CHECKING:
    from sealtape.cassette import Cassette
    from sealtape.determinism import Inputs
    from sealtape.library import Written


class _Scope:
    """A conversation that opens its cassette with the first request.

    ``node`` is the id of the class, module, package or session; ``marked`` are the arguments of the marker
    of the test that brought it up.
    """

    def __init__(
        self,
        item: pytest.Item,
        node: str,
        scope: str,
        find_path: Callable[[], Path],
        marked: Mapping[str, Any],
    ) -> None:
        self._session = session = item.config.stash[SESSION]
        self._run = item.session
        self._failed_before = item.session.testsfailed
        self._node = node
        self._scope = scope
        self._find_path = functools.cache(find_path)
        self._mode = session.mode(marked.get("record_mode"))
        self._marked = {name: marked[name] for name in PER_CASSETTE if name in marked}
        self._inputs: Inputs | None = None
        self._began = 0.0
        self._drew = False
        self._running: pytest.FixtureDef[Any] | None = None
        self._heard: list[pytest.FixtureDef[Any]] = []
        self._stack = ExitStack()
        self._cassette: Cassette | None = None
        self.failed = False

    def _note_written(self, written: Written) -> None:
        """Take note of the cassette, with the tests that it takes to record all of it again."""
        marked = [item for item in self._run.items if is_marked(item)]
        self._session.note_written(written, [item.nodeid for item in marked if self._is_used_by(item)])

    def _is_used_by(self, item: pytest.Item) -> bool:
        used = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # no public name for it
        return any(fixture in used.get(fixture.argname, ()) for fixture in self._heard)

    @contextmanager
    def current(self, fixturedef: pytest.FixtureDef[Any], part: str | None) -> Iterator[None]:
        """Let traffic of the block belong to the scope, and run it under the inputs of the ``part``."""
        from sealtape.capture.current import entered
        from sealtape.library import hooks

        with hooks(), entered(self), self._under(part) if part else nullcontext(bool) as was_used:
            around, self._running = self._running, fixturedef
            try:
                yield
            finally:
                self._running = around
            if was_used():
                self._drew = True
                self._hear(fixturedef)

    def _hear(self, fixturedef: pytest.FixtureDef[Any] | None) -> None:
        """Take note that something of the fixture is in the cassette."""
        if fixturedef is not None and fixturedef not in self._heard:
            self._heard.append(fixturedef)

    def _under(self, part: str) -> AbstractContextManager[Callable[[], bool]]:
        from sealtape.library import under

        path, mode = self._find_path(), self._mode
        settings = self._session.settings(path.parent, self._marked)
        if self._inputs is None:
            self._inputs = self._session.library(path.parent).inputs_at(path, mode, settings)
            self._began = time.monotonic()
        return under(
            self._inputs.of(part),
            settings,
            is_recording=mode.may_record(exists=path.exists()),
            elapsed=time.monotonic() - self._began,
        )

    @property
    def known_offline(self) -> bool:
        """Whether nothing may leave for a provider, as far as that is known before there is traffic."""
        return self._mode is NONE if self._cassette is None else self._cassette.offline

    def __getattr__(self, name: str) -> Any:
        # Reached for what capture asks of a conversation: traffic has begun.
        if self._cassette is None:
            self._cassette = self._open()
        self._hear(self._running)
        return getattr(self._cassette, name)

    def _open(self) -> Cassette:
        path, mode = self._find_path(), self._mode
        if mode.may_record(exists=path.exists()) and not self._session.has_all_of(self._scope):
            raise UsageError(
                f"a fixture of {self._scope} scope cannot be recorded here",
                where=str(path),
                why="under xdist it is brought up by several workers, each against its own resources",
                hint=f"pytest --record-mode={mode.name} --dist loadfile, or without -n",
            )
        if self._scope in ("class", "module"):
            self._run.config.stash.setdefault(CLAIMS, Claims()).of_scope(self._node, path)
        library = self._session.library(path.parent)
        cassette = self._stack.enter_context(
            library.opened(
                path,
                mode,
                settings=self._session.settings(path.parent, self._marked),
                inputs=self._inputs,
                keep=lambda: not self.failed,
                written=self._note_written,
                pending=bool(self._session.refreshes),
                current=False,
                empty=self._may_keep_draws,
            )
        )
        if self._session.item is not None:
            known_of(self._session.item).cassettes.append(cassette)
        return cassette

    def close(self) -> None:
        """Write what was recorded; raise a miss that was swallowed in the scope's teardown."""
        if self._cassette is None and self._may_keep_draws():
            self._cassette = self._open()
        self._stack.close()
        misses = self._cassette.take_misses() if self._cassette is not None else []
        if misses:
            raise misses[0]

    def _may_keep_draws(self) -> bool:
        """Whether there may be a cassette for what was drawn alone, which the scope's tests were given.

        Not if one of them failed: the names that it drew would be taken when it is recorded again.
        """
        if not self._drew or self._run.testsfailed != self._failed_before:
            return False
        is_new = self._mode.records_missing and not self._find_path().exists()
        return is_new and self._session.has_all_of(self._scope)


_SCOPES = pytest.StashKey[dict[str, _Scope]]()


@contextmanager
def set_up(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
    """Give the traffic of a fixture that outlives the test, and of its teardown, to its scope."""
    item = request.config.stash[SESSION].item
    disabled = request.config.getoption("--disable-recording")
    if fixturedef.scope == "function" or item is None or not is_marked(item) or disabled:
        yield
        return
    scope = _scope_of(fixturedef, request, item)
    part = _part(fixturedef, request) if _is_named(fixturedef, item) else None
    # Finalizers run last in, first out: between these two lies the fixture's own teardown.
    teardown = ExitStack()
    fixturedef.addfinalizer(teardown.close)
    try:
        with scope.current(fixturedef, part):
            yield
    except BaseException:
        scope.failed = True
        raise

    def begin_teardown() -> None:
        teardown.enter_context(scope.current(fixturedef, part and f"teardown of {part}"))

    fixturedef.addfinalizer(begin_teardown)


def _scope_of(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest, item: pytest.Item
) -> _Scope:
    """Return the conversation of a fixture's scope, which lasts as long as the scope."""
    node = request.node
    scopes: dict[str, _Scope] = node.stash.setdefault(_SCOPES, {})
    folder = _folder(fixturedef, item)
    key = f"{fixturedef.scope}:{folder}"
    if key not in scopes:
        marker = item.get_closest_marker("vcr")
        scopes[key] = _Scope(
            item,
            node.nodeid,
            fixturedef.scope,
            lambda: _path(fixturedef, request, folder),
            marker.kwargs if marker else {},
        )

        def close() -> None:
            scopes.pop(key).close()

        node.addfinalizer(close)
    return scopes[key]


def _folder(fixturedef: pytest.FixtureDef[Any], item: pytest.Item) -> Path:
    """Return the folder of the conftest or module that defines a fixture."""
    if fixturedef.scope in ("class", "module"):
        return item.path.parent
    place = item.config.rootpath / fixturedef.baseid
    return place if place.is_dir() else place.parent


def _path(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest, folder: Path) -> Path:
    from sealtape import store

    if fixturedef.scope in ("session", "package"):
        return store.cassette_path(folder / "cassettes", f"_{fixturedef.scope}")
    module = Path(request.getfixturevalue("vcr_cassette_dir"))
    if fixturedef.scope == "class" and request.cls is not None:
        return store.cassette_path(module, store.portable_name(f"_class.{request.cls.__name__}"))
    return store.cassette_path(module, "_module")


_WIDER = ("function", "class", "module", "package", "session")


def _is_named(fixturedef: pytest.FixtureDef[Any], item: pytest.Item) -> bool:
    """Whether the cassette of the fixture's scope can be named before the fixture is there.

    The cassettes of classes and modules lie in the folder that ``vcr_cassette_dir`` says, which may itself
    need the fixture, or be of a narrower scope.
    """
    if fixturedef.scope in ("package", "session"):
        return True
    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # no public name for it
    folder = definitions["vcr_cassette_dir"][-1]
    needed, waiting = set(), ["vcr_cassette_dir"]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [more for found in definitions.get(name, ()) for more in found.argnames]
    is_wide = _WIDER.index(folder.scope) >= _WIDER.index(fixturedef.scope)
    return is_wide and fixturedef.argname not in needed


def _part(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> str:
    """Return a name for a fixture with its parameter, which stays if its module is renamed."""
    name, file = fixturedef.argname, Path(fixturedef.baseid.partition("::")[0])
    if fixturedef.scope == "module":
        # pytest calls the fixture that runs setup_module after the module.
        name = name.removesuffix(request.module.__name__)
    if file.suffix == ".py":
        # It may extend one of its name in a conftest. Those of several modules meet in a session.
        name += " of a module" if fixturedef.scope in ("class", "module") else f" of {file.name}"
    if hasattr(request, "param"):
        is_plain = request.param is None or isinstance(request.param, (str, int, float))
        name += f"[{request.param if is_plain else request.param_index!r}]"  # type: ignore[attr-defined]
    return name

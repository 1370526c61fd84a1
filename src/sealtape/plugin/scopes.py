"""Cassettes for fixtures that outlive a test.

A fixture of class, module, package or session scope runs before a test's own cassette opens and after
it has closed. When a marked test brings such a fixture up, its traffic, teardown included, belongs to
one cassette of that scope: ``_module.tape`` beside the module's other cassettes, ``_session.tape`` in
the ``cassettes`` folder next to the conftest that defines the fixture. A fixture without traffic opens
no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sealtape.errors import UsageError
from sealtape.plugin.collection import file_name, is_marked
from sealtape.plugin.session import SESSION, Session, known_of

if TYPE_CHECKING:
    from sealtape.cassette import Cassette


class _Scope:
    """A conversation that opens its cassette with the first request."""

    def __init__(
        self, session: Session, scope: str, find_path: Callable[[], Path], given: str | None
    ) -> None:
        self._session = session
        self._scope = scope
        self._find_path = find_path
        self._given = given
        self._stack = ExitStack()
        self._cassette: Cassette | None = None
        self.failed = False

    def __getattr__(self, name: str) -> Any:
        # Reached for what capture asks of a conversation: traffic has begun.
        if self._cassette is None:
            self._cassette = self._open()
        return getattr(self._cassette, name)

    def _open(self) -> Cassette:
        path = self._find_path()
        mode = self._session.mode(self._given)
        if mode.may_record(exists=path.exists()) and not self._session.has_all_of(self._scope):
            raise UsageError(
                f"a fixture of {self._scope} scope cannot be recorded here",
                where=str(path),
                why="under xdist it is brought up by several workers, each against its own resources",
                hint=f"pytest --record-mode={mode.name} --dist loadfile, or without -n",
            )
        library = self._session.library(path.parent)
        cassette = self._stack.enter_context(
            library.opened(
                path,
                mode,
                keep=lambda: not self.failed,
                written=self._session.note_written,
                pending=bool(self._session.refreshes),
                current=False,
            )
        )
        if self._session.item is not None:
            known_of(self._session.item).cassettes.append(cassette)
        return cassette

    def close(self) -> None:
        """Write what was recorded; raise a miss that was swallowed in the scope's teardown."""
        self._stack.close()
        misses = self._cassette.take_misses() if self._cassette is not None else []
        if misses:
            raise misses[0]


_SCOPES = pytest.StashKey[dict[str, _Scope]]()


@contextmanager
def set_up(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
    """Give the traffic of a fixture that outlives the test, and of its teardown, to its scope."""
    item = request.config.stash[SESSION].item
    disabled = request.config.getoption("--disable-recording")
    if fixturedef.scope == "function" or item is None or not is_marked(item) or disabled:
        yield
        return
    from sealtape.capture.current import entered
    from sealtape.library import hooks

    scope = _scope_of(fixturedef, request, item)
    # Finalizers run last in, first out: between these two lies the fixture's own teardown.
    teardown = ExitStack()
    fixturedef.addfinalizer(teardown.close)
    try:
        with hooks(), entered(scope):
            yield
    except BaseException:
        scope.failed = True
        raise

    def begin_teardown() -> None:
        teardown.enter_context(hooks())
        teardown.enter_context(entered(scope))

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
            item.config.stash[SESSION],
            fixturedef.scope,
            lambda: _path(fixturedef, request, folder),
            marker.kwargs.get("record_mode") if marker else None,
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
        return store.cassette_path(module, file_name(f"_class.{request.cls.__name__}"))
    return store.cassette_path(module, "_module")

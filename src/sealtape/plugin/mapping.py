"""Which cassettes the collected tests map to, for ``sealtape lint --orphans``; no test is run.

The folder of a test's cassettes is a fixture's value, so that fixture, and what it needs, is brought up for
each marked test, and nothing else is. What is found goes into a file of JSON lines: ``test`` with the
``folder`` and the ``paths`` of one, ``failed`` with the error of one whose folder cannot be said, and
``collected`` at the end.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from sealtape.plugin.collection import bare, is_marked


class Mapping:
    """A pytest plugin object that writes the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._items: list[pytest.Item] = []

    def _tell(self, event: str, **facts: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **facts}) + "\n")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        # Before -k and -m, which addopts may hold: what they leave out has a cassette all the same.
        self._items = [item for item in items if is_marked(item)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for item, following in itertools.pairwise([*self._items, None]):
            assert item is not None
            try:
                self._tell_one(item)
                session._setupstate.teardown_exact(following)
            except Exception as error:
                self._tell("failed", test=item.nodeid, error=f"{type(error).__name__}: {error}")
        self._tell("collected", tests=len(self._items), errors=session.testsfailed)
        return True

    def _tell_one(self, item: pytest.Item) -> None:
        names = ["vcr_cassette_dir", "default_cassette_name"]
        item.fixturenames[:] = names  # type: ignore[attr-defined]  # of items that are functions
        item.session._setupstate.setup(item)
        folder, default = (item.funcargs[name] for name in names)  # type: ignore[attr-defined]
        shared = [str(name) for marker in item.iter_markers("vcr") for name in marker.args]
        self._tell(
            "test", test=item.nodeid, folder=str(folder), paths=_paths(item, Path(folder), default, shared)
        )


def _paths(item: pytest.Item, folder: Path, default: str, shared: list[str]) -> list[str]:
    from sealtape import store
    from sealtape.plugin.seam import PLAIN_SUFFIXES, tape_of

    own = store.cassette_path(folder, store.portable_name(bare(default)))
    scopes = [store.cassette_path(folder, "_module")]
    cls = getattr(item, "cls", None)
    if cls is not None:
        scopes.append(store.cassette_path(folder, store.portable_name(f"_class.{cls.__name__}")))
    # Fixtures of wider scopes lie beside the conftest, or the module, that defines them.
    above = [place for place in item.path.parents if place.is_relative_to(item.config.rootpath)]
    scopes += [place / "cassettes" / f"_{scope}.tape" for place in above for scope in ("session", "package")]
    # Of vcrpy's cassettes which serializer wrote them is said by vcr_config, a fixture of the project's.
    plain = [folder / f"{bare(default)}{suffix}" for suffix in PLAIN_SUFFIXES]
    others = [path for name in shared for path in (folder / name, tape_of(folder, name))]
    return [str(path.absolute()) for path in (own, *scopes, *plain, *others)]

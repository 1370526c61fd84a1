"""Which tests use a cassette, and which file each of them maps to."""

from __future__ import annotations

import inspect
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from sealtape.errors import NameCollision


def is_marked(item: pytest.Item) -> bool:
    """Whether a test is marked with ``@pytest.mark.vcr``."""
    return item.get_closest_marker("vcr") is not None


def cassette_name(item: pytest.Item) -> str:
    """Return the name of a test's own cassette, which pytest-recording makes or its marker says."""
    from pytest_recording.plugin import get_default_cassette_name

    given = _given_name(item)
    return given or get_default_cassette_name(getattr(item, "cls", None), item.name)


def bare(name: str) -> str:
    """Return the name of a cassette without the suffix that it has in either library."""
    return name.removesuffix(".tape").removesuffix(".yaml")


def _given_name(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("default_cassette")
    return str(marker.args[0]) if marker is not None and marker.args else None


def refuse_shared_names(items: list[pytest.Item]) -> None:
    """Raise if two marked tests map to one cassette file without having said so, or one to that of a scope.

    Case and Unicode form are folded: not every file system tells them apart. Who names a cassette by
    ``default_cassette`` means it, as long as both names are spelt alike. Where the folder is known only when
    a test runs, tests of one module are compared; `Claims` sees to the others.
    """
    marked = [item for item in items if is_marked(item)]
    if not marked:
        return
    from sealtape import store

    seen: dict[tuple[Path, str], tuple[pytest.Item, str]] = {}
    folders: dict[object, Path | None] = {}
    errors = []
    for item in marked:
        name = bare(cassette_name(item))
        folder = _folder(item, folders)
        file = store.same_file(name)
        if _is_of_a_scope(file) and not _is_plain(folder, name):
            errors.append(_reserved(item, name))
        other, others = seen.setdefault((folder or item.path, file), (item, name))
        if other is item or (name == others and (_given_name(item) or _given_name(other))):
            continue
        if _is_plain(folder, name) and _is_plain(_folder(other, folders), others):
            continue  # they go on with the files that pytest-recording has made of them
        path = f"{store.portable_name(name)}.tape"
        both = "" if name == others else f" and {store.portable_name(others)}.tape, one file on some systems"
        errors.append(_collision(item.nodeid, other.nodeid, f"{path}{both}"))
    if errors:
        raise pytest.UsageError("\n".join(map(str, errors)))


def _collision(test: str, other: str, file: str) -> NameCollision:
    return NameCollision(
        "two tests share one cassette",
        where=test,
        why=f"its name and that of {other} both map to {file}",
        hint='rename one, or share it on purpose: @pytest.mark.default_cassette("a-name")',
    )


def _reserved(item: pytest.Item, name: str) -> NameCollision:
    return NameCollision(
        f"a test's cassette cannot be called {name}",
        where=item.nodeid,
        why="that is the cassette of fixtures which outlive a test",
        hint='give it another name: @pytest.mark.default_cassette("a-name")',
    )


def _is_of_a_scope(file: str) -> bool:
    return file in ("_module", "_package", "_session") or file.startswith("_class.")


def _folder(item: pytest.Item, known: dict[object, Path | None]) -> Path | None:
    """Return the folder of a test's cassettes, None if only the running test can say it.

    A fixture ``vcr_cassette_dir`` of the project's that needs nothing is called: it says the same to all.
    """
    definition = _own_folder_fixture(item)
    if definition is None:
        return _usual_folder(item)
    if definition not in known:
        known[definition] = None
        if not definition.argnames and definition.params is None and inspect.isfunction(definition.func):
            # What it raises belongs to the test that needs it.
            with suppress(Exception):
                known[definition] = Path(os.path.abspath(definition.func()))
    return known[definition]


def _own_folder_fixture(item: pytest.Item) -> pytest.FixtureDef[Any] | None:
    """Return the fixture by which the project puts a test's cassettes elsewhere, if there is one."""
    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # no public name for it
    found: list[pytest.FixtureDef[Any]] = [d for d in definitions.get("vcr_cassette_dir", ()) if d.baseid]
    return found[-1] if found else None


def _usual_folder(item: pytest.Item) -> Path:
    return item.path.parent / "cassettes" / item.path.stem


def usual_path(item: pytest.Item) -> Path | None:
    """Return where a test's cassette lies, if the project has not put it elsewhere by a fixture."""
    from sealtape import store

    if _own_folder_fixture(item) is not None:
        return None
    return store.cassette_path(_usual_folder(item), bare(cassette_name(item)))


def _is_plain(folder: Path | None, name: str) -> bool:
    """Whether there is a cassette of vcrpy's in ``folder``."""
    return folder is not None and (folder / f"{name}.yaml").exists()


class Claims:
    """Whose cassettes are whose in one run, for those of which the file is known only when it is used."""

    def __init__(self) -> None:
        self._claimed: dict[str, tuple[str, bool]] = {}

    def of_test(self, item: pytest.Item, path: Path) -> None:
        """Raise `NameCollision` if ``path`` is the cassette of another test and neither said so."""
        if path.parent == _usual_folder(item):
            return  # `refuse_shared_names` knows it
        named = _given_name(item) is not None
        other, others = self._claim(path, item.nodeid, named=named)
        if other != item.nodeid and not (named or others):
            raise _collision(item.nodeid, other, str(path))

    def of_scope(self, node: str, path: Path) -> None:
        """Raise `NameCollision` if ``path`` holds what fixtures of another node, module or class, did."""
        other, _ = self._claim(path, node, named=False)
        if other != node:
            raise NameCollision(
                "fixtures of two modules or classes share one cassette",
                where=node,
                why=f"what they do, and what those of {other} do, maps to {path}",
                hint="give each module a folder of its own: let the fixture vcr_cassette_dir use "
                "request.path.stem, and two classes two names",
            )

    def _claim(self, path: Path, owner: str, *, named: bool) -> tuple[str, bool]:
        from sealtape import store

        return self._claimed.setdefault(store.same_file(os.path.abspath(path)), (owner, named))


CLAIMS = pytest.StashKey[Claims]()

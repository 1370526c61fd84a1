"""Which tests use a cassette, and which file each of them maps to."""

from __future__ import annotations

from pathlib import Path

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
    """Raise if two marked tests map to one cassette file without having said so.

    Case and Unicode form are folded: not every file system tells them apart. Who names a cassette by
    ``default_cassette`` means it, as long as both names are spelt alike.
    """
    marked = [item for item in items if is_marked(item)]
    if not marked:
        return
    from sealtape import store

    seen: dict[tuple[Path, str], tuple[pytest.Item, str]] = {}
    errors = []
    for item in marked:
        name = bare(cassette_name(item))
        other, others = seen.setdefault((item.path, store.same_file(name)), (item, name))
        if other is item or (name == others and (_given_name(item) or _given_name(other))):
            continue
        if _is_plain(item, name) and _is_plain(other, others):
            continue  # they go on with the files that pytest-recording has made of them
        file = f"{store.portable_name(name)}.tape"
        both = "" if name == others else f" and {store.portable_name(others)}.tape, one file on some systems"
        error = NameCollision(
            "two tests share one cassette",
            where=item.nodeid,
            why=f"its name and that of {other.nodeid} both map to {file}{both}",
            hint='rename one, or share it on purpose: @pytest.mark.default_cassette("a-name")',
        )
        errors.append(str(error))
    if errors:
        raise pytest.UsageError("\n".join(errors))


def usual_path(item: pytest.Item) -> Path | None:
    """Return where a test's cassette lies, if the project has not put it elsewhere by a fixture."""
    from sealtape import store

    definitions = item._fixtureinfo.name2fixturedefs  # type: ignore[attr-defined]  # no public name for it
    if any(definition.baseid for definition in definitions.get("vcr_cassette_dir", ())):
        return None
    return store.cassette_path(item.path.parent / "cassettes" / item.path.stem, bare(cassette_name(item)))


def _is_plain(item: pytest.Item, name: str) -> bool:
    """Whether a test has a cassette of vcrpy's in the usual place."""
    return (item.path.parent / "cassettes" / item.path.stem / f"{name}.yaml").exists()

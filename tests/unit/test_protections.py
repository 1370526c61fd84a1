"""The table of what protects a cassette is about the code and the tests that there are."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = tomllib.loads((ROOT / "tools" / "protections.toml").read_text(encoding="utf-8"))["protection"]


def names_in(path: Path) -> Iterator[str]:
    """Yield the tests of a file as they are named after it: ``test_x``, ``TestIt::test_x``."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.FunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name, body=body):
                yield from (f"{name}::{test.name}" for test in body if isinstance(test, ast.FunctionDef))


def test_each_protection_stands_once_in_its_file() -> None:
    counts = {
        row["what"]: (ROOT / "src" / "sealtape" / row["file"]).read_text("utf-8").count(row["stands"])
        for row in ROWS
    }
    assert {what: count for what, count in counts.items() if count != 1} == {}
    assert len(counts) == len(ROWS)


def test_each_protection_has_a_test_that_there_is() -> None:
    files = {row["test"].partition("::")[0] for row in ROWS}
    tests = {f"{file}::{name}" for file in files for name in names_in(ROOT / "tests" / file)} | files
    assert [row["test"] for row in ROWS if row["test"] not in tests] == []

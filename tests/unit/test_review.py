from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sealtape import settings
from sealtape.changes import change_between, read_version
from sealtape.errors import CassetteError, KeyMissing, UsageError
from sealtape.interaction import HttpRequest, Interaction, Recording, Response, Scrubbed
from sealtape.review import Pending, chosen, pending_at, recorded_on
from sealtape.seal.format import ClearCassette, seal
from sealtape.seal.keyring import Key, new_key

KEY = new_key()


def call(path: str, body: bytes = b"{}") -> Scrubbed:
    request = HttpRequest("GET", f"https://api.example.com/{path}")
    return Scrubbed(Interaction(request, Response(200, "OK", (), body)))


A, B, C, D = (call(name) for name in "abcd")
A2 = call("a", b"[]")


def rows(old: tuple[Scrubbed, ...], new: tuple[Scrubbed, ...], *, locked: bool = False) -> list[str]:
    """Return what differs between two versions as ``+label``, ``-label`` and ``~label``."""

    def key_for(clear: ClearCassette) -> Key:
        if locked:
            raise KeyMissing("there is no key here")
        return KEY

    versions = [
        read_version(seal(Recording("0f" * 16, "x", side), KEY).data, key_for, where="x")
        for side in (old, new)
    ]
    change = change_between(versions[0], versions[1], where="x", kind="changed")
    signs = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
    assert (change.findings is None) == locked
    return [signs[row.kind] + row.label.rpartition("/")[2] for row in change.rows]


@pytest.mark.parametrize("locked", [False, True], ids=["with the key", "without the key"])
@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ((A, B), (A, B), []),
        ((A, B), (A, B, C), ["+c"]),
        ((A, B, C), (A, C), ["-b"]),
        ((A, B), (A2, B), ["~a"]),
        ((A, A, A), (A, A2, A), ["~a"]),
        ((A, A), (A, A, A), ["+a"]),
        ((A, B, C), (D, A, B, C), ["+d"]),
        ((A, B), (C, D), ["-a", "+c", "-b", "+d"]),
        ((A, B), (B, A), [">b"]),
        ((A, B, C), (C, A2, B), [">c", "~a"]),
        ((), (A,), ["+a"]),
        ((A,), (), ["-a"]),
    ],
)
def test_rows_are_told_apart_by_what_is_in_them(
    old: tuple[Scrubbed, ...], new: tuple[Scrubbed, ...], expected: list[str], locked: bool
) -> None:
    assert rows(old, new, locked=locked) == expected


def test_what_is_no_cassette_is_not_a_version_of_one() -> None:
    with pytest.raises(CassetteError):
        read_version(b"hello\n", lambda _: KEY, where="x")


@pytest.fixture
def pending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Pending]:
    """Recordings that wait in two folders of a project."""
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.sealtape]\n")
    settings._load.cache_clear()
    found = []
    for name in ("cassettes/test_a/test_one", "cassettes/test_a/test_two", "cassettes/test_b/test_one"):
        path = Path(f"{name}.tape.new")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
        found.append(pending_at(path))
    return found


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["test_two"], [1]),
        (["test_b/test_one"], [2]),
        (["test_b/test_one.tape.new", "test_two.tape"], [1, 2]),
        (["cassettes/test_a"], [0, 1]),
        (["."], [0, 1, 2]),
        (["./cassettes/test_a/test_one.tape", "cassettes/test_a/test_one"], [0]),
    ],
)
def test_names_mean_recordings(pending: list[Pending], names: list[str], numbers: list[int]) -> None:
    assert chosen(names, pending) == [pending[number] for number in numbers]


@pytest.mark.parametrize("name", ["test_one", "one", "", "/", "cassettes/test_c", "*"])
def test_a_name_that_means_nothing_or_several_things_is_refused(pending: list[Pending], name: str) -> None:
    if name == "/":
        assert len(chosen([name], pending)) == 3
        return
    with pytest.raises(UsageError):
        chosen([name], pending)


def test_a_recording_is_as_old_as_its_file_and_never_of_tomorrow(tmp_path: Path) -> None:
    path = tmp_path / "x.tape.new"
    path.write_bytes(b"")
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    os.utime(path, (moment.timestamp(), moment.timestamp()))
    assert recorded_on(path) == date(2026, 1, 31)
    later = (datetime.now(UTC) + timedelta(days=3)).timestamp()
    os.utime(path, (later, later))
    assert recorded_on(path) == datetime.now(UTC).date()

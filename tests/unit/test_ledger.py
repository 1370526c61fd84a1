from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from sealtape.errors import StoreError, StoreUnwritable
from sealtape.ledger import LEDGER, confirm, confirmed_at, ledger_path

DAY = date(2026, 1, 31)


def cassette(folder: Path, name: str = "test_one.tape") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(b"")
    return path


def test_a_cassette_was_never_confirmed_until_it_is(tmp_path: Path) -> None:
    path = cassette(tmp_path)
    assert confirmed_at(path) is None
    confirm([path], DAY)
    assert confirmed_at(path) == datetime(2026, 1, 31, tzinfo=UTC)


def test_each_cassette_is_one_line_and_the_lines_are_sorted(tmp_path: Path) -> None:
    paths = [cassette(tmp_path, name) for name in ("test_b.tape", "test_a[é].tape")]
    assert confirm(paths, DAY) == [tmp_path / LEDGER]
    text = ledger_path(paths[0]).read_text(encoding="utf-8")
    assert text == (
        '{\n"ledger": 1,\n"confirmed": {\n'
        '"test_a[\\u00e9].tape": "2026-01-31",\n"test_b.tape": "2026-01-31"\n}\n}\n'
    )
    assert json.loads(text)["ledger"] == 1


def test_confirming_twice_on_one_day_changes_no_file(tmp_path: Path) -> None:
    path = cassette(tmp_path)
    confirm([path], DAY)
    before = (tmp_path / LEDGER).stat().st_mtime_ns
    assert confirm([path], DAY) == []
    assert (tmp_path / LEDGER).stat().st_mtime_ns == before


def test_every_folder_has_a_ledger_of_its_own(tmp_path: Path) -> None:
    paths = [cassette(tmp_path / name) for name in ("test_a", "test_b")]
    assert confirm(paths, DAY) == [tmp_path / "test_a" / LEDGER, tmp_path / "test_b" / LEDGER]


def test_a_cassette_that_is_gone_is_struck_out(tmp_path: Path) -> None:
    kept, gone = cassette(tmp_path, "test_a.tape"), cassette(tmp_path, "test_b.tape")
    confirm([kept, gone], DAY)
    gone.unlink()
    confirm([kept], DAY + timedelta(days=1))
    assert confirmed_at(gone) is None
    assert confirmed_at(kept) == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_day_that_is_still_to_come_confirms_nothing(tmp_path: Path) -> None:
    path = cassette(tmp_path)
    confirm([path], datetime.now(UTC).date() + timedelta(days=2))
    assert confirmed_at(path) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "not a ledger"),
        (b"[]", "not a ledger"),
        (b'{"ledger": 1}', "not a ledger"),
        (b'{"ledger": 1, "confirmed": {"a.tape": "soon"}}', "not a ledger"),
        (b'{"ledger": 1, "confirmed": {"a.tape": 7}}', "not a ledger"),
        (b'{"ledger": 1, "confirmed": []}', "not a ledger"),
        (b"\xff", "not text"),
        (b'{\n<<<<<<< HEAD\n"ledger": 1\n=======\n>>>>>>> other\n}', "merge-conflict markers"),
        (b'{"ledger": 2, "confirmed": {}}', "later version"),
    ],
)
def test_a_ledger_that_cannot_be_read_is_refused_and_left_alone(
    tmp_path: Path, text: bytes, why: str
) -> None:
    path = cassette(tmp_path)
    (tmp_path / LEDGER).write_bytes(text)
    for ask in (lambda: confirmed_at(path), lambda: confirm([path], DAY)):
        with pytest.raises(StoreError, match=why) as caught:
            ask()
        assert caught.value.hint
    assert (tmp_path / LEDGER).read_bytes() == text


def test_one_bad_ledger_does_not_keep_the_others_from_being_written(tmp_path: Path) -> None:
    bad, good = cassette(tmp_path / "test_a"), cassette(tmp_path / "test_b")
    ledger_path(bad).write_text("{")
    with pytest.raises(StoreError):
        confirm([bad, good], DAY)
    assert confirmed_at(good) is not None


def test_a_ledger_that_cannot_be_replaced_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = cassette(tmp_path)
    confirm([path], DAY)
    before = (tmp_path / LEDGER).read_bytes()

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    with pytest.raises(StoreUnwritable, match="permission denied"):
        confirm([path], DAY + timedelta(days=1))
    assert (tmp_path / LEDGER).read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [LEDGER, "test_one.tape"]

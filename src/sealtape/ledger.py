"""When each cassette was last confirmed: a small JSON file beside the cassettes of a folder.

A cassette is confirmed when its test was recorded anew and the provider still answered the same, or
when a new recording of it was accepted. Cassettes hold no dates, so that recording the same answers
again changes nothing in them; this is the one place that does. ::

    {
    "ledger": 1,
    "confirmed": {
    "test_create.tape": "2026-01-31",
    "test_delete.tape": "2026-01-24"
    }
    }

One line a cassette, sorted by name, so that two branches rarely meet in one line. Days in UTC and
nothing finer: a second refresh of the same day changes no file, and a weekly job that starts a minute
early still finds last week's cassettes a week old. A file that is not there confirms nothing, and so
is a cassette that was moved or renamed: then it is recorded once too often, never once too seldom.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path

from sealtape import store
from sealtape.errors import StoreError
from sealtape.textfile import replace_text

LEDGER = "sealtape-ledger.json"
FORMAT = 1

_CONFLICT = re.compile(r"^(?:<{7}|>{7}|={7})", re.MULTILINE)


def ledger_path(cassette: Path) -> Path:
    """Return the ledger in which ``cassette`` stands: the one in its folder."""
    return cassette.with_name(LEDGER)


def confirmed_at(path: Path) -> datetime | None:
    """Return the beginning (UTC) of the day on which the cassette at ``path`` was last confirmed.

    None if it never was; a day that is still to come, by somebody's wrong clock, confirms nothing.
    Raise `StoreError` for a ledger that cannot be read.
    """
    day = _read(ledger_path(path)).get(path.name)
    if day is None or day > datetime.now(UTC).date():
        return None
    return datetime.combine(day, time(), UTC)


def confirm(paths: Iterable[Path], day: date) -> list[Path]:
    """Note that the cassettes at ``paths`` were confirmed on ``day``; return the ledgers that changed.

    Cassettes that are gone are struck out. A ledger is replaced whole or not at all. Raise
    `StoreError` for the first one that cannot be, with those of the other folders written.
    """
    folders: dict[Path, list[str]] = {}
    for path in paths:
        folders.setdefault(ledger_path(path), []).append(path.name)
    failed: StoreError | None = None
    changed = []
    for ledger, names in sorted(folders.items()):
        try:
            if _confirm(ledger, names, day):
                changed.append(ledger)
        except StoreError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return changed


def _confirm(ledger: Path, names: list[str], day: date) -> bool:
    with store.lock(ledger):
        before = _read(ledger)
        after = before | dict.fromkeys(names, day)
        after = {name: kept for name, kept in after.items() if ledger.with_name(name).exists()}
        if after == before:
            return False
        replace_text(ledger, _text(after))
    return True


def _text(confirmed: dict[str, date]) -> str:
    rows = [f"{json.dumps(name)}: {json.dumps(day.isoformat())}" for name, day in sorted(confirmed.items())]
    return f'{{\n"ledger": {FORMAT},\n"confirmed": {{\n' + ",\n".join(rows) + "\n}\n}\n"


def _read(ledger: Path) -> dict[str, date]:
    try:
        text = ledger.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _unreadable(ledger, (error.strerror or type(error).__name__).lower()) from None
    except UnicodeDecodeError:
        raise _unreadable(ledger, "it is not text") from None
    try:
        document = json.loads(text)
        if type(document) is dict and type(document.get("ledger")) is int and document["ledger"] > FORMAT:
            raise StoreError(
                "this ledger was written by a later version",
                where=_shown(ledger),
                hint="pip install -U sealtape",
            )
        if document["ledger"] != FORMAT:
            raise _unreadable(ledger, "it is not a ledger")
        return {str(name): date.fromisoformat(day) for name, day in document["confirmed"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        conflict = "it holds merge-conflict markers" if _CONFLICT.search(text) else "it is not a ledger"
        raise _unreadable(ledger, conflict) from None


def _unreadable(ledger: Path, why: str) -> StoreError:
    return StoreError(
        "the ledger of these cassettes cannot be read",
        where=_shown(ledger),
        why=why,
        hint=f"rm {shlex.quote(_shown(ledger))} (then they count as never confirmed, and are refreshed)",
    )


def _shown(path: Path) -> str:
    absolute = path.absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)

"""What is wrong with cassettes: the checks that lint, verify and doctor share."""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from sealtape import store
from sealtape.cli.project import PENDING, files_under, git, key_for, shown
from sealtape.cli.terminal import say
from sealtape.errors import CassetteMalformed, KeyringError, KeyWrong, SealtapeError, StoreUnwritable
from sealtape.interaction import Recording
from sealtape.ledger import confirmed_at
from sealtape.report.junit import junit
from sealtape.report.printable import printable_line
from sealtape.scrub.residue import find_residue
from sealtape.seal.format import unseal
from sealtape.seal.keyring import KEYRING_FILE, read_keyring
from sealtape.seal.structure import ClearCassette, read_clear
from sealtape.settings import Settings, age, load_settings
from sealtape.textfile import read_regular

_PLAIN_SUFFIXES = (".yaml", ".yml")
_PLAIN_CASSETTE = re.compile(rb'^"?interactions"?:|^\{\s*"(?:version|interactions)"', re.MULTILINE)
_LOOKED_AT_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file: a problem fails the check, a note does not."""

    level: Literal["problem", "note"]
    where: str
    text: str
    hint: str = ""


def problem_of(error: SealtapeError, path: Path) -> Finding:
    """Return what an error says as a finding about ``path``."""
    text = ": ".join(part for part in (error.what, error.why) if part)
    return Finding("problem", error.where or shown(path), text, error.hint)


def clear_findings(paths: Sequence[Path]) -> tuple[list[str], list[Finding]]:
    """Return which cassettes lie under ``paths`` and what is wrong with them without the key."""
    checked: list[str] = []
    findings: list[Finding] = []
    for path in files_under(paths, (store.SUFFIX, PENDING, *_PLAIN_SUFFIXES)):
        if path.name.endswith(PENDING):
            findings.append(_pending(path))
        elif path.suffix in _PLAIN_SUFFIXES:
            findings.extend(_plain(path))
        else:
            checked.append(shown(path))
            findings.extend(_sealed(path))
    return checked, findings


def opened_findings(path: Path) -> list[Finding]:
    """Return what is wrong with one cassette under its key.

    Raise `KeyringError` where the key is not at hand; a cassette under another key is a finding.
    """
    settings = load_settings(path.parent)
    try:
        data = store.read(path)
        clear = read_clear(data, where=shown(path))
        key = key_for(settings, clear)
        recording = unseal(data, key, where=shown(path), name=settings.name_of(path))
    except KeyWrong as error:
        # Sealed with another key: that is about this file. The wrong key at hand is about the set-up.
        if error.where != shown(path):
            raise
        return [problem_of(error, path)]
    except KeyringError:
        raise
    except SealtapeError as error:
        return [problem_of(error, path)]
    return list(_residue(recording, settings, path))


def scrub_findings(settings: Settings) -> Iterator[Finding]:
    """Yield a note of the scrub rules that the project has turned off."""
    if settings.scrub.left_out:
        yield Finding("note", "[tool.sealtape.scrub]", f"not all is scrubbed: {settings.scrub.left_out}")


def _residue(recording: Recording, settings: Settings, path: Path) -> Iterator[Finding]:
    # The whole cassette at once: a stand-in made for one interaction may stand in another.
    for found in find_residue(recording.interactions, settings.scrub):
        yield Finding(
            "problem",
            shown(path),
            f"{found.rule} finds what looks like a secret at {printable_line(found.place)}",
            "revoke it and run pytest --record-mode=rewrite; if it is harmless, add "
            f'allow = ["{printable_line(str(found))}"] under [tool.sealtape.scrub]',
        )


def _sealed(path: Path) -> Iterator[Finding]:
    settings = load_settings(path.parent)
    try:
        data = store.read(path)
        clear = read_clear(data, where=shown(path))
    except CassetteMalformed as error:
        yield _plaintext(path) if _PLAIN_CASSETTE.search(data[:_LOOKED_AT_BYTES]) else problem_of(error, path)
        return
    except SealtapeError as error:
        yield problem_of(error, path)
        return
    yield from _misplaced(path, clear, settings)
    yield from _expired(path, settings)


def _expired(path: Path, settings: Settings) -> Iterator[Finding]:
    """Yield that a cassette is older than the project allows, if that can be said without the key."""
    if not settings.max_age:
        return
    since = confirmed_at(path)
    if since is None:
        # What git knows since a day was recorded before it; what it does not know may be of today.
        committed = git(path.parent, "log", "-1", "--format=%cI", "--", path.name)
        since = datetime.fromisoformat(committed.strip()) if committed and committed.strip() else None
    if since is not None and datetime.now(UTC) - since > age(settings.max_age):
        yield Finding(
            "problem" if settings.max_age_action == "fail" else "note",
            shown(path),
            f"nobody has confirmed it since {since:%Y-%m-%d}, and max_age is {settings.max_age}",
            f"sealtape refresh --older-than {settings.max_age}",
        )


def _misplaced(path: Path, clear: ClearCassette, settings: Settings) -> Iterator[Finding]:
    """Yield what does not fit between a cassette's header and the project that it lies in."""
    if settings.key_id and clear.key_id not in _readable_key_ids(settings):
        yield Finding(
            "problem",
            shown(path),
            f"it is sealed with the key {clear.key_id}, and the project pins {settings.key_id}",
            "record it again: pytest --record-mode=rewrite",
        )
    name = settings.name_of(path)
    if unicodedata.normalize("NFC", name) != unicodedata.normalize("NFC", clear.name):
        old = (settings.root or path.parent) / (clear.name + store.SUFFIX)
        yield Finding(
            "problem",
            shown(path),
            f"it is bound to the name {clear.name!a}: it was renamed or copied",
            f"sealtape mv {shlex.quote(shown(old))} {shlex.quote(shown(path))}",
        )


def _readable_key_ids(settings: Settings) -> list[str]:
    """Return the ids that a cassette of the project may be sealed with, as far as can be said without
    the key."""
    try:
        ring = read_keyring(settings.root)
    except KeyringError:
        ring = None  # `keyring_findings` tells of it
    return [settings.key_id, *(old.id for old in (ring.older if ring else ()) if not old.retired)]


def keyring_findings(settings: Settings) -> list[Finding]:
    """Return what is wrong with the project's keyring, as far as can be said without the key."""
    try:
        ring = read_keyring(settings.root)
        if ring is not None:
            ring.require_pin(settings.key_id)
    except KeyringError as error:
        return [problem_of(error, Path(KEYRING_FILE))]
    return []


def _plaintext(path: Path) -> Finding:
    file = shlex.quote(shown(path))
    return Finding(
        "problem",
        shown(path),
        "this is a plain-text cassette under a sealed one's name",
        f"git rm --cached {file}, then record it again: pytest --record-mode=rewrite",
    )


def _pending(path: Path) -> Finding:
    old = shlex.quote(shown(path).removesuffix(store.PENDING_SUFFIX))
    return Finding(
        "problem",
        shown(path),
        "this recording waits to be accepted or rejected",
        f"sealtape accept {old}, or sealtape reject {old}",
    )


def _plain(path: Path) -> Iterator[Finding]:
    if is_plain_cassette(path):
        yield Finding("note", shown(path), "this is a plain-text cassette: neither scrubbed nor sealed")


def is_plain_cassette(path: Path) -> bool:
    """Whether a file begins as a cassette of vcrpy's does; one that nobody may read here does not."""
    try:
        return _PLAIN_CASSETTE.search(read_regular(path, _LOOKED_AT_BYTES)) is not None
    except OSError:
        return False


def write_junit(path: Path, suite: str, checked: Sequence[str], findings: Sequence[Finding]) -> None:
    """Write the problems among ``findings`` as JUnit XML to ``path``; raise `StoreUnwritable`."""
    problems = [(found.where, found.text, found.hint) for found in findings if found.level == "problem"]
    try:
        path.write_text(junit(suite, checked, problems), encoding="utf-8")
    except OSError as error:
        raise StoreUnwritable(
            "the report could not be written",
            where=shown(path),
            why=(error.strerror or type(error).__name__).lower(),
            hint=f"ls -ld {shlex.quote(str(path.parent))}",
        ) from None


def write_findings(findings: Sequence[Finding], count: int) -> int:
    """Print ``findings`` about ``count`` cassettes and return the exit code."""
    problems = [finding for finding in findings if finding.level == "problem"]
    for finding in findings:
        say(f"{finding.where}: {finding.level}: {finding.text}")
        if finding.hint:
            say(f"  hint: {finding.hint}")
    notes = len(findings) - len(problems)
    said = f"{count} cassette{'' if count == 1 else 's'} checked"
    said += f", {len(problems) or 'no'} problem{'' if len(problems) == 1 else 's'}"
    if notes:
        said += f", {notes} note{'' if notes == 1 else 's'}"
    say(said)
    return 1 if problems else 0

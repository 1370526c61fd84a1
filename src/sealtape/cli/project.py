"""Where a command works: the project around a path, the cassettes under one, and their key."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from sealtape import store
from sealtape.errors import UsageError
from sealtape.interaction import Recording
from sealtape.seal.format import read_clear, unseal
from sealtape.seal.keyring import KEY_VARIABLE, Key, load_key
from sealtape.seal.structure import ClearCassette
from sealtape.settings import Settings, load_settings

PENDING = store.SUFFIX + store.PENDING_SUFFIX


def project_root() -> Path:
    """Return the folder of the project that the working folder belongs to, else the working folder."""
    here = Path.cwd()
    return load_settings(here).root or here


def shown(path: Path) -> str:
    """Return ``path`` as a person would type it here."""
    absolute = Path(os.path.abspath(path))
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


def files_under(paths: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """Return the files below ``paths`` that end in one of ``suffixes``, sorted, each once.

    A path that is a file is taken whatever it is called. Hidden folders, virtual environments and
    installed packages are not entered. Raise `UsageError` for a path that is not there.
    """
    found: dict[str, Path] = {}
    for path in paths:
        if not path.exists():
            raise UsageError("there is no such file or folder", where=str(path), hint=f"ls {path.parent}")
        for file in [path] if path.is_file() else _walk(path, suffixes):
            found.setdefault(os.path.abspath(file), file)
    return [found[key] for key in sorted(found)]


def _walk(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not _is_foreign(place, name)]
        yield from (Path(place, name) for name in files if name.endswith(suffixes))


def _is_foreign(place: str, name: str) -> bool:
    return (
        name.startswith(".")
        or name in ("node_modules", "site-packages", "__pycache__")
        or os.path.exists(os.path.join(place, name, "pyvenv.cfg"))
    )


def key_for(settings: Settings, clear: ClearCassette) -> Key:
    """Return the key that the project pins, or, where it pins none, the one the cassette names.

    Raise `KeyringError` where it is not at hand.
    """
    if settings.key_id or os.environ.get(KEY_VARIABLE, "").strip():
        return load_key(settings.key_id, root=settings.root if settings.key_id else None)
    return load_key(clear.key_id)


def opened(path: Path) -> tuple[Recording, ClearCassette]:
    """Return the cassette at ``path``, opened and in clear words; it may be bound to any name.

    Raise `CassetteError`, `StoreError` or `KeyringError`.
    """
    data = store.read(path)
    clear = read_clear(data, where=shown(path))
    settings = load_settings(path.parent)
    if not settings.key_id:
        settings = load_settings(Path.cwd())  # git hands its diff driver a copy in the temporary folder
    return unseal(data, key_for(settings, clear), where=shown(path), retired=True), clear


def git(folder: Path, *arguments: str, given: str | None = None) -> str | None:
    """Return what ``git`` prints in ``folder``; None without git, without a repository, or without
    an answer."""
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None

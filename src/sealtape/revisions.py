"""Two revisions of a git repository: which files differ between them, and what was in them then.

It reads the object store by git's own commands, never the work tree: what is checked out, staged or
ignored makes no difference.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealtape.errors import SealtapeError, UsageError

_TIMEOUT_SECONDS = 120
_NOTHING = "0" * 40


@dataclass(frozen=True, slots=True)
class Range:
    """Two commits by their ids, and ``text``, the way a person asked for them."""

    base: str
    head: str
    text: str


@dataclass(frozen=True, slots=True)
class TreeChange:
    """A file that differs: its path below the folder asked for, and its blobs, ``""`` for none."""

    path: str
    old: str
    new: str


def resolved(folder: Path, text: str) -> Range:
    """Return the commits that ``text`` means: ``BASE..HEAD``, or ``BASE...HEAD`` for what was done on
    HEAD since it left BASE, as in ``git diff``; a side that is left out is ``HEAD``.

    Raise `UsageError` for what is no range, without a repository, and for an unknown revision.
    """
    base, dots, head = text.partition("...") if "..." in text else text.partition("..")
    if not dots or text in ("..", "..."):
        raise UsageError(
            f"{text!a} is not a range of revisions",
            why="it is BASE..HEAD",
            hint=f"sealtape review {text if text.strip('.') else 'main'}..HEAD",
        )
    if _git(folder, "rev-parse", "--git-dir") is None:
        raise UsageError(
            "this is not a git repository, so there are no revisions to compare",
            where=str(folder),
            hint="git init, or for what is pending here: sealtape review",
        )
    old, new = _commit(folder, base or "HEAD"), _commit(folder, head or "HEAD")
    if dots == "...":
        fork = _git(folder, "merge-base", old, new)
        if fork is None:
            raise UsageError(
                f"{base or 'HEAD'!a} and {head or 'HEAD'!a} have no commit in common",
                hint=f"sealtape review {base or 'HEAD'}..{head or 'HEAD'}",
            )
        old = fork.decode().strip()
    return Range(old, new, text)


def _commit(folder: Path, revision: str) -> str:
    found = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    if found is None:
        raise UsageError(
            f"git knows no revision {revision!a} here",
            where=str(folder),
            why="it may not have been fetched",
            hint="git fetch origin, then: git branch --all",
        )
    return found.decode().strip()


def changed_files(folder: Path, revisions: Range, suffixes: Sequence[str]) -> list[TreeChange]:
    """Return the files below ``folder`` that differ and end in one of ``suffixes``, sorted by path."""
    printed = _required(
        folder, "diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--relative",
        revisions.base, revisions.head,
    )  # fmt: skip
    fields = printed.split(b"\0")
    files = []
    for entry, name in zip(fields[::2], fields[1::2], strict=False):
        old_mode, new_mode, old, new, _ = entry.decode("ascii").removeprefix(":").split(" ")
        path = name.decode("utf-8", "surrogateescape")
        # Links and submodules are no cassettes; where one took the place of a file, the file is gone.
        blobs_there = [
            "" if blob.startswith(_NOTHING) or not mode.startswith("100") else blob
            for mode, blob in ((old_mode, old), (new_mode, new))
        ]
        if path.endswith(tuple(suffixes)) and any(blobs_there):
            files.append(TreeChange(path, *blobs_there))
    return sorted(files, key=lambda file: file.path)


def blobs(folder: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Return the content of the blobs ``ids``."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    printed = _required(folder, "cat-file", "--batch", given="\n".join(wanted).encode())
    found: dict[str, bytes] = {}
    at = 0
    while at < len(printed):
        line = printed.index(b"\n", at)
        name, *rest = printed[at:line].decode("ascii").split(" ")
        if rest[0] == "missing":  # a partial clone that cannot reach where it came from
            raise _failed("cat-file", f"the object {name} is not in this clone")
        size = int(rest[1])
        found[name] = printed[line + 1 : line + 1 + size]
        at = line + 1 + size + 1
    return found


def file_at(folder: Path, commit: str, path: str) -> bytes | None:
    """Return the file ``path`` below ``folder`` as it was in ``commit``, or None."""
    return _git(folder, "cat-file", "blob", f"{commit}:./{path}")


def _required(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    printed = _git(folder, *arguments, given=given)
    if printed is None:
        raise _failed(arguments[0], "it gave no answer")
    return printed


def _failed(command: str, why: str) -> SealtapeError:
    return SealtapeError(f"git {command} failed", why=why, hint="git fsck")


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes | None:
    """Return what git prints, unchanged; None where it fails. Raise `UsageError` without git."""
    try:
        ended = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            input=given,
            stdin=None if given is not None else subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed, or not on PATH", hint="git --version") from None
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout if ended.returncode == 0 else None

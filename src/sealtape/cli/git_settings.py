"""What git must not do to cassettes, and the diff driver that shows them opened in one clone.

A sealed cassette in git is worth as much as the settings that keep its plain text out of git. Two
kinds of settings write it in: ``diff.DRIVER.cachetextconv`` keeps what a driver printed as objects of the
repository, under ``refs/notes/textconv``, and ``git push --mirror`` publishes them; and a ``filter``
decides what is committed in the place of the file.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from sealtape import store, textfile
from sealtape.cli import scaffold
from sealtape.cli.checks import Finding
from sealtape.cli.project import git, shown
from sealtape.errors import UsageError

DRIVER = "sealtape"
_PROBES = ("probe" + store.SUFFIX, "probe" + store.SUFFIX + store.PENDING_SUFFIX)
_NOTES = "refs/notes/textconv/"
# Without the key, or in a conflict, a diff shows the file itself: the clear words come first in it.
_TEXTCONV = 'show() { sealtape show "$1" 2>/dev/null || cat "$1"; }; show'
_ATTRIBUTES = """\
# `sealtape doctor --git`: diffs show cassettes opened, in this clone only
*.tape diff=sealtape
*.tape.new diff=sealtape
"""


def findings(root: Path) -> Iterator[Finding]:
    """Yield the settings of git that would write plain text into the repository at ``root``."""
    said = git(root, "check-attr", "-z", "diff", "filter", "--", *_PROBES) or ""
    fields = said.split("\0")
    values = {(name, value) for _, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False)}
    drivers = sorted({DRIVER} | {value for name, value in values if name == "diff"} - _UNNAMED)
    for driver in drivers:
        yield from _of_driver(root, driver)
    for filtered in sorted({value for name, value in values if name == "filter"} - _UNNAMED):
        yield Finding(
            "problem",
            ".gitattributes",
            f"the filter {filtered!a} decides what git commits in the place of a cassette",
            "echo '*.tape -filter' >> .gitattributes && git add --renormalize .",
        )


_UNNAMED = {"unspecified", "unset", "set"}


def _of_driver(root: Path, driver: str) -> Iterator[Finding]:
    key = f"diff.{driver}.cachetextconv"
    cached = git(root, "config", "--type=bool", "--get", key)
    if cached is not None and cached.strip() == "true":
        scope = (git(root, "config", "--show-scope", "--get", key) or "local").split()[0]
        yield Finding(
            "problem",
            key,
            "git keeps what it shows of a cassette as plain text in the repository",
            f"git config --{scope} --unset-all {shlex.quote(key)}",
        )
    if git(root, "rev-parse", "--verify", "--quiet", _NOTES + driver) is not None:
        note = shlex.quote(_NOTES + driver)
        yield Finding(
            "problem",
            _NOTES + driver,
            "plain text of cassettes lies in this repository: git kept what it had shown",
            f"git update-ref -d {note} && git reflog expire --expire=now --all && git gc --prune=now",
        )


def set_diff_driver_up(folder: Path) -> list[str]:
    """Let git show cassettes opened in the clone around ``folder``, and return what was set.

    It writes the clone's own configuration and ``info/attributes``, which are never committed. Raise
    `UsageError` outside of a clone.
    """
    printed = git(folder, "rev-parse", "--path-format=absolute", "--git-path", "info/attributes")
    if printed is None:
        raise UsageError(
            "this is no git repository, or git is not here", where=shown(folder), hint="git init"
        )
    path = Path(printed.rstrip("\n"))
    settings = {
        f"diff.{DRIVER}.textconv": _TEXTCONV,
        # Said, not left out: a global setting would otherwise keep the plain text in the repository.
        f"diff.{DRIVER}.cachetextconv": "false",
    }
    for key, value in settings.items():
        if git(folder, "config", "--local", key, value) is None:
            raise UsageError(
                "git's configuration cannot be written", where=shown(path.parent.parent / "config")
            )
    before = textfile.read_text(path)
    after = scaffold.with_lines(before, _ATTRIBUTES)
    if after != before:
        textfile.replace_text(path, after)
    return [f"git diff shows cassettes opened in this clone: diff.{DRIVER}.textconv, {shown(path)}"]

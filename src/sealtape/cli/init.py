"""``sealtape init``: everything a project needs before its first recording."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import click

from sealtape import textfile
from sealtape.cli import scaffold
from sealtape.cli.project import shown
from sealtape.cli.terminal import say
from sealtape.errors import KeyMissing, UsageError
from sealtape.seal.keyring import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    Key,
    Opening,
    new_key,
    read_keyring,
    unlock,
    write_key_file,
)
from sealtape.settings import load_settings


@dataclass(frozen=True, slots=True)
class ProjectKey:
    """The project's key: its id, where it lies (empty if it is not here), and whether it was made now."""

    id: str
    source: str
    file: Path | None = None
    is_new: bool = False


@click.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--ci", type=click.Choice(["github", "gitlab"]), help="Also write a CI job that replays offline."
)
def command(folder: Path | None, ci: str | None) -> None:
    """Set the project in FOLDER up: by default the one that the working folder belongs to.

    It makes a key and keeps it in a file outside the repository that only you can read, pins the key's
    public id under [tool.sealtape] in pyproject.toml, and tells git how to treat cassettes. A key in
    SEALTAPE_KEY is used instead of a new one. What is there already is left as it is, so a second run
    changes nothing.

    \b
    Examples:
      sealtape init
      sealtape init --ci github
    """
    root = folder.resolve() if folder else project_folder()
    pyproject = scaffold.read_pyproject(root)
    key = _project_key(pyproject)
    changed = _write_settings(pyproject, key)
    changed += _write_git_files(root, key)
    if ci:
        changed += _write_workflow(root, ci)
    _report(key, changed, ci)


def project_folder() -> Path:
    """Return the folder that settings for the working folder come from, or would."""
    here = Path.cwd()
    return load_settings(here).root or here


def _project_key(pyproject: scaffold.Pyproject) -> ProjectKey:
    """Return the pinned key, else the one at hand, else a new one in a file of its own."""
    pinned = (pyproject.table or {}).get("key_id", "")
    if not isinstance(pinned, str):
        raise UsageError("key_id must be a string", where=str(pyproject.path))
    if pinned:
        try:
            return _found(unlock(pinned, root=pyproject.path.parent))
        except KeyMissing:
            return ProjectKey(pinned, "")
    ring = read_keyring(pyproject.path.parent)
    if ring is not None:
        ring.require_pin("")
    # Refused, if it is, before a key is made that nothing would pin.
    pyproject.pinning("0" * 16)
    try:
        return _found(unlock())
    except KeyMissing:
        return _made()


def _found(opening: Opening) -> ProjectKey:
    by_variable = opening.recipient or opening.source == KEY_VARIABLE
    return ProjectKey(opening.key.id, opening.source, None if by_variable else Path(opening.source))


def _made() -> ProjectKey:
    key: Key = new_key()
    named = os.environ.get(KEY_FILE_VARIABLE, "").strip()
    path = write_key_file(key, Path(named).expanduser() if named else None)
    return ProjectKey(key.id, str(path), path, is_new=True)


def _write_settings(pyproject: scaffold.Pyproject, key: ProjectKey) -> list[str]:
    if (pyproject.table or {}).get("key_id"):
        return []
    made = "" if pyproject.path.exists() else " (new)"
    textfile.replace_text(pyproject.path, pyproject.pinning(key.id))
    return [f"{shown(pyproject.path)}{made}: the key id is pinned under [tool.sealtape]"]


def _write_git_files(root: Path, key: ProjectKey) -> list[str]:
    wanted = [
        (".gitattributes", scaffold.ATTRIBUTES, "cassettes are neither converted nor merged"),
        (".gitignore", scaffold.IGNORED, "temporary files are ignored"),
    ]
    if key.file and key.file.resolve().is_relative_to(root):
        # A home folder that is a repository, for instance.
        folder = f"/{key.file.resolve().parent.relative_to(root).as_posix()}/"
        lines = scaffold.IGNORED_KEYS.format(folder=folder)
        wanted.append((".gitignore", lines, "the key file, which lies inside the project, is ignored"))
    changed = []
    for name, lines, said in wanted:
        path = root / name
        before = textfile.read_text(path)
        after = scaffold.with_lines(before, lines)
        if after != before:
            textfile.replace_text(path, after)
            changed.append(f"{shown(path)}: {said}")
    return changed


def _write_workflow(root: Path, ci: str) -> list[str]:
    path = root / scaffold.WORKFLOWS[ci][0]
    text = scaffold.workflow(ci, root)
    if not path.exists():
        textfile.replace_text(path, text)
        return [f"{shown(path)} (new): replays in CI, offline"]
    if "sealtape" not in textfile.read_text(path):
        say(f"{shown(path)} is there already and left as it is; the job to add is\n\n{text}")
    return []


def _report(key: ProjectKey, changed: list[str], ci: str | None) -> None:
    if key.is_new:
        say(f"made a key with the id {key.id}, in {key.source}")
    elif key.source:
        say(f"the project's key {key.id} is here, in {key.source}")
    else:
        say(f"the project's key {key.id} is not here: ask for it, then export {KEY_VARIABLE}=…")
    for line in changed:
        say(f"wrote {line}")
    if not changed and not key.is_new:
        say("nothing to do: this project is set up")
        return
    say("\nnext")
    say(f"  give CI the key as the secret {KEY_VARIABLE}:  {_handing_over(key, ci)}")
    say("  record:  pytest --record-mode=once --sandbox=embedded  (or name a sandbox account first)")
    if key.is_new:
        say("  keep a copy of the key in a password store: without it no cassette opens again")


def _handing_over(key: ProjectKey, ci: str | None) -> str:
    command = "glab variable set SEALTAPE_KEY --masked" if ci == "gitlab" else "gh secret set SEALTAPE_KEY"
    if key.file:
        return f"{command} < {shlex.quote(str(key.file))}"
    return f'echo "$SEALTAPE_KEY" | {command}'

"""The files that `sealtape init` writes or adds to. Every function leaves alone what is there already."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from sealtape.errors import SettingsError
from sealtape.textfile import read_text

SETTINGS = """\
[tool.sealtape]
# The public name of the key. The key itself is in SEALTAPE_KEY, or in a file outside the repository.
key_id = "{key_id}"

# Until this is filled in, only loopback and the embedded sandbox may be recorded:
# [tool.sealtape.sandbox]
# accounts = ["123456789012"]     # AWS accounts, checked before the first recorded call
# regions = ["eu-central-1"]
# hosts = ["*.sandbox.example.com"]
# max_calls = 500                 # how many calls one run may record
# read_only = false
"""

ATTRIBUTES = """\
# Cassettes are sealed byte by byte: git must neither convert their line ends nor merge them.
*.tape -text -merge
*.tape.new -text -merge
sealtape-keyring.toml -text -merge
"""

IGNORED = """\
# what a killed sealtape leaves behind
.sealtape-*.tmp
"""

IGNORED_KEYS = """\
# sealtape's keys
{folder}
"""

GITHUB = """\
# Replays the sealed cassettes: no credentials, no network.
name: tests

on:
  push:
  pull_request:

permissions:
  contents: read

jobs:
  replay:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
      - run: {install}
      - run: sealtape lint
      - run: pytest --record-mode=none --block-network
        env:
          SEALTAPE_KEY: ${{{{ secrets.SEALTAPE_KEY }}}}
          # A pull request from a fork sees no secrets: its locked tests are skipped, and listed.
          SEALTAPE_LOCKED: ${{{{ github.event.pull_request.head.repo.fork && 'skip' || 'fail' }}}}
"""

GITLAB = """\
# Replays the sealed cassettes: no credentials, no network.
# SEALTAPE_KEY is a masked variable of the project: Settings, CI/CD, Variables.
replay:
  image: python:3.12
  script:
    - {install}
    - sealtape lint
    - pytest --record-mode=none --block-network
"""

WORKFLOWS = {
    "github": (Path(".github/workflows/sealtape.yml"), GITHUB),
    "gitlab": (Path(".gitlab-ci.yml"), GITLAB),
}


@dataclass(frozen=True, slots=True)
class Pyproject:
    """A pyproject.toml as it is, or as it would be where there is none."""

    path: Path
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """What the text says."""
        return tomllib.loads(self.text)

    @property
    def table(self) -> dict[str, Any] | None:
        """``[tool.sealtape]``, or None."""
        tool = self.document.get("tool", {})
        table = tool.get("sealtape") if isinstance(tool, dict) else None
        return table if isinstance(table, dict) else None

    def pinning(self, key_id: str) -> str:
        """Return the text with ``key_id`` pinned, and everything else in it as it was."""
        newline = "\r\n" if "\r\n" in self.text else "\n"
        if self.table is None:
            # Appended as text: a table at the end needs nothing before it to be written anew.
            addition = SETTINGS.format(key_id=key_id).replace("\n", newline)
            text = appended(self.text, addition, newline)
        else:
            text = self._with_member(key_id)
        if not self._differs_only_by_key_id(text, key_id):
            raise SettingsError(
                "[tool.sealtape] cannot be added here without changing other lines",
                where=str(self.path),
                hint=f'add it by hand: key_id = "{key_id}"',
            )
        return text

    def _with_member(self, key_id: str) -> str:
        document: Any = tomlkit.parse(self.text)
        try:
            document["tool"]["sealtape"]["key_id"] = key_id
        except TOMLKitError:
            return self.text  # which the comparison then refuses
        return tomlkit.dumps(document)

    def _differs_only_by_key_id(self, text: str, key_id: str) -> bool:
        try:
            after = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return False
        expected = self.document
        expected.setdefault("tool", {}).setdefault("sealtape", {})["key_id"] = key_id
        return after == expected


def read_pyproject(folder: Path) -> Pyproject:
    """Return the pyproject.toml of ``folder``; raise `SettingsError` for one that is not TOML."""
    path = folder / "pyproject.toml"
    pyproject = Pyproject(path, read_text(path))
    try:
        pyproject.table  # noqa: B018  # parses it
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            "pyproject.toml cannot be read", where=str(path), why=str(error).lower(), hint="mend it first"
        ) from None
    return pyproject


def with_lines(text: str, lines: str) -> str:
    """Return ``text`` with those of ``lines`` that it lacks at its end, comments only before one."""
    there = {" ".join(line.split()) for line in text.splitlines()}
    comments = [line for line in lines.splitlines() if line.startswith("#")]
    missing = [line for line in lines.splitlines() if not line.startswith("#") and line not in there]
    if not missing:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    head = [comment for comment in comments if comment not in there]
    return appended(text, "".join(line + newline for line in (*head, *missing)), newline)


def appended(text: str, addition: str, newline: str) -> str:
    """Return ``text`` with ``addition`` after it, a blank line between them."""
    if not text.strip():
        return addition
    return text.rstrip("\r\n") + newline * 2 + addition


def workflow(kind: str, root: Path) -> str:
    """Return the CI job that replays the cassettes of ``root`` offline."""
    return WORKFLOWS[kind][1].format(install=_install_command(root))


def _install_command(root: Path) -> str:
    words = ["pip install sealtape"]
    words += [
        f"-r {name}" for name in ("requirements.txt", "requirements-dev.txt") if (root / name).is_file()
    ]
    if "project" in read_pyproject(root).document:
        words.append("-e .")
    if len(words) == 1:
        words.append("boto3 requests")  # nothing says what the tests import; this is what most do
    return " ".join(words)

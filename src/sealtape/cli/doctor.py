"""``sealtape doctor``: what is wrong with a set-up, and the command that mends it."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click
from packaging.requirements import Requirement

from sealtape import store
from sealtape.cli import git_settings
from sealtape.cli.checks import Finding, clear_findings, keyring_findings, opened_findings, problem_of
from sealtape.cli.project import files_under, git, shown
from sealtape.cli.terminal import say
from sealtape.errors import KeyMissing, KeyringError, SettingsError
from sealtape.seal.keyring import KEY_FILE_VARIABLE, KEY_VARIABLE, key_path, load_key, parse_key
from sealtape.settings import Settings, load_settings

WATCHED = ("pytest", "pytest-recording", "vcrpy", "botocore", "cryptography", "click", "rich")
"""Distributions whose versions people are asked for when something does not work."""

INCOMPATIBLE = {
    "pytest-vcr": "it claims the marker vcr and the --vcr-record options of the same tests",
    "cassetter": "it and pytest-recording claim the same command-line options",
}
_KEY_TEXT = re.compile(r"sealtape1_[A-Za-z0-9_-]{48}")


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at: the project's folder and its settings."""

    root: Path
    settings: Settings


@click.command()
@click.option("--git", "set_git_up", is_flag=True, help="Let git diff and git log -p show cassettes opened.")
def command(set_git_up: bool) -> int:
    """Tell what is wrong with this set-up, and the command that mends it.

    It looks at the settings, the key and its file, the keyring, git's treatment of cassettes, every
    cassette, what waits to be accepted, and the libraries installed. Exits with 1 if something is wrong.
    Nothing is changed, unless --git is given: then this clone, and no other, shows cassettes opened in its
    diffs, wherever the key is at hand. Nothing of that is committed, nor kept.

    \b
    Examples:
      sealtape doctor
      sealtape doctor --git
    """
    here = Path.cwd()
    if set_git_up:
        for line in git_settings.set_diff_driver_up(here):
            say(line)
    try:
        settings = load_settings(here)
    except SettingsError as error:
        return _write([("settings", [problem_of(error, here)])])
    patient = Patient(settings.root or here, settings)
    return _write([(name, list(check(patient))) for name, check in CHECKS])


def _write(results: list[tuple[str, list[Finding]]]) -> int:
    wide = max(len(name) for name, _ in results)
    problems = 0
    for name, findings in results:
        if not findings:
            say(f"ok       {name}")
        for finding in findings:
            problems += finding.level == "problem"
            where = f"{finding.where}: " if finding.where else ""
            say(f"{finding.level:<7}  {name:<{wide}}  {where}{finding.text}")
            if finding.hint:
                say(f"{'':<9}{'':<{wide}}  hint: {finding.hint}")
    said = {0: "nothing is wrong", 1: "1 problem"}.get(problems, f"{problems} problems")
    say(said)
    return 1 if problems else 0


def _problem(text: str, hint: str, where: str = "") -> Finding:
    return Finding("problem", where, text, hint)


def _note(text: str, hint: str = "", where: str = "") -> Finding:
    return Finding("note", where, text, hint)


def settings_findings(patient: Patient) -> Iterator[Finding]:
    """Yield what is missing from ``[tool.sealtape]``."""
    if not patient.settings.key_id:
        yield _problem("no key id is pinned under [tool.sealtape]", "sealtape init")
    sandbox = patient.settings.sandbox
    if not sandbox.accounts and not sandbox.hosts:
        yield _note("[tool.sealtape.sandbox] names no account and no host: only loopback may be recorded")


def key_findings(patient: Patient) -> Iterator[Finding]:
    """Yield what is wrong with the key at hand."""
    try:
        load_key(patient.settings.key_id, root=patient.settings.root)
    except KeyMissing as error:
        hint = error.hint if patient.settings.key_id else "sealtape init"
        yield _problem(f"{error.what}: {error.why}", hint, error.where)
    except KeyringError as error:
        yield _problem(f"{error.what}: {error.why}", error.hint, error.where)


def keyring_and_pin_findings(patient: Patient) -> Iterator[Finding]:
    """Yield what is wrong with the keyring without the key; with it, the check of the key tells more."""
    yield from keyring_findings(patient.settings)


def key_file_findings(patient: Patient) -> Iterator[Finding]:
    """Yield key files that others can read, or that lie in the repository, and keys in its files."""
    top = git(patient.root, "rev-parse", "--show-toplevel")
    repository = Path(top.rstrip("\n")) if top else patient.root
    for path in _key_files(patient.settings.key_id):
        mode = stat.S_IMODE(path.stat().st_mode)
        # Where SEALTAPE_KEY is set the file is not read, and so not refused.
        if os.name == "posix" and mode & 0o077 and os.environ.get(KEY_VARIABLE, "").strip():
            hint = f"chmod 600 {shlex.quote(str(path))}"
            yield _problem(f"the key file can be read by others: its mode is {mode:04o}", hint, str(path))
        if path.resolve().is_relative_to(repository.resolve()):
            away = key_path(patient.settings.key_id) if patient.settings.key_id else Path("~")
            hint = f"mv {shlex.quote(str(path))} {shlex.quote(str(away))}"
            yield _problem("the key file lies inside the repository", hint, str(path))
    # Tracked files, and those that the next `git add` would take.
    listed = git(repository, "grep", "--untracked", "-lzE", "sealtape1_[A-Za-z0-9_-]{48}") or ""
    for name in filter(None, listed.split("\0")):
        for key_id in _keys_in(repository / name):
            hint = f"git rm --cached {shlex.quote(name)}, then make a new key: sealtape keys new"
            yield _problem(f"the key {key_id} stands in a file of the repository", hint, name)


def _key_files(key_id: str) -> list[Path]:
    named = os.environ.get(KEY_FILE_VARIABLE, "").strip()
    paths = [Path(named).expanduser()] if named else []
    if re.fullmatch("[0-9a-f]{16}", key_id):
        paths.append(key_path(key_id))
    return [path for path in paths if path.is_file()]


def _keys_in(path: Path) -> list[str]:
    """Return the ids of the keys that stand in the file, which is a text file or of no interest."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    found = []
    for match in _KEY_TEXT.findall(text):
        try:
            found.append(parse_key(match).id)
        except KeyringError:
            continue  # it only looks like one: its checksum does not fit
    return sorted(set(found))


def git_findings(patient: Patient) -> Iterator[Finding]:
    """Yield what git would do to cassettes that it must not."""
    if git(patient.root, "rev-parse", "--is-inside-work-tree") is None:
        yield _note("this is no git repository, or git is not here")
        return
    probe = "probe" + store.SUFFIX
    said = git(patient.root, "check-attr", "text", "merge", "--", probe) or ""
    if f"{probe}: text: unset" not in said:
        hint = "sealtape init" if patient.settings.key_id else "echo '*.tape -text -merge' >> .gitattributes"
        yield _problem(".gitattributes lets git convert the line ends of cassettes", hint)
    elif f"{probe}: merge: unset" not in said:
        yield _note(
            ".gitattributes lets git merge cassettes line by line",
            "echo '*.tape -text -merge' >> .gitattributes",
        )
    yield from git_settings.findings(patient.root)
    yield from _ignored_findings(patient.root)


def _ignored_findings(root: Path) -> Iterator[Finding]:
    """Yield each rule of git's that ignores cassettes, with the first of them."""
    names = "".join(f"{path}\0" for path in files_under([root], (store.SUFFIX,)))
    said = git(root, "check-ignore", "-v", "-z", "--stdin", given=names) if names else None
    by_rule: dict[str, list[Path]] = {}
    fields = iter((said or "").split("\0"))
    for source, line, pattern, name in zip(fields, fields, fields, fields, strict=False):
        if not pattern.startswith("!"):
            by_rule.setdefault(f"{pattern!a} in {source}:{line}", []).append(Path(name))
    for rule, (first, *more) in by_rule.items():
        also = f" and {len(more)} more" if more else ""
        where = shown(first)
        text = f"git ignores this cassette{also} by {rule}, so that CI goes without"
        yield _problem(text, f"git check-ignore -v {shlex.quote(where)}", where)


def cassette_findings(patient: Patient) -> Iterator[Finding]:
    """Yield what lint finds, and with the key what verify finds in what passed lint."""
    _, findings = clear_findings([patient.root])
    yield from findings
    for path in files_under([patient.root], (store.SUFFIX,)):
        if any(
            finding.where == shown(path) or finding.where.startswith(f"{shown(path)} ")
            for finding in findings
        ):
            continue  # it is told of, and would be told of again
        try:
            yield from opened_findings(path)
        except KeyringError:
            return  # told of under the key


def version_findings(patient: Patient) -> Iterator[Finding]:
    """Yield libraries that are missing, too old, or in each other's way."""
    try:
        required = importlib.metadata.requires("sealtape") or []
    except importlib.metadata.PackageNotFoundError:
        yield _problem("sealtape is not installed here, so pytest does not load it", "pip install sealtape")
        required = []
    for requirement in map(Requirement, required):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = _version(requirement.name)
        if version is None:
            yield _problem(f"{requirement.name} is not installed", f"pip install {requirement.name}")
        elif not requirement.specifier.contains(version, prereleases=True):
            text = f"{requirement.name} is {version}, and {requirement.specifier} is needed"
            yield _problem(text, f"pip install -U {shlex.quote(str(requirement))}")
    for name, why in INCOMPATIBLE.items():
        if _version(name) is not None:
            yield _problem(f"{name} is installed: {why}", f"pip uninstall {name}")
    there = [(name, _version(name)) for name in WATCHED]
    yield _note(", ".join(f"{name} {version}" for name, version in there if version))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


CHECKS: tuple[tuple[str, Callable[[Patient], Iterator[Finding]]], ...] = (
    ("settings", settings_findings),
    ("keyring", keyring_and_pin_findings),
    ("key", key_findings),
    ("key file", key_file_findings),
    ("git", git_findings),
    ("cassettes", cassette_findings),
    ("libraries", version_findings),
)

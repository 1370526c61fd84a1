"""``sealtape diff``: drift between two cassettes, folders, revisions or JSON documents."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import click

from sealtape import store
from sealtape.capture.simulator import Simulator, require_simulator
from sealtape.cli.findings import accept_options, judged, output_options, print_findings
from sealtape.cli.project import PENDING, files_under, git, key_for, project_root, shown
from sealtape.drift import Finding, cassette_finding, compare, group
from sealtape.drift.judgement import judgement
from sealtape.drift.openapi import Api, apis
from sealtape.drift.simulated import simulated
from sealtape.errors import CassetteMissing, SealtapeError, UsageError
from sealtape.interaction import Captured, Recording
from sealtape.revisions import file_at
from sealtape.scrub.scrubber import Scrubber
from sealtape.seal.format import read_clear, unseal
from sealtape.seal.keyring import load_key
from sealtape.settings import load_settings

_TAPES = (store.SUFFIX, PENDING)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two things that are compared.

    ``tapes`` maps the names of cassettes, relative to a folder, to how they are read; a single
    cassette has the name ``""``. ``document`` reads the JSON document, where it is one.
    """

    where: str
    tapes: Mapping[str, Callable[[], Recording]]
    document: Callable[[], Any] | None = None
    is_folder: bool = False

    @property
    def form(self) -> str:
        """What it is, in words."""
        return "a folder" if self.is_folder else "a JSON document" if self.document else "a cassette"


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--service", default="", metavar="NAME", help="The AWS service of two JSON documents, as boto3 calls it."
)
@click.option("--operation", default="", metavar="NAME", help="The operation of that service: ListObjectsV2.")
@click.option(
    "--against",
    metavar="URL",
    help="Send the requests of OLD to a simulator at URL, and say where it differs from what was recorded.",
)
@click.option(
    "--reset", metavar="PATH", help="With --against: POST this first for each cassette (/moto-api/reset)."
)
@accept_options
@output_options
def command(
    old: str,
    new: str | None,
    form: str,
    service: str,
    operation: str,
    against: str | None,
    reset: str | None,
    accepted: tuple[str, ...],
    lasting: str,
    because: str,
    verbose: bool,
) -> int:
    """Say what the provider changed between OLD and NEW, by fact.

    Both are cassettes, folders of them, or JSON documents; REV:PATH takes any of these from git. What
    differs by chance (ids, times, tokens, order) is no drift. Exits with 0 if there is none, and with 1
    otherwise. What cannot be opened or read is an error, never clean.

    With --against there is no NEW: the recorded requests go to a server on this machine, or on a host that
    [tool.sealtape.sandbox] names, and what it answers is compared with what the provider did. One that
    insists on credentials of its own is given them in the URL.

    \b
    Examples:
      sealtape diff cassettes/test_users.tape cassettes/test_users.tape.new
      sealtape diff main:cassettes/test_users.tape cassettes/test_users.tape
      sealtape diff --service s3 --operation ListObjectsV2 old.json new.json
      sealtape diff cassettes --against http://127.0.0.1:5000
      sealtape diff cassettes --against http://KEY:SECRET@127.0.0.1:9000
    """
    _require_model(service, operation)
    root = project_root()
    settings = load_settings(root)
    judging, models = judgement(settings), apis(settings)
    if against is not None:
        if new is not None:
            raise UsageError("--against takes the place of NEW", hint="sealtape diff OLD --against URL")
        found = _against(_side(old), require_simulator(against, settings.sandbox), reset, models)
    elif new is None:
        raise UsageError("missing argument 'NEW'", hint="sealtape diff OLD NEW, or OLD --against URL")
    else:
        found = _findings(_side(old), _side(new), service, operation, models)
    findings = judged(found, judging, root, accepted, lasting, because)
    print_findings(findings, form, verbose)
    return 1 if any(finding.severity != "quiet" for finding in findings) else 0


def _findings(old: Side, new: Side, service: str, operation: str, models: Mapping[str, Api]) -> list[Finding]:
    if old.form != new.form:
        raise UsageError(
            "the two sides are not of one kind",
            why=f"{old.where} is {old.form}, {new.where} is {new.form}",
            hint="sealtape diff --help",
        )
    if old.document and new.document:
        return compare(old.document(), new.document(), service=service, operation=operation)
    if service:
        raise UsageError("--service is for JSON documents", why="a cassette says which operations it holds")
    found: list[Finding] = []
    for name in sorted({*old.tapes, *new.tapes}):
        ours, theirs = old.tapes.get(name), new.tapes.get(name)
        # Every cassette is opened, also one that has no partner: what cannot be opened is never clean.
        before, after = ours and ours(), theirs and theirs()
        if before is None or after is None:
            found.append(cassette_finding(name, is_new=before is None))
        else:
            found += compare(before, after, test=name.removesuffix(store.SUFFIX) or after.name, models=models)
    return group(found)


def _against(side: Side, url: str, reset: str | None, models: Mapping[str, Api]) -> list[Finding]:
    if side.document is not None:
        raise UsageError("--against is for cassettes", where=side.where, why="a document holds no requests")
    found: list[Finding] = []
    for name, opened in sorted(side.tapes.items()):
        recording = opened()
        settings = load_settings(Path.cwd())
        simulator = Simulator(url)
        if reset is not None:
            simulator.reset(reset)
        removals = [removal for row in recording.interactions for removal in row.removals]
        scrubber = Scrubber(
            settings.scrub,
            load_key(settings.key_id, root=settings.root).derive("stand-ins"),
            removals=removals,
        )
        answers = [Captured(made) for made in simulated(recording, simulator.answer)]
        answered = replace(recording, interactions=scrubber.scrub(answers), additions={})
        test = name.removesuffix(store.SUFFIX) or recording.name
        found += compare(recording, answered, test=test, models=models, answerer="simulator")
    return group(found)


def _require_model(service: str, operation: str) -> None:
    """Refuse a service or an operation that the installed botocore does not know."""
    if operation and not service:
        raise UsageError("--operation needs --service", hint=f"--service s3 --operation {operation}")
    if not service:
        return
    from sealtape.drift.models import operations, services

    known = services()
    if service not in known:
        raise _unknown("service", service, known)
    if operation and operation not in operations(service):
        raise _unknown("operation", operation, operations(service))


def _unknown(option: str, given: str, known: Sequence[str]) -> UsageError:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return UsageError(
        f"botocore knows no {option} {given!r}",
        where=f"--{option}",
        hint=f"--{option} {near[0]}" if near else "pip install --upgrade botocore",
    )


# Reading the sides ----------------------------------------------------------------------------------


def _side(text: str) -> Side:
    path = Path(text)
    if path.is_dir():
        found = files_under([path], (store.SUFFIX,))
        if not found:
            raise UsageError("there are no cassettes in this folder", where=text, hint=f"ls {text}")
        tapes = {
            file.relative_to(path).as_posix(): _opener(partial(store.read, file), shown(file), file.parent)
            for file in found
        }
        return Side(text, tapes, is_folder=True)
    if path.exists():
        return _single(text, path.name, partial(store.read, path), shown(path), path.parent)
    revision, colon, inside = text.partition(":")
    # A Windows path has a colon too, but no revision has one letter and a backslash behind it.
    if colon and inside and not re.match(r"[A-Za-z]:[\\/]", text):
        return _from_git(text, revision or "HEAD", inside)
    raise CassetteMissing("there is no such file or folder", where=text, hint=f"ls {path.parent}")


def _from_git(text: str, revision: str, inside: str) -> Side:
    here = Path.cwd()
    commit = git(here, "rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}")
    if commit is None:
        raise UsageError(
            f"git knows no revision {revision!r} here",
            where=text,
            hint="git branch --all, or git log --oneline",
        )
    at = commit.strip()
    if file_at(here, at, inside) is not None:
        return _single(text, PurePosixPath(inside).name, partial(_blob, at, inside), text, here)
    listed = git(here, "ls-tree", "-r", "-z", "--name-only", at, "--", inside.rstrip("/") + "/") or ""
    tapes = {
        PurePosixPath(os.path.relpath(name, inside)).as_posix(): _opener(
            partial(_blob, at, name), f"{revision}:{name}", here
        )
        for name in listed.split("\0")
        if name.endswith(store.SUFFIX)
    }
    if not tapes:
        raise CassetteMissing(
            "there is no such file or folder in that revision",
            where=text,
            hint=f"git ls-tree -r --name-only {revision}",
        )
    return Side(text, tapes, is_folder=True)


def _blob(commit: str, name: str) -> bytes:
    data = file_at(Path.cwd(), commit, name)
    if data is None:
        raise SealtapeError("git gave no answer", where=f"{commit[:12]}:{name}", hint="git fsck")
    return data


def _single(text: str, name: str, read: Callable[[], bytes], where: str, folder: Path) -> Side:
    if name.endswith(_TAPES):
        return Side(text, {"": _opener(read, where, folder)})
    return Side(text, {}, document=lambda: _parsed(read(), where))


def _opener(read: Callable[[], bytes], where: str, folder: Path) -> Callable[[], Recording]:
    def opened() -> Recording:
        data = read()
        key = key_for(load_settings(folder), read_clear(data, where=where))
        return unseal(data, key, where=where, retired=True)

    return opened


def _parsed(data: bytes, where: str) -> Any:
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        why = "it is not UTF-8"
    except json.JSONDecodeError as error:
        why = f"line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        why = "it is nested too deeply, or holds a number of too many digits"
    raise SealtapeError(
        "this is not a JSON document",
        where=where,
        why=why,
        hint=f"python -m json.tool {where}; a cassette ends in {store.SUFFIX}",
    )

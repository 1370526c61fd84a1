"""``sealtape import``: existing recordings of other tools as sealed cassettes."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from sealtape import store
from sealtape.cli.project import files_under, git, shown
from sealtape.cli.terminal import say
from sealtape.errors import NameCollision, SealtapeError, StoreUnwritable, UsageError
from sealtape.importing import placebo
from sealtape.importing.sealing import Imported, seal_into
from sealtape.importing.sources import SUFFIXES, Source, looks_like_one, read, tape_of
from sealtape.interaction import Removal
from sealtape.library import Library
from sealtape.report.printable import printable_line
from sealtape.settings import Settings, load_settings

_REFUSED = SealtapeError.exit_code


@dataclass(frozen=True, slots=True)
class Job:
    """One recording on its way: where it lies, and the cassette it becomes."""

    source: Path
    target: Path


@click.command("import")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="PATH",
    help="Write there instead of beside: a folder, or the file of a single cassette.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Do everything but write and remove.")
@click.option("--remove", is_flag=True, help="Remove each recording once its cassette is written.")
@click.option("--short-bodies", is_flag=True, help="Take bodies shorter than their Content-Length as whole.")
def command(
    paths: tuple[Path, ...], output: Path | None, dry_run: bool, remove: bool, short_bodies: bool
) -> int:
    """Seal the recordings of other tools in PATH, files or folders: vcrpy, cassetter, placebo, HAR.

    x.yaml becomes x.tape beside it, where the plugin finds it, and stays until it is removed; so does a
    folder x of placebo's. Secrets are scrubbed on the way; every cassette is opened and replayed against
    its source before it is written. A recording becomes a cassette as a whole or not at all, and nothing
    is overwritten. It takes the key. What is refused is said, and leads to exit code 3; the others are
    imported all the same.

    \b
    Examples:
      sealtape import --dry-run tests/cassettes
      sealtape import --remove tests/cassettes
      sealtape import -o tests/cassettes/test_web/test_login.tape login.har
    """
    jobs = list(planned(paths, output))
    if not jobs:
        raise UsageError("there is no recording to import", where=", ".join(shown(path) for path in paths))
    report = _Report(dry_run)
    libraries: dict[Settings, Library] = {}
    taken: dict[str, Path] = {}
    for job in jobs:
        settings = load_settings(job.target.parent)
        library = libraries.setdefault(settings, Library(settings))
        # Without a key nothing at all can be imported: that is said once and not per file.
        _ = library.key
        try:
            _refuse_second(job, taken)
            source = read(job.source, shown(job.source), trust_body=short_bodies)
            imported = seal_into(
                job.target, source.interactions, library, shown(job.source), write=not dry_run
            )
            if remove and not dry_run:
                _remove(job.source, source.files)
        except SealtapeError as error:
            report.refused(job, error)
        else:
            report.imported(job, source, imported, remove=remove)
    report.close(paths)
    return report.code


def planned(paths: Sequence[Path], output: Path | None) -> Iterator[Job]:
    """Yield what the arguments ask for; raise `UsageError`.

    Of a folder only what looks like a recording is taken, of files each. A folder of placebo's is one.
    """
    for path in paths:
        files = files_under([path], SUFFIXES)
        folders = dict.fromkeys(file.parent for file in files) if path.is_dir() else ()
        recordings = [
            folder if folder.name else folder.absolute() for folder in folders if placebo.is_one(folder)
        ]
        for file in [*recordings, *files]:
            if file in files and file != path and not looks_like_one(file):
                continue
            yield Job(
                file, tape_of(file) if output is None else _under(output, file, path, alone=len(paths) == 1)
            )


def _under(output: Path, file: Path, argument: Path, *, alone: bool) -> Path:
    """Return where in ``output`` the cassette of ``file``, found under ``argument``, goes."""
    if file != argument:
        return output / Path(os.path.relpath(file, argument)).parent / tape_of(file).name
    if not alone or output.is_dir():
        return output / tape_of(file).name
    return output if output.suffix == store.SUFFIX else output.with_name(output.name + store.SUFFIX)


def _refuse_second(job: Job, taken: dict[str, Path]) -> None:
    other = taken.setdefault(os.path.normcase(os.path.abspath(job.target)), job.source)
    if other != job.source:
        raise NameCollision(
            f"{shown(other)} becomes the same cassette",
            where=shown(job.source),
            hint=f"sealtape import -o {shlex.quote(shown(job.target.with_suffix('')) + '-2.tape')} "
            + shlex.quote(shown(job.source)),
        )


def _remove(path: Path, files: Sequence[Path]) -> None:
    try:
        for file in files:
            file.unlink()
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    except OSError as error:
        raise StoreUnwritable(
            "its cassette is written, and it could not be removed",
            where=shown(path),
            why=(error.strerror or type(error).__name__).lower(),
            hint=f"rm -r {shlex.quote(shown(path))}",
        ) from None


class _Report:
    """What is said of each recording, and at the end of all."""

    def __init__(self, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._outcomes: Counter[str] = Counter()
        self._interactions = 0
        self._left: list[Path] = []
        self._secrets: dict[Path, tuple[tuple[Path, ...], tuple[Removal, ...]]] = {}

    @property
    def code(self) -> int:
        """What the command exits with."""
        return _REFUSED if self._outcomes["refused"] else 0

    def refused(self, job: Job, error: SealtapeError) -> None:
        """Say that nothing became of a recording, and why."""
        self._outcomes["refused"] += 1
        text = ": ".join(part for part in (error.what, error.why) if part)
        say(f"{error.where or shown(job.source)}: refused: {text}")
        if error.hint:
            say(f"  hint: {error.hint}")

    def imported(self, job: Job, source: Source, imported: Imported, *, remove: bool) -> None:
        """Say what became of a recording, and what was removed from it; with ``remove``, that it is gone."""
        self._outcomes[imported.outcome] += 1
        self._interactions += len(imported.interactions)
        said = f"{imported.outcome}, {_counted(len(imported.interactions), 'interaction')} of {source.tool}"
        counts: Counter[str] = Counter()
        for scrubbed in imported.interactions:
            counts.update(scrubbed.scrubbed_counts)
        if counts:
            rules = ", ".join(f"{count} {rule}" for rule, count in counts.most_common())
            said += f", scrubbed {_counted(counts.total(), 'value')}: {rules}"
        say(f"{shown(job.source)} -> {shown(job.target)}: {said}")
        for note in source.notes:
            say(f"  note: {note}")
        if remove:
            word = "would be removed" if self._dry_run else "removed"
            for file in source.files:
                say(f"  {word}: {shown(file)}")
            self._outcomes["removed"] += 1
        else:
            self._left.append(job.source)
        if imported.secrets:
            self._secrets[job.source] = (source.files, imported.secrets)

    def close(self, paths: Sequence[Path]) -> None:
        """Say how it all went, which secrets stand in git's history, and what to type next."""
        said = [f"{self._outcomes['new']} {'could be imported' if self._dry_run else 'imported'}"]
        words = _WORDS | ({"removed": "could be removed"} if self._dry_run else {})
        said += [f"{self._outcomes[word]} {text}" for word, text in words.items() if self._outcomes[word]]
        say(f"{', '.join(said)}; {_counted(self._interactions, 'interaction')} replayed as in their sources")
        if self._dry_run:
            say("nothing was written")
        self._tell_history(paths)
        if self._left and not self._dry_run:
            say(
                "next: run pytest, then remove the plain ones: sealtape import --remove "
                + " ".join(shlex.quote(shown(path)) for path in paths)
            )

    def _tell_history(self, paths: Sequence[Path]) -> None:
        committed = _committed(paths) if self._secrets else frozenset()
        leaked = {
            path: found
            for path, (files, found) in self._secrets.items()
            if any(os.path.realpath(file) in committed for file in files)
        }
        if not leaked:
            return
        say()
        say("these secrets are in git's history, where sealing does not reach them: revoke them")
        for path, removals in leaked.items():
            say(f"  {shown(path)}")
            places = Counter({(r.rule, r.place): 0 for r in removals})
            for removal in removals:
                places[removal.rule, removal.place] += removal.count
            for (rule, place), count in places.items():
                times = f"  {count} times" if count > 1 else ""
                say(f"    {rule}  {printable_line(place)}{times}")


_WORDS = {"same": "there already", "refused": "refused", "removed": "removed"}


def _committed(paths: Sequence[Path]) -> frozenset[str]:
    """Return the real paths of all files under ``paths`` that any commit of any branch holds."""
    found: set[str] = set()
    for path in paths:
        folder = path if path.is_dir() else path.parent
        top = git(folder, "rev-parse", "--show-toplevel")
        listed = git(folder, "log", "--all", "--format=", "--name-only", "-z", "--", os.path.abspath(path))
        if top and listed:
            root = top.rstrip("\n")
            found.update(os.path.realpath(os.path.join(root, name)) for name in listed.split("\0") if name)
    return frozenset(found)


def _counted(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"

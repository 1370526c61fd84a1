"""``sealtape export``: the way back to vcrpy and pytest-recording."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path

import click

from sealtape import store
from sealtape.cli.project import files_under, opened, shown
from sealtape.cli.terminal import say
from sealtape.errors import CassetteMalformed, KeyMissing, SealtapeError, StoreUnwritable, UsageError
from sealtape.importing.sources import read
from sealtape.interaction import HttpRequest, Interaction, Recording, Response
from sealtape.report.vcrpy_yaml import as_kept, vcrpy_yaml

_SUFFIX = ".yaml"
_REFUSED = SealtapeError.exit_code


@click.command("export")
@click.argument("paths", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PATH...")
@click.option("--dry-run", is_flag=True, help="Do everything but write.")
def command(paths: tuple[Path, ...], *, dry_run: bool) -> int:
    """Write the cassettes in PATH, files or folders, as vcrpy's: x.tape becomes x.yaml beside it.

    What is written is plain text, scrubbed as it is in the sealed one. It is read again, and must say what
    the sealed one says, before it is written; nothing is overwritten. The sealed ones stay, and are used as
    long as they and sealtape are there. AWS calls, and requests that failed, are nothing that vcrpy can
    keep: such a cassette is refused, which leads to exit code 3, and the others are exported all the same.
    It takes the key.

    \b
    Examples:
      sealtape export --dry-run tests/cassettes
      sealtape export tests/cassettes/test_web
    """
    tapes = files_under(paths, (store.SUFFIX,))
    if not tapes:
        raise UsageError("there is no cassette to export", where=", ".join(shown(path) for path in paths))
    exported = refused = 0
    for path in tapes:
        try:
            outcome = _export(path, dry_run=dry_run)
        except KeyMissing:
            raise  # it is missing for all of them
        except SealtapeError as error:
            refused += 1
            say(f"{error.where or shown(path)}: refused: " + ": ".join(filter(None, (error.what, error.why))))
            say(f"  hint: {error.hint}" if error.hint else "")
        else:
            exported += 1
            say(f"{shown(path)} -> {shown(path.with_suffix(_SUFFIX))}: {outcome}")
    said = f"{exported} {'could be ' if dry_run else ''}exported"
    say(f"{said}, {refused} refused" if refused else said)
    if exported and not dry_run:
        which = "the sealed ones that were exported, and no others" if refused else "the sealed ones"
        say(f"next: remove {which}, then run pytest -p no:sealtape")
    return _REFUSED if refused else 0


def _export(path: Path, *, dry_run: bool) -> str:
    """Write one cassette as vcrpy's and say what it holds; raise `SealtapeError` with nothing written."""
    recording, _ = opened(path)
    text = vcrpy_yaml(recording, shown(path))
    _require_same(recording, text, shown(path))
    target = path.with_suffix(_SUFFIX)
    count = len(recording.interactions)
    said = f"{count} interaction{'' if count == 1 else 's'}"
    try:
        if target.exists():
            if target.read_text(encoding="utf-8") == text:
                return f"there already, {said}"
            raise _other(target, path)
        if not dry_run:
            with target.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except (OSError, UnicodeDecodeError) as error:
        raise StoreUnwritable(
            "it could not be written",
            where=shown(target),
            why=(getattr(error, "strerror", None) or type(error).__name__).lower(),
            hint=f"ls -ld {shlex.quote(shown(target))}",
        ) from None
    return said


def _other(target: Path, path: Path) -> UsageError:
    return UsageError(
        "it is there already and holds something else, so nothing was overwritten",
        where=shown(target),
        hint=f"rm {shlex.quote(shown(target))}, then sealtape export {shlex.quote(shown(path))}",
    )


def _require_same(recording: Recording, text: str, where: str) -> None:
    """Raise unless ``text`` is read as what ``recording`` says."""
    with tempfile.TemporaryDirectory(prefix="sealtape-") as folder:
        copy = Path(folder, f"copy{_SUFFIX}")
        copy.write_text(text, encoding="utf-8", newline="\n")
        back = read(copy, where).interactions
    ours = [scrubbed.interaction for scrubbed in recording.interactions]
    for number, (one, other) in enumerate(zip(ours, back, strict=True), 1):
        if _said(one) != _said(other):
            raise CassetteMalformed(
                f"interaction {number} would be read differently", where=where, why="so nothing was written"
            )


def _said(interaction: Interaction) -> object:
    """Return what an interaction says, its headers in an order in which a mapping can hold them."""
    request, outcome = interaction.request, interaction.outcome
    assert isinstance(request, HttpRequest)
    assert isinstance(outcome, Response)
    outcome = as_kept(request.method, outcome)
    asked = request.method, request.url, sorted(request.headers), request.body
    return asked, outcome.status, outcome.reason, sorted(outcome.headers), outcome.body

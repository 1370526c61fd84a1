"""``sealtape show``: an opened cassette, for people or for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from sealtape import store
from sealtape.cli.project import opened, shown
from sealtape.errors import UsageError


@click.command()
@click.argument("cassette", type=click.Path(path_type=Path))
@click.option(
    "--interaction",
    "number",
    type=click.IntRange(min=1),
    metavar="N",
    help="Show only interaction N, and all of it.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, as the schema that --schema prints describes it."
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda *a: _print_schema(*a),
    help="Print the JSON Schema of --json, and nothing else.",
)
def command(cassette: Path, number: int | None, as_json: bool) -> None:
    """Show the CASSETTE opened: requests, answers, and what was scrubbed by which rule and where.

    It takes the key. What it prints holds no secret: what was scrubbed is not in the cassette. Long
    bodies are cut unless one interaction is asked for. A cassette that cannot be opened exits with 3.

    \b
    Examples:
      sealtape show tests/cassettes/test_users/test_create.tape
      sealtape show --interaction 2 tests/cassettes/test_users/test_create.tape
      sealtape show --json tests/cassettes/test_users/test_create.tape | jq '.interactions[].status'
    """
    path = cassette if cassette.exists() else _with_suffix(cassette)
    recording, clear = opened(path)
    if number is not None and number > len(recording.interactions):
        raise UsageError(
            f"there is no interaction {number}",
            where=shown(path),
            why=f"it holds {len(recording.interactions)}",
            hint=f"sealtape show {shown(path)}",
        )
    if as_json:
        from sealtape.report.json import cassette_document

        document = cassette_document(recording, format=clear.format, key_id=clear.key_id, only=number)
        sys.stdout.writelines(json.JSONEncoder(indent=2).iterencode(document))
        click.echo()
        return
    from sealtape.cli.terminal import console
    from sealtape.report.text import cassette_text

    output = console()
    # git hands its diff driver a copy: both sides of a diff are to be called what the cassette is called.
    is_copy = path.parent.name.startswith("git-blob-")
    where = clear.name + store.SUFFIX if is_copy else shown(path)
    for part in cassette_text(recording, where=where, key_id=clear.key_id, only=number):
        output.print(part)


def _with_suffix(cassette: Path) -> Path:
    """Return the file that is meant where the suffix was left out."""
    return (
        cassette if cassette.name.endswith(store.SUFFIX) else cassette.with_name(cassette.name + store.SUFFIX)
    )


def _print_schema(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        from sealtape.report.json import show_schema

        click.echo(show_schema(), nl=False)
        ctx.exit()

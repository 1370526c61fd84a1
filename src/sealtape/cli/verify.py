"""``sealtape verify``: what can be checked with the key."""

from __future__ import annotations

from pathlib import Path

import click

from sealtape import store
from sealtape.cli.checks import opened_findings, write_findings
from sealtape.cli.project import files_under, project_root


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> int:
    """Open the cassettes under each PATH, by default the whole project, with the key.

    Every row must open, the MAC must hold, the name must fit, and nothing in it may look like a
    secret. Exits with 1 if there is a problem, and with 3 if the key is not here.

    \b
    Examples:
      sealtape verify
      sealtape verify tests/cassettes/test_users
    """
    cassettes = files_under(paths or (project_root(),), (store.SUFFIX,))
    findings = [finding for path in cassettes for finding in opened_findings(path)]
    return write_findings(findings, len(cassettes))

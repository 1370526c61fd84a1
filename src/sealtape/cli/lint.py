"""``sealtape lint``: what can be checked without the key."""

from __future__ import annotations

from pathlib import Path

import click

from sealtape.cli.checks import clear_findings, write_findings
from sealtape.cli.project import project_root


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> int:
    """Check the cassettes under each PATH, by default the whole project, without a key.

    Every file must be whole and laid out as a sealed cassette, hold no plain text and no
    merge-conflict markers, be sealed with the key that the project pins, and lie where its name says.
    Recordings that wait to be accepted are problems; plain YAML cassettes are noted. Exits with 1 if
    there is a problem. What only the key can tell, `sealtape verify` checks.

    \b
    Examples:
      sealtape lint
      sealtape lint tests/cassettes
    """
    count, findings = clear_findings(paths or (project_root(),))
    return write_findings(findings, count)

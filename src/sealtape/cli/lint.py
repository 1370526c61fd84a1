"""``sealtape lint``: what can be checked without the key."""

from __future__ import annotations

from pathlib import Path

import click

from sealtape.cli.checks import clear_findings, keyring_findings, write_findings
from sealtape.cli.project import project_root
from sealtape.settings import load_settings


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1, type=click.Path(path_type=Path))
def command(paths: tuple[Path, ...]) -> int:
    """Check the cassettes under each PATH, by default the whole project, without a key.

    Every file must be whole and laid out as a sealed cassette, hold no plain text and no
    merge-conflict markers, be sealed with the key that the project pins or one before it, and lie where
    its name says. The keyring must be laid out as one, and be that of the pinned key.
    Recordings that wait to be accepted are problems; plain YAML cassettes are noted. Exits with 1 if
    there is a problem. What only the key can tell, `sealtape verify` checks.

    \b
    Examples:
      sealtape lint
      sealtape lint tests/cassettes
    """
    count, findings = clear_findings(paths or (project_root(),))
    keyring = keyring_findings(load_settings(Path.cwd()))
    return write_findings([*keyring, *findings], count)

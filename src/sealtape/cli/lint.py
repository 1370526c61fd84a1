"""``sealtape lint``: what can be checked without the key."""

from __future__ import annotations

from pathlib import Path

import click

from sealtape.cli.checks import clear_findings, keyring_findings, scrub_findings, write_findings, write_junit
from sealtape.cli.orphans import orphans
from sealtape.cli.project import project_root
from sealtape.settings import load_settings


@click.command()
@click.option(
    "--orphans", "wants_orphans", is_flag=True,
    help="Also find cassettes that no test maps to; what follows are arguments of pytest.",
)  # fmt: skip
@click.option(
    "--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write JUnit XML to FILE."
)
@click.argument("arguments", metavar="[PATH]...", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...], *, wants_orphans: bool, junit: Path | None) -> int:
    """Check the cassettes under each PATH, by default the whole project, without a key.

    Every file must be whole and laid out as a sealed cassette, hold no plain text and no
    merge-conflict markers, be sealed with the key that the project pins or one before it, and lie where
    its name says. The keyring must be laid out as one, and be that of the pinned key.
    Recordings that wait to be accepted are problems; plain YAML cassettes are noted, and so is what nobody
    has confirmed for longer than max_age, as far as ledger and git tell. With --orphans the whole project is
    checked, and its tests are collected, not run. Exits with 1 if there is a problem. What only the key can
    tell, `sealtape verify` checks.

    \b
    Examples:
      sealtape lint
      sealtape lint tests/cassettes
      sealtape lint --orphans --junit lint.xml
      sealtape lint --orphans -- -p no:cov
    """
    paths = () if wants_orphans else tuple(map(Path, arguments))
    checked, findings = clear_findings(paths or (project_root(),))
    settings = load_settings(Path.cwd())
    findings = [*keyring_findings(settings), *scrub_findings(settings), *findings]
    if wants_orphans:
        findings += orphans(arguments)
    if junit is not None:
        write_junit(junit, "sealtape lint", checked, findings)
    return write_findings(findings, len(checked))

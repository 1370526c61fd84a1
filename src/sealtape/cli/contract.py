"""``sealtape contract``: recorded AWS calls against the installed botocore."""

from __future__ import annotations

from pathlib import Path

import click

from sealtape import store
from sealtape.cli.diff import FORMATS, print_findings, print_schema
from sealtape.cli.project import files_under, opened, project_root, shown
from sealtape.drift import Finding
from sealtape.drift.contract import contract
from sealtape.drift.judgement import judgement
from sealtape.errors import UsageError
from sealtape.settings import load_settings


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="json is described by the schema that --schema prints.",
)
@click.option(
    "-v",
    "--verbose",
    "--all",
    "verbose",
    is_flag=True,
    help="Print quiet findings, too, and name every test.",
)
@click.option(
    "--schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=print_schema,
    help="Print the JSON Schema of --format json, and nothing else.",
)
def command(paths: tuple[str, ...], form: str, verbose: bool) -> int:
    """Check every recorded AWS request and answer against the model of the installed botocore.

    PATH is a cassette or a folder, the project if there is none. Nothing is sent or recorded: upgrade
    botocore and run it again to see what the upgrade changes for what was recorded (unknown and missing
    members, types, enum values, required parameters, protocols). Of each fact the old value is the
    model's, the new one the recording's. Exits like `sealtape diff`: 0 if everything fits, 1 otherwise;
    a cassette that cannot be opened is an error, never clean.

    \b
    Examples:
      sealtape contract
      sealtape contract --format markdown tests/cassettes/test_users
    """
    root = project_root()
    settings = load_settings(root)
    judging = judgement(settings)
    files = files_under([Path(path) for path in paths] or [root], (store.SUFFIX,))
    if not files:
        raise UsageError(
            "there are no cassettes here",
            where=", ".join(paths) or shown(root),
            hint="pytest --record-mode=once",
        )
    found: list[Finding] = []
    for file in files:
        recording, _ = opened(file)
        found += contract(recording, test=shown(file).removesuffix(store.SUFFIX))
    findings = judging.of(found)
    print_findings(findings, form, verbose)
    return 1 if any(finding.severity != "quiet" for finding in findings) else 0

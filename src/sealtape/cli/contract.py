"""``sealtape contract``: recorded calls against their models, AWS's against the installed botocore's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sealtape import store
from sealtape.cli.findings import accept_options, judged, output_options, print_findings
from sealtape.cli.project import files_under, opened, project_root, shown
from sealtape.drift import group
from sealtape.drift.contract import Checked, contract
from sealtape.drift.judgement import judgement
from sealtape.drift.models import botocore_version
from sealtape.drift.openapi import apis
from sealtape.errors import UsageError
from sealtape.report.text import counted
from sealtape.settings import load_settings


@click.command()
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@accept_options
@output_options
def command(
    paths: tuple[str, ...], accepted: tuple[str, ...], lasting: str, because: str, form: str, verbose: bool
) -> int:
    """Check every recorded request and answer against its model: AWS calls against the installed botocore.

    PATH is a cassette or a folder, the project if there is none. Nothing is sent or recorded: upgrade
    botocore and run it again to see what the upgrade changes for what was recorded (unknown and missing
    members, types, enum values, required parameters, protocols). HTTP is checked for the hosts that have an
    OpenAPI document under [tool.sealtape.drift.openapi]. Of each fact the old value is the model's, the new
    one the recording's. Exits like `sealtape diff`: 0 if everything fits, 1 otherwise; a cassette that
    cannot be opened is an error, never clean.

    \b
    Examples:
      sealtape contract
      sealtape contract --format markdown tests/cassettes/test_users
    """
    root = project_root()
    settings = load_settings(root)
    judging, models = judgement(settings), apis(settings)
    files = files_under([Path(path) for path in paths] or [root], (store.SUFFIX,))
    if not files:
        raise UsageError(
            "there are no cassettes here",
            where=", ".join(paths) or shown(root),
            hint="pytest --record-mode=once",
        )
    checked = [
        contract(opened(file)[0], test=shown(file).removesuffix(store.SUFFIX), models=models)
        for file in files
    ]
    found = group(finding for one in checked for finding in one.findings)
    findings = judged(found, judging, root, accepted, lasting, because)
    print_findings(findings, form, verbose, footer=_extent(checked, len(models)))
    return 1 if any(finding.severity != "quiet" for finding in findings) else 0


def _extent(checked: Sequence[Checked], documents: int) -> str:
    """Return what was checked, in words: of requests without a model nothing is said above."""
    aws, http, requests = (sum(getattr(one, name) for one in checked) for name in ("aws", "http", "requests"))
    by = [f"{aws} by botocore {botocore_version()}"] if aws else []
    by += [f"{http} by {counted(documents, 'OpenAPI document')}"] if http else []
    of = f"{counted(requests, 'request')}, each with its answer, in {counted(len(checked), 'cassette')}"
    without = f"; {requests - aws - http} without a model" if requests > aws + http else ""
    return f"checked {aws + http} of {of}{': ' if by else ''}{', '.join(by)}{without}"

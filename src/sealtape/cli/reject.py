"""``sealtape reject``: remove pending recordings."""

from __future__ import annotations

import click

from sealtape.cli.pending import decide
from sealtape.review import reject


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Reject everything that is pending in the project.")
def command(names: tuple[str, ...], everything: bool) -> int:
    """Reject the pending recordings that each NAME means: they are removed, and the cassettes stay.

    NAME is the path of a cassette, of a pending file or of a folder, or a cassette's name or the end of
    it. The next refresh finds the same difference again.

    \b
    Examples:
      sealtape reject test_users/test_create
      sealtape reject --all
    """
    return decide("reject", names, everything, reject)

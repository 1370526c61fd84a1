"""``sealtape accept``: put pending recordings in the place of their cassettes."""

from __future__ import annotations

import click

from sealtape.cli.pending import decide
from sealtape.review import accept


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Accept everything that is pending in the project.")
def command(names: tuple[str, ...], everything: bool) -> int:
    """Accept the pending recordings that each NAME means: they become the cassettes.

    NAME is the path of a cassette, of a pending file or of a folder, or a cassette's name or the end of
    it. It takes no key, except where the key was rotated since the recording. Each cassette is replaced by
    one rename, and noted as confirmed in the ledger beside it.

    \b
    Examples:
      sealtape accept test_users/test_create
      sealtape accept tests/cassettes/test_users
      sealtape accept --all
    """
    return decide("accept", names, everything, accept)

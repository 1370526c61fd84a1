"""``sealtape keys``: make keys, and list those at hand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from sealtape.cli.project import project_root
from sealtape.cli.terminal import say
from sealtape.errors import KeyringError
from sealtape.seal.keyring import KEY_FILE_VARIABLE, KEY_VARIABLE, key_path, load_key, new_key
from sealtape.settings import load_settings

_ANY_ID = "0" * 16


@dataclass(frozen=True, slots=True)
class KeyAtHand:
    """A place where a key may lie: its id, or why there is none."""

    source: str
    id: str = ""
    problem: str = ""


@click.group()
def command() -> None:
    """Make keys, and list those at hand.

    \b
    Examples:
      sealtape keys new
      sealtape keys list
    """


@command.command()
def new() -> None:
    """Print a new key, which is written nowhere else.

    The key is the last line, and the only one on standard output. `sealtape init` makes one too, and
    keeps it in a file.

    \b
    Examples:
      sealtape keys new
      sealtape keys new | gh secret set SEALTAPE_KEY
    """
    key = new_key()
    say(
        f"a new key with the id {key.id}; it is a secret, and shown only now\n"
        f'pin it under [tool.sealtape] in pyproject.toml: key_id = "{key.id}"\n'
        f"give it to the tests: export {KEY_VARIABLE}=… with the line below",
        err=True,
    )
    sys.stderr.flush()
    say(key.text)


@command.command(name="list")
def list_() -> None:
    """List the ids of the keys at hand, and which one the project pins. No key is printed.

    \b
    Examples:
      sealtape keys list
    """
    pinned = load_settings(project_root()).key_id
    at_hand = list(keys_at_hand())
    for entry in at_hand:
        mark = "  (pinned)" if entry.id and entry.id == pinned else ""
        say(f"{entry.id or 'no key':<16}  {entry.source}{mark}{': ' if entry.problem else ''}{entry.problem}")
    if not at_hand:
        say(f"no key at hand: {KEY_VARIABLE} is not set, and there is no key file")
    if not pinned:
        say("no key id is pinned: sealtape init")
    elif pinned not in [entry.id for entry in at_hand]:
        say(f"{pinned}  pinned, and not at hand")


def keys_at_hand() -> Iterator[KeyAtHand]:
    """Yield every place where a key lies, in the order in which they are looked for."""
    if os.environ.get(KEY_VARIABLE, "").strip():
        yield _loaded(KEY_VARIABLE, {KEY_VARIABLE: os.environ[KEY_VARIABLE]})
    named = os.environ.get(KEY_FILE_VARIABLE, "").strip()
    if named:
        yield _loaded(f"{named} ({KEY_FILE_VARIABLE})", {KEY_FILE_VARIABLE: named})
    folder = key_path(_ANY_ID).parent
    for path in sorted(folder.glob("*.key")):
        yield _loaded(str(path), {KEY_FILE_VARIABLE: str(path)})


def _loaded(source: str, environ: dict[str, str]) -> KeyAtHand:
    try:
        return KeyAtHand(source, load_key("", environ).id)
    except KeyringError as error:
        return KeyAtHand(source, problem=f"{error.what}; {error.why}")

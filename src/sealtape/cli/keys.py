"""``sealtape keys``: make keys, list them, and say who may open the project's."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from sealtape import store, textfile
from sealtape.cli.project import project_root
from sealtape.cli.terminal import say
from sealtape.errors import CassetteBusy, KeyMissing, KeyringError, UsageError
from sealtape.seal import recipients
from sealtape.seal.keyring import (
    KEY_FILE_VARIABLE,
    KEY_VARIABLE,
    KEYRING_FILE,
    PASSPHRASE_VARIABLE,
    Key,
    Keyring,
    Opening,
    key_path,
    load_key,
    new_key,
    read_keyring,
    unlock,
    ways,
    write_key_file,
)
from sealtape.seal.recipients import Recipient
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
    """Make keys, list them, and say who may open the project's.

    A project needs one key and no keyring. The keyring, which `add` makes, wraps the key for people and
    machines, so that none of them has to be handed the key itself.

    \b
    Examples:
      sealtape keys new
      sealtape keys list
      sealtape keys add ada --ssh ada.pub
      sealtape keys rotate --reseal
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
    """List the ids of the keys at hand, which one the project pins, and who may open it. No key is printed.

    \b
    Examples:
      sealtape keys list
    """
    root = project_root()
    pinned = load_settings(root).key_id
    at_hand = list(keys_at_hand())
    for entry in at_hand:
        mark = "  (pinned)" if entry.id and entry.id == pinned else ""
        say(f"{entry.id or 'no key':<16}  {entry.source}{mark}{': ' if entry.problem else ''}{entry.problem}")
    if not at_hand:
        say(f"no key at hand: {KEY_VARIABLE} is not set, and there is no key file")
    ring = read_keyring(root)
    opens = _list_keyring(ring, pinned) if ring else False
    if not pinned:
        say("no key id is pinned: sealtape init")
    elif not opens and pinned not in [entry.id for entry in at_hand]:
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


def _list_keyring(ring: Keyring, pinned: str) -> bool:
    """Print whom the key is wrapped for, and return whether it opens here; raise for what was edited."""
    say(f"\n{ring.where}: the key {ring.key_id}{' (pinned)' if ring.key_id == pinned else ''}, wrapped for")
    ring.require_pin(pinned)
    found, problems = _openings(ring)
    by = {opening.recipient: opening.source for opening in found}
    wide = max((len(recipient.name) for recipient in ring.recipients), default=0)
    for recipient in ring.recipients:
        here = f"opens here: {by[recipient.name]}" if recipient.name in by else _elsewhere(recipient)
        say(f"  {recipient.name:<{wide}}  {recipient.kind:<10}  {here}")
    if not ring.recipients:
        say("  nobody: only the key itself opens it")
    for old in ring.older:
        say(f"  {old.id}  an older key: {'opens git history only' if old.retired else 'opens cassettes'}")
    for problem in problems:
        say(f"  problem: {problem.where}: {problem.what}; {problem.why}\n    hint: {problem.hint}")
    if not found:
        say("  not checked: nothing here opens it")
        return False
    ring.opened(found[0].key)
    return True


def _openings(ring: Keyring) -> tuple[list[Opening], list[KeyringError]]:
    found, problems = [], []
    for way in ways(ring, os.environ):
        try:
            opening = way()
        except KeyringError as error:
            problems.append(error)
        else:
            found += [opening] if opening else []
    return found, problems


def _elsewhere(recipient: Recipient) -> str:
    return "not asked: sealtape keys unlock --kms" if recipient.kind == "aws-kms" else "not here"


@command.command()
@click.argument("name")
@click.option("--age", "age", metavar="RECIPIENT", help="An age recipient, age1….")
@click.option("--ssh", "ssh", metavar="FILE", help="A file with an SSH public key, Ed25519 or RSA.")
@click.option("--passphrase", is_flag=True, help="A passphrase: SEALTAPE_PASSPHRASE, or asked for.")
@click.option("--key", "own_key", is_flag=True, help="A new key of the recipient's own; it is printed.")
@click.option("--kms", "kms", metavar="ARN", help="Everybody who may decrypt with this AWS KMS key.")
def add(
    name: str, age: str | None, ssh: str | None, passphrase: bool, own_key: bool, kms: str | None
) -> None:
    """Wrap the project's key for the recipient NAME, who can open the cassettes from then on.

    It takes the key. The keyring is made where there is none; commit it. A passphrase or a key is never
    taken from the command line, where other users and the shell's history would see it. The passphrase is
    SEALTAPE_PASSPHRASE, unless that is another recipient's already; else it is asked for, or read from
    standard input where that is no terminal.

    \b
    Examples:
      sealtape keys add ada --ssh ada.pub
      sealtape keys add ci --key | gh secret set SEALTAPE_KEY
      sealtape keys add laptop --age age1…
      sealtape keys add build --kms arn:aws:kms:eu-central-1:123456789012:key/…
    """
    if sum(map(bool, (age, ssh, passphrase, own_key, kms))) != 1:
        raise UsageError(
            "a recipient is of one kind",
            why="name one of --age, --ssh, --passphrase, --key and --kms",
            hint=f"sealtape keys add {shlex.quote(name)} --key",
        )
    root, key, ring = _opened()
    if ring and name in [recipient.name for recipient in ring.recipients]:
        raise UsageError(
            f"there is a recipient {name!a} already",
            where=KEYRING_FILE,
            hint=f"sealtape keys remove {shlex.quote(name)}",
        )
    own: Key | None = None
    if age:
        recipient = recipients.age(name, age)
    elif ssh:
        recipient = recipients.age(name, _public_key(Path(ssh)))
    elif passphrase:
        recipient = recipients.passphrase(name, _passphrase(ring))
    elif kms:
        from sealtape.seal.kms import aws_kms

        recipient = aws_kms(name, kms)
    else:
        own = new_key()
        recipient = recipients.raw_key(name, own)
    holders = (*(ring.recipients if ring else ()), recipient.wrapping(key))
    _write(root, ring, Keyring.of(key, holders, KEYRING_FILE))
    say(f"the key {key.id} is wrapped for {name} ({recipient.kind}): commit {KEYRING_FILE}", err=True)
    if own is not None:
        say(f"{name}'s own key is the line below: a secret, and shown only now", err=True)
        sys.stderr.flush()
        say(own.text)


def _public_key(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(
            "the public key cannot be read",
            where=str(path),
            why=(error.strerror or type(error).__name__).lower(),
            hint="sealtape keys add ada --ssh ~/.ssh/id_ed25519.pub",
        ) from None
    if "PRIVATE KEY" in text:
        raise UsageError(
            "this is a private key, which nobody needs to see", where=str(path), hint=f"--ssh {path}.pub"
        )
    return text


def _passphrase(ring: Keyring | None) -> str:
    """Return the passphrase in the environment, what a person typed twice, or a line of standard input."""
    __tracebackhide__ = True
    given = os.environ.get(PASSPHRASE_VARIABLE, "")
    # One that opens the keyring is the passphrase of whoever adds somebody, and not the new recipient's.
    if given.strip() and not any(
        recipient.kind == "passphrase" and recipients.private_of_passphrase(recipient, given)
        for recipient in (ring.recipients if ring else ())
    ):
        say(f"the passphrase is that in {PASSPHRASE_VARIABLE}", err=True)
        return given
    if sys.stdin.isatty():
        typed: str = click.prompt("passphrase", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    return sys.stdin.readline()


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the recipient NAME from the keyring.

    They cannot open what is sealed with a later key. What they could open they still can: git's history
    keeps the keyring in which the key was wrapped for them, and they may have kept the key itself. Only
    `rotate --reseal` ends that, and only for what is recorded or pulled from then on.

    \b
    Examples:
      sealtape keys remove ada
      sealtape keys remove ada && sealtape keys rotate --reseal
    """
    root, key, ring = _opened()
    left = tuple(recipient for recipient in (ring.recipients if ring else ()) if recipient.name != name)
    if ring is None or len(left) == len(ring.recipients):
        raise UsageError(f"there is no recipient {name!a}", where=KEYRING_FILE, hint="sealtape keys list")
    if not left and unlock(key.id, root=root).recipient:
        raise UsageError(
            f"{name} is the last who can open the key, and it would be lost",
            where=KEYRING_FILE,
            hint="sealtape keys unlock, which keeps it in a file",
        )
    _write(root, ring, Keyring.of(key, left, KEYRING_FILE))
    say(
        f"{name} is removed: commit {KEYRING_FILE}\n"
        f"{name} still has what {name} had: git's history holds the key {key.id} wrapped for {name},\n"
        f"and that opens every cassette that was sealed with it, today's too\n"
        f"next: sealtape keys rotate --reseal"
    )


@command.command()
@click.option("--reseal", is_flag=True, help="Seal every cassette anew, and retire the old keys.")
def rotate(reseal: bool) -> None:
    """Make a new key for the project, wrapped for the same recipients. It takes no network.

    The old key stays in the keyring, for reading. With --reseal every cassette is sealed with the new key,
    all of them or none, and one under an old key is refused from then on. A rotation that was killed is
    finished by the same command.

    \b
    Examples:
      sealtape keys rotate
      sealtape keys rotate --reseal
    """
    from sealtape.cli.rotation import rotate as rotated_with

    rotated = rotated_with(project_root(), reseal=reseal)
    old = rotated.key.older[0]
    say(f"the project's key is {rotated.key.id} now, and {old.key.id} the one before it")
    if reseal:
        number = rotated.resealed
        say(f"{number} cassette{'' if number == 1 else 's'} sealed anew; older keys open git's history only")
    else:
        say(
            "cassettes are sealed with it when they are recorded again; rotate --reseal seals all at once, "
            "under one more new key"
        )
    for recipient in rotated.recipients:
        say(f"wrapped for {recipient.name} ({recipient.kind})")
    if rotated.file:
        file = shlex.quote(str(rotated.file))
        say(f"the key is in {rotated.file}; for who is no recipient:  gh secret set {KEY_VARIABLE} < {file}")
    if os.environ.get(KEY_VARIABLE, "").strip() and rotated.file:
        say(f"{KEY_VARIABLE} holds the old key here: unset {KEY_VARIABLE}")
    say(f"commit pyproject.toml, {KEYRING_FILE}{' and the cassettes' if reseal else ''}")


@command.command(name="unlock")
@click.option("--kms", is_flag=True, help="Ask AWS KMS, with the AWS credentials that are here.")
def unlock_(kms: bool) -> None:
    """Open the keyring once and keep the project's key in a file of yours, where tests find it.

    Tests open the keyring by a passphrase or an identity by themselves, but never ask AWS KMS: a replay
    opens no socket. A CI job that is a recipient by KMS runs this first.

    \b
    Examples:
      sealtape keys unlock
      sealtape keys unlock --kms
    """
    root = project_root()
    pinned = load_settings(root).key_id
    ring = read_keyring(root)
    if ring is None:
        raise UsageError("this project has no keyring", where=str(root), hint="sealtape keys add NAME …")
    ring.require_pin(pinned)
    key = ring.opened(_by_kms(ring)) if kms else unlock(pinned, root=root).key
    say(f"the key {key.id} is in {write_key_file(key)}")


def _by_kms(ring: Keyring) -> Key:
    from sealtape.seal.kms import private_of_kms

    problem = KeyMissing(
        "no recipient is an AWS KMS key", where=ring.where, hint="sealtape keys add NAME --kms ARN"
    )
    error: KeyringError = problem
    for recipient in ring.recipients:
        if recipient.kind == "aws-kms":
            try:
                return recipient.opened(private_of_kms(recipient), ring.key_id, ring.where)
            except KeyringError as refused:
                error = refused
    raise error


def _opened() -> tuple[Path, Key, Keyring | None]:
    """Return the project's folder, its key, and its keyring, which was found authentic."""
    root = project_root()
    pinned = load_settings(root).key_id
    if not pinned:
        raise UsageError("no key id is pinned under [tool.sealtape]", hint="sealtape init")
    return root, load_key(pinned, root=root), read_keyring(root)


def _write(root: Path, before: Keyring | None, ring: Keyring) -> None:
    """Put ``ring`` in the place of ``before``, unless that has been changed meanwhile."""
    with store.lock(root / KEYRING_FILE):
        if read_keyring(root) != before:
            raise CassetteBusy(
                "somebody else changed the keyring meanwhile", where=KEYRING_FILE, hint="run this again"
            )
        textfile.replace_text(root / KEYRING_FILE, ring.text)

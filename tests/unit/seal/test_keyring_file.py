"""The keyring file: what it holds, who opens it, and that no edit of it passes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

import sealtape
from sealtape.errors import (
    KeyMissing,
    KeyringError,
    KeyringTampered,
    KeyringTooNew,
    KeyWrong,
    SealtapeError,
    UsageError,
)
from sealtape.interaction import Recording
from sealtape.seal import Key, load_key, new_key, primitives, recipients, seal, unseal, write_key_file
from sealtape.seal.key import Predecessor
from sealtape.seal.keyring import KEYRING_FILE, Keyring, parse_keyring, read_keyring, unlock
from tests.unit.seal.test_recipients import WORDS, ssh_key

OWN = Key(bytes(range(2, 34)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with nothing in it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def identity() -> pyrage.x25519.Identity:
    return pyrage.x25519.Identity.generate()


@pytest.fixture
def ring(key: Key, other_key: Key, identity: pyrage.x25519.Identity) -> Keyring:
    """A keyring of one of each kind that opens offline, with an older and a retired key."""
    holders = [
        recipients.age("ada", str(identity.to_public())),
        recipients.passphrase("ci", WORDS, log_n=10),
        recipients.raw_key("build", OWN),
    ]
    line = key.after([Predecessor(other_key), Predecessor(Key(bytes(32)), retired=True)])
    return Keyring.of(line, [holder.wrapping(key) for holder in holders], KEYRING_FILE)


def put(root: Path, ring: Keyring | str) -> None:
    (root / KEYRING_FILE).write_text(ring if isinstance(ring, str) else ring.text, encoding="utf-8")


class TestFile:
    def test_a_keyring_comes_back_from_its_text(self, ring: Keyring) -> None:
        assert parse_keyring(ring.text, KEYRING_FILE) == ring

    def test_the_same_keyring_is_the_same_text(self, ring: Keyring, key: Key) -> None:
        again = Keyring.of(ring.opened(key), reversed(ring.recipients), KEYRING_FILE)
        assert again.text == ring.text

    def test_no_secret_stands_in_it(self, ring: Keyring, key: Key) -> None:
        for secret in (key.text, OWN.text, WORDS):
            assert secret not in ring.text
        assert ring.text.isascii()

    def test_one_more_recipient_adds_one_entry_and_changes_one_line(self, ring: Keyring, key: Key) -> None:
        more = recipients.raw_key("more", new_key()).wrapping(key)
        after = Keyring.of(ring.opened(key), [*ring.recipients, more], KEYRING_FILE)
        gone = set(ring.text.splitlines()) - set(after.text.splitlines())
        assert [line.partition(" ")[0] for line in gone] == ["mac"]

    def test_line_ends_that_git_converted_change_nothing(self, ring: Keyring, key: Key) -> None:
        assert parse_keyring(ring.text.replace("\n", "\r\n"), KEYRING_FILE).opened(key) == key

    def test_two_recipients_of_one_name_are_refused(self, key: Key) -> None:
        twice = [recipients.raw_key("ci", new_key()).wrapping(key) for _ in range(2)]
        with pytest.raises(UsageError, match="two recipients 'ci'"):
            Keyring.of(key, twice, KEYRING_FILE)


class TestOpening:
    def test_without_a_keyring_the_key_is_all_it_takes(self, key: Key, root: Path) -> None:
        assert load_key(key.id, {"SEALTAPE_KEY": key.text}, root=root) == key

    def test_the_key_itself_opens_it_with_the_keys_before_it(
        self, key: Key, other_key: Key, root: Path, ring: Keyring
    ) -> None:
        put(root, ring)
        loaded = load_key(key.id, {"SEALTAPE_KEY": key.text}, root=root)
        assert loaded == key
        assert [(old.key, old.retired) for old in loaded.older] == [
            (other_key, False),
            (Key(bytes(32)), True),
        ]

    def test_the_key_file_opens_it(self, key: Key, root: Path, ring: Keyring) -> None:
        put(root, ring)
        path = write_key_file(key)
        assert unlock(key.id, {}, root=root).source == str(path)

    def test_a_passphrase_opens_it(self, key: Key, root: Path, ring: Keyring) -> None:
        put(root, ring)
        found = unlock(key.id, {"SEALTAPE_PASSPHRASE": WORDS}, root=root)
        assert (found.key, found.recipient) == (key, "ci")

    def test_an_identity_opens_it(
        self, key: Key, root: Path, ring: Keyring, identity: object, tmp_path: Path
    ) -> None:
        put(root, ring)
        file = tmp_path / "identity"
        file.write_text(str(identity))
        file.chmod(0o600)
        found = unlock(key.id, {"SEALTAPE_IDENTITY": str(file)}, root=root)
        assert (found.key, found.recipient) == (key, "ada")

    def test_a_recipients_own_key_opens_it_from_the_variable_and_from_its_file(
        self, key: Key, root: Path, ring: Keyring
    ) -> None:
        put(root, ring)
        assert unlock(key.id, {"SEALTAPE_KEY": OWN.text}, root=root).recipient == "build"
        write_key_file(OWN)
        assert unlock(key.id, {}, root=root).recipient == "build"

    def test_an_ssh_key_in_its_usual_place_opens_it(self, key: Key, root: Path, home: Path) -> None:
        path = ssh_key(home / ".ssh")
        holder = recipients.age("me", path.with_suffix(".pub").read_text()).wrapping(key)
        put(root, Keyring.of(key, [holder], KEYRING_FILE))
        found = unlock(key.id, {}, root=root)
        assert (found.key, found.source, found.recipient) == (key, str(path), "me")


class TestRefusing:
    def test_a_machine_that_is_no_recipient_is_locked_and_told_who_is(
        self, key: Key, root: Path, ring: Keyring
    ) -> None:
        put(root, ring)
        with pytest.raises(KeyMissing) as caught:
            load_key(key.id, {}, root=root)
        assert "ada (age), build (key), ci (passphrase)" in caught.value.why
        assert "export SEALTAPE_PASSPHRASE=…" in caught.value.hint

    def test_a_wrong_passphrase_says_so_without_showing_it(self, key: Key, root: Path, ring: Keyring) -> None:
        put(root, ring)
        with pytest.raises(KeyWrong) as caught:
            load_key(key.id, {"SEALTAPE_PASSPHRASE": "wrong but long enough"}, root=root)
        assert caught.value.where == "SEALTAPE_PASSPHRASE"
        assert "wrong but" not in str(caught.value)
        assert "that of ci" in caught.value.why

    def test_an_identity_of_nobody_is_missing_and_told_what_to_ask_for(
        self, key: Key, root: Path, ring: Keyring, tmp_path: Path
    ) -> None:
        put(root, ring)
        with pytest.raises(KeyMissing, match="none of the keyring's recipients") as caught:
            load_key(key.id, {"SEALTAPE_IDENTITY": str(ssh_key(tmp_path))}, root=root)
        assert "sealtape keys add" in caught.value.hint

    def test_an_identity_that_is_not_there_is_missing(self, key: Key, root: Path, ring: Keyring) -> None:
        put(root, ring)
        with pytest.raises(KeyMissing, match="no such identity"):
            load_key(key.id, {"SEALTAPE_IDENTITY": str(root / "none")}, root=root)

    def test_an_identity_without_pyrage_names_the_extra(
        self, key: Key, root: Path, ring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(root, ring)
        monkeypatch.setitem(sys.modules, "pyrage", None)
        with pytest.raises(KeyringError) as caught:
            load_key(key.id, {"SEALTAPE_IDENTITY": str(ssh_key(tmp_path))}, root=root)
        assert caught.value.hint == "pip install 'sealtape[age]'"
        assert load_key(key.id, {"SEALTAPE_PASSPHRASE": WORDS}, root=root) == key

    def test_a_swapped_keyring_is_refused_by_the_pinned_id(self, key: Key, root: Path) -> None:
        theirs = new_key()
        put(root, Keyring.of(theirs, [recipients.raw_key("ci", OWN).wrapping(theirs)], KEYRING_FILE))
        for environ in ({"SEALTAPE_KEY": key.text}, {"SEALTAPE_KEY": OWN.text}):
            with pytest.raises(KeyWrong, match="another project's keyring, or was swapped"):
                load_key(key.id, environ, root=root)

    def test_a_swapped_keyring_that_claims_the_pinned_id_is_refused(self, key: Key, root: Path) -> None:
        theirs = new_key()
        swapped = Keyring.of(theirs, [recipients.raw_key("ci", OWN).wrapping(theirs)], KEYRING_FILE)
        put(root, swapped.text.replace(theirs.id, key.id))
        for environ in ({"SEALTAPE_KEY": key.text}, {"SEALTAPE_KEY": OWN.text}):
            with pytest.raises(KeyringTampered, match="recipient ci"):
                load_key(key.id, environ, root=root)

    def test_a_keyring_that_nothing_pins_is_refused(self, key: Key, root: Path, ring: Keyring) -> None:
        put(root, ring)
        with pytest.raises(KeyWrong, match="belongs to no pinned key"):
            load_key("", {"SEALTAPE_KEY": key.text}, root=root)

    def test_an_older_key_says_that_it_was_rotated(
        self, key: Key, other_key: Key, root: Path, ring: Keyring
    ) -> None:
        put(root, ring)
        with pytest.raises(KeyWrong, match=f"{other_key.id} was rotated to {key.id}"):
            load_key(key.id, {"SEALTAPE_KEY": other_key.text}, root=root)

    def test_a_rotation_that_was_begun_says_how_to_finish_it(
        self, key: Key, other_key: Key, root: Path, ring: Keyring
    ) -> None:
        put(root, ring)
        with pytest.raises(KeyWrong, match="begun and not finished") as caught:
            load_key(other_key.id, {"SEALTAPE_KEY": other_key.text}, root=root)
        assert "sealtape keys rotate --reseal" in caught.value.hint

    def test_a_keyring_that_cannot_be_read_is_not_a_missing_one(self, key: Key, root: Path) -> None:
        (root / KEYRING_FILE).mkdir()
        with pytest.raises(KeyringError, match="cannot be read"):
            read_keyring(root)


EDITS: list[tuple[str, Callable[[str], str], str]] = [
    ("a recipient's public key", lambda t: swap_public(t), "recipient build: this entry was edited"),
    ("a name", lambda t: t.replace('"build"', '"buiid"'), "recipient buiid: this entry was edited"),
    ("a wrapped part", lambda t: flip(t, "wrapped", 2), "recipient ci: this entry was edited"),
    ("an older key", lambda t: flip(t, "wrapped", 3), "older key [0-9a-f]{16}: this entry was edited"),
    ("a retired key", lambda t: t.replace("retired = true", "retired = false"), "older key 0*[0-9a-f]{16}"),
    ("a recipient removed", lambda t: without(t, 2), "an entry was added, removed"),
    ("an older key removed", lambda t: without(t, 4), "an entry was added, removed"),
    ("the keyring's MAC", lambda t: flip(t, "mac", 0), "an entry was added, removed"),
    ("an entry's MAC", lambda t: flip(t, "mac", 2), "recipient build: this entry was edited"),
]


def swap_public(text: str) -> str:
    """Return ``text`` with an attacker's public key in an entry, which the next rotation would wrap for."""
    theirs = recipients.raw_key("x", new_key()).public
    ours = recipients.raw_key("x", OWN).public
    assert ours in text
    return text.replace(ours, theirs)


def flip(text: str, member: str, number: int) -> str:
    """Return ``text`` with one character of the ``number``-th ``member`` changed, and base64 all the same."""
    at = [match.end() for match in re.finditer(rf'^{member} = "', text, re.MULTILINE)][number] + 5
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def without(text: str, number: int) -> str:
    tables = text.split("\n\n")
    return "\n\n".join(tables[:number] + tables[number + 1 :]) + "\n"


def _refused(ring: Keyring, key: Key) -> bool:
    try:
        ring.opened(key)
    except KeyringTampered:
        return True
    return False


class TestTampering:
    @pytest.mark.parametrize(("edit", "said"), [pytest.param(e, s, id=n) for n, e, s in EDITS])
    def test_an_edit_is_refused_with_file_and_entry(
        self, key: Key, root: Path, ring: Keyring, edit: Callable[[str], str], said: str
    ) -> None:
        edited = edit(ring.text)
        assert edited != ring.text
        put(root, edited)
        with pytest.raises(KeyringTampered, match=said) as caught:
            load_key(key.id, {"SEALTAPE_KEY": key.text}, root=root)
        assert caught.value.where.startswith(KEYRING_FILE)
        assert f"git checkout REVISION -- {KEYRING_FILE}" in caught.value.hint

    def test_a_recipient_who_opens_an_edited_entry_is_told_of_it(
        self, key: Key, root: Path, ring: Keyring
    ) -> None:
        put(root, flip(ring.text, "wrapped", 1))
        with pytest.raises(KeyringTampered, match="recipient build: this entry was edited"):
            load_key(key.id, {"SEALTAPE_KEY": OWN.text}, root=root)

    def test_an_entry_of_an_older_version_is_refused(self, key: Key, root: Path, ring: Keyring) -> None:
        fewer = Keyring.of(ring.opened(key), ring.recipients[:2], KEYRING_FILE)
        put(root, fewer.text + ring.text[ring.text.index('\n[[recipient]]\nname = "ci"') :].split("\n\n")[0])
        with pytest.raises(KeyringTampered):
            load_key(key.id, {"SEALTAPE_KEY": key.text}, root=root)

    def test_every_changed_character_is_refused_or_changes_nothing(self, key: Key, ring: Keyring) -> None:
        body = ring.text.index("keyring = ")
        for at in range(body, len(ring.text), 3):
            edited = ring.text[:at] + chr(ord(ring.text[at]) ^ 1) + ring.text[at + 1 :]
            try:
                opened = parse_keyring(edited, KEYRING_FILE)
            except KeyringError:
                continue
            if opened == ring:
                continue  # white space, or a comment
            assert opened.key_id != key.id or _refused(opened, key), edited[at - 20 : at + 20]

    def test_a_merge_of_two_keyrings_says_how_to_mend_it(self, ring: Keyring) -> None:
        with pytest.raises(KeyringTampered, match="two versions of it were merged") as caught:
            parse_keyring(f"<<<<<<< HEAD\n{ring.text}=======\n>>>>>>> theirs\n", KEYRING_FILE)
        assert caught.value.hint.startswith(f"git checkout --ours -- {KEYRING_FILE}")

    @pytest.mark.parametrize(
        ("edit", "said"),
        [
            (lambda t: "", "does not begin with a format"),
            (lambda t: t + "[", "not as a keyring is written"),
            (lambda t: t.replace("keyring = 1", "keyring = true"), "does not begin with a format"),
            (lambda t: t.replace('mac = "', 'macc = "', 1), "'macc' is not one of its members"),
            (lambda t: t.replace('name = "ada"', 'name = "zed"'), "its recipients are not sorted"),
            (lambda t: t.replace('name = "ada"', 'name = ["ada"]'), "recipient"),
            (lambda t: t.replace('scrypt = "10', 'scrypt = "40'), "recipient ci: .*scrypt"),
            (lambda t: t.replace('kind = "age"', 'kind = "ssh"\nid = "x"'), "recipient ada"),
            (lambda t: t.replace("[[older]]", "[[elder]]"), "'elder' is not one of its members"),
            (lambda t: t.replace('public = "', 'public = "\\u001b[31m'), "recipient ada"),
        ],
    )
    def test_what_is_no_keyring_is_refused_with_sealtapes_own_error(
        self, ring: Keyring, edit: Callable[[str], str], said: str
    ) -> None:
        with pytest.raises(KeyringTampered, match=said) as caught:
            parse_keyring(edit(ring.text), KEYRING_FILE)
        assert caught.value.hint == f"git checkout -- {KEYRING_FILE}"

    def test_a_later_format_and_an_unknown_kind_ask_for_a_later_version(self, ring: Keyring) -> None:
        for edited, said in (
            (ring.text.replace("keyring = 1", "keyring = 2"), "this keyring has the format 2"),
            (ring.text.replace('kind = "age"', 'kind = "pgp"'), "recipient ada: 'pgp' is no kind"),
        ):
            with pytest.raises(KeyringTooNew, match=said) as caught:
                parse_keyring(edited, KEYRING_FILE)
            assert caught.value.hint == "pip install -U sealtape"


class TestRotatedKeys:
    def test_a_cassette_of_the_key_before_opens_and_a_retired_one_only_for_history(
        self, key: Key, other_key: Key, recording: Recording
    ) -> None:
        data = seal(recording, other_key).data
        assert unseal(data, key.after([Predecessor(other_key)]), where="x.tape") == recording
        retired = key.after([Predecessor(other_key, retired=True)])
        with pytest.raises(KeyWrong, match="sealed with a retired key"):
            unseal(data, retired, where="x.tape")
        assert unseal(data, retired, where="x.tape", retired=True) == recording

    def test_a_header_that_was_turned_to_an_older_key_is_refused(
        self, key: Key, other_key: Key, recording: Recording
    ) -> None:
        data = seal(recording, key).data.replace(key.id.encode(), other_key.id.encode(), 1)
        with pytest.raises(SealtapeError, match="header row"):
            unseal(data, key.after([Predecessor(other_key)]), where="x.tape")

    def test_stand_ins_outlive_a_rotation_and_nothing_else_does(self, key: Key, other_key: Key) -> None:
        first = Key(bytes(32))
        line = key.after([Predecessor(other_key), Predecessor(first, retired=True)])
        assert line.derive("stand-ins") == first.derive("stand-ins")
        assert line.derive("cassette") == key.derive("cassette")
        assert line.id == key.id


def test_no_secret_is_in_the_traceback_of_a_refusal(
    key: Key, ring: Keyring, pytester: pytest.Pytester, home: Path
) -> None:
    pytester.makepyfile(
        f"""
        from pathlib import Path
        from sealtape.seal import load_key

        def test_wrong(monkeypatch):
            load_key("{key.id}", root=Path("."))
        """
    )
    halves = [recipients.private_of_key(OWN)]
    halves += [recipients.private_of_passphrase(ring.recipients[2], WORDS) or b""]
    for edited, variable, value, said in (
        (2, "SEALTAPE_PASSPHRASE", WORDS, "recipient ci: this entry was edited"),
        (3, "SEALTAPE_PASSPHRASE", WORDS, "this entry was edited"),
        (3, "SEALTAPE_PASSPHRASE", "wrong " + WORDS, "the passphrase opens no entry"),
        (1, "SEALTAPE_KEY", OWN.text, "recipient build: this entry was edited"),
        (3, "SEALTAPE_KEY", OWN.text, "this entry was edited"),
    ):
        put(pytester.path, flip(ring.text, "wrapped", edited))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(Path(sealtape.__file__).parents[1]))
            patch.setenv(variable, value)
            shown = pytester.runpytest_subprocess("--showlocals", "-p", "no:sealtape").stdout.str()
        assert said in shown
        assert value not in shown
        assert key.text not in shown
        assert OWN.text not in shown
        assert not any(repr(half)[2:-1] in shown for half in halves)


def test_where_the_primitives_are_missing_it_is_said_when_the_keyring_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm

    def missing(*given: object, **named: object) -> None:
        raise UnsupportedAlgorithm("not in this OpenSSL")

    monkeypatch.setattr(primitives, "Scrypt", missing)
    with pytest.raises(KeyringError, match="scrypt is not available here"):
        recipients.passphrase("ci", "another passphrase " + "than before", log_n=10)

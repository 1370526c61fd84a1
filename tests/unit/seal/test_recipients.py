"""Recipients: each kind opens what was wrapped for it, and nobody else does."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import unicodedata
from pathlib import Path

import pyrage
import pytest

from sealtape.errors import KeyMalformed, KeyringError, KeyringTampered, UsageError
from sealtape.seal import Key, new_key, primitives, recipients
from sealtape.seal.recipients import Recipient

WHERE = "sealtape-keyring.toml"
WORDS = "correct horse " + "battery staple"


def ssh_key(folder: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make an SSH key as people do, and return the file of its private half."""
    path = folder / f"id_{kind}"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(path)], check=True)
    return path


class TestKeys:
    def test_a_key_of_ones_own_opens_the_key_of_the_project(self, key: Key, other_key: Key) -> None:
        recipient = recipients.raw_key("ci", other_key).wrapping(key)
        assert recipient.opened(recipients.private_of_key(other_key), key.id, WHERE) == key

    def test_what_is_wrapped_for_one_key_is_not_opened_by_another(self, key: Key, other_key: Key) -> None:
        recipient = recipients.raw_key("ci", other_key).wrapping(key)
        stranger = recipients.private_of_key(new_key())
        for private in (stranger, stranger[:-1], b""):
            with pytest.raises(KeyringTampered, match="its public key is another's"):
                recipient.opened(private, key.id, WHERE)
        assert primitives.unwrap(stranger, recipients.decoded(recipient.wrapped) or b"", b"") is None

    def test_a_wrapped_part_opens_only_under_the_key_id_that_it_was_wrapped_for(
        self, key: Key, other_key: Key
    ) -> None:
        recipient = recipients.raw_key("ci", other_key).wrapping(key)
        with pytest.raises(KeyringTampered, match="its wrapped part was edited") as caught:
            recipient.opened(recipients.private_of_key(other_key), new_key().id, WHERE)
        assert caught.value.where == f"{WHERE} recipient ci"

    def test_a_public_key_that_contributes_nothing_is_refused(self, key: Key) -> None:
        with pytest.raises(ValueError, match="not a public key"):
            primitives.wrap(bytes(32), b"secret", b"")

    def test_wrapping_twice_gives_other_bytes_that_open_to_the_same(self, key: Key, other_key: Key) -> None:
        one, two = (recipients.raw_key("ci", other_key).wrapping(key) for _ in range(2))
        assert one.wrapped != two.wrapped
        assert one.public == two.public


class TestPassphrases:
    def test_a_passphrase_opens_the_key(self, key: Key) -> None:
        recipient = recipients.passphrase("ci", WORDS, log_n=10).wrapping(key)
        private = recipients.private_of_passphrase(recipient, WORDS + "\n")
        assert private is not None
        assert recipient.opened(private, key.id, WHERE) == key

    def test_a_wrong_passphrase_opens_nothing(self) -> None:
        recipient = recipients.passphrase("ci", WORDS, log_n=10)
        assert recipients.private_of_passphrase(recipient, WORDS[:-1]) is None

    def test_a_passphrase_is_the_same_however_its_accents_are_typed(self) -> None:
        words = "un été à la plage " + "rocheuse"
        recipient = recipients.passphrase("ci", words, log_n=10)
        assert recipients.private_of_passphrase(recipient, unicodedata.normalize("NFD", words)) is not None

    def test_a_short_passphrase_is_refused_without_being_shown(self) -> None:
        with pytest.raises(KeyMalformed) as caught:
            recipients.passphrase("ci", "hunter2hunter2\n")
        assert "hunter2" not in str(caught.value)

    def test_the_work_is_what_the_specification_says(self) -> None:
        assert recipients.passphrase("ci", WORDS).scrypt.startswith("17 ")

    def test_a_passphrase_is_stretched_once_in_a_process(self) -> None:
        recipient = recipients.passphrase("ci", WORDS, log_n=10)
        before = primitives.stretch.cache_info().hits
        recipients.private_of_passphrase(recipient, WORDS)
        assert primitives.stretch.cache_info().hits == before + 1

    @pytest.mark.parametrize("log_n", ["9", "21", "40", "1e9", "-1"])
    def test_an_entry_cannot_ask_for_all_memory_there_is(self, key: Key, log_n: str) -> None:
        recipient = recipients.passphrase("ci", WORDS, log_n=10).wrapping(key)
        salt = recipient.scrypt.partition(" ")[2]
        assert "scrypt" in recipients.problem_with(dataclasses.replace(recipient, scrypt=f"{log_n} {salt}"))
        assert recipients.problem_with(recipient) == ""


class TestAge:
    def test_an_age_identity_opens_the_key(self, key: Key, tmp_path: Path) -> None:
        identity = pyrage.x25519.Identity.generate()
        file = tmp_path / "key.txt"
        file.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")
        file.chmod(0o600)
        recipient = recipients.age("ada", str(identity.to_public())).wrapping(key)
        assert recipient.kind == "age"
        assert recipient.opened_by_identity(recipients.read_identity(file), key.id, WHERE) == key

    @pytest.mark.parametrize("kind", ["ed25519", "rsa"])
    def test_an_ssh_key_opens_the_key(self, key: Key, tmp_path: Path, kind: str) -> None:
        path = ssh_key(tmp_path, kind)
        recipient = recipients.age("ada", path.with_suffix(".pub").read_text()).wrapping(key)
        assert recipient.kind == "ssh"
        assert recipient.public.count(" ") == 1  # its comment names a person and a machine
        assert recipient.opened_by_identity(recipients.read_identity(path), key.id, WHERE) == key

    def test_another_identity_opens_nothing(self, key: Key) -> None:
        ada, eve = (pyrage.x25519.Identity.generate() for _ in range(2))
        recipient = recipients.age("ada", str(ada.to_public())).wrapping(key)
        assert recipient.opened_by_identity(eve, key.id, WHERE) is None

    def test_a_damaged_entry_is_not_taken_for_another_recipients(self, key: Key) -> None:
        ada = pyrage.x25519.Identity.generate()
        recipient = recipients.age("ada", str(ada.to_public())).wrapping(key)
        raw = bytearray(recipients.decoded(recipient.wrapped) or b"")
        raw[-1] ^= 1
        damaged = dataclasses.replace(recipient, wrapped=recipients._text(bytes(raw)))
        with pytest.raises(KeyringTampered, match="recipient ada"):
            damaged.opened_by_identity(ada, key.id, WHERE)

    def test_another_key_that_was_wrapped_for_the_identity_is_refused(self, key: Key, other_key: Key) -> None:
        ada = pyrage.x25519.Identity.generate()
        recipient = recipients.age("ada", str(ada.to_public())).wrapping(other_key)
        with pytest.raises(KeyringTampered, match=f"it holds the key {other_key.id}"):
            recipient.opened_by_identity(ada, key.id, WHERE)

    @pytest.mark.parametrize("text", ["age1xxx", "ssh-dss AAAA", "ecdsa-sha2-nistp256 AAAA", ""])
    def test_what_is_no_recipient_is_malformed(self, text: str) -> None:
        with pytest.raises(KeyMalformed, match="neither an age recipient nor an SSH public key"):
            recipients.age("ada", text)

    def test_an_ssh_key_under_a_passphrase_is_refused_with_what_to_do(self, tmp_path: Path) -> None:
        path = ssh_key(tmp_path, passphrase="a pass " + "phrase")
        with pytest.raises(KeyMalformed, match="a passphrase protects it") as caught:
            recipients.read_identity(path)
        assert "SEALTAPE_IDENTITY" in caught.value.hint

    def test_a_file_that_is_no_identity_is_refused_without_its_text(self, tmp_path: Path) -> None:
        path = tmp_path / "key.txt"
        path.write_text("AGE-SECRET-KEY-" + "1WRONG")
        path.chmod(0o600)
        with pytest.raises(KeyMalformed) as caught:
            recipients.read_identity(path)
        assert "WRONG" not in str(caught.value)

    def test_an_identity_that_others_can_read_is_refused(self, tmp_path: Path) -> None:
        path = ssh_key(tmp_path)
        path.chmod(0o644)
        with pytest.raises(KeyringError, match="can be read by others"):
            recipients.read_identity(path)

    def test_an_own_ssh_key_is_looked_at_only_if_its_public_half_is_a_recipient(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: Key
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        own = ssh_key(tmp_path / ".ssh")
        other = ssh_key(tmp_path / "other")
        mine = recipients.age("me", own.with_suffix(".pub").read_text())
        theirs = recipients.age("ada", other.with_suffix(".pub").read_text())
        assert recipients.own_ssh_identities([mine, theirs]) == [own]
        assert recipients.own_ssh_identities([theirs]) == []

    def test_without_pyrage_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pyrage", None)
        with pytest.raises(KeyringError) as caught:
            recipients.age("ada", "age1xxx")
        assert caught.value.hint == "pip install 'sealtape[age]'"


@pytest.mark.parametrize("name", ["", "-x", "a b", 'a"', "a\n", "x" * 65, "é"])
def test_a_name_that_could_not_stand_in_the_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        Recipient(name, "age", "age1…")


def test_nothing_that_opens_the_key_is_in_a_repr(key: Key) -> None:
    recipient = recipients.passphrase("ci", WORDS, log_n=10).wrapping(key)
    assert recipient.private not in repr(recipient)
    assert recipient.wrapped not in repr(recipient)

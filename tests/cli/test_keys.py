from __future__ import annotations

import io
import logging
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
from functools import partial
from pathlib import Path

import boto3
import pyrage
import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from sealtape.cli import keys
from sealtape.seal import primitives, recipients
from sealtape.seal.keyring import KEYRING_FILE, Key, Keyring, new_key, parse_key
from tests.cli.project import BINARY, ONE, PROGRAM, Project
from tests.unit.seal.test_recipients import ssh_key

WORDS = "correct horse " + "battery staple"


def key_file(project: Project, text: str, key_id: str, mode: int = 0o600) -> None:
    folder = project.home / ".config" / "sealtape" / "keys"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{key_id}.key").write_text(text)
    (folder / f"{key_id}.key").chmod(mode)


def test_new_prints_the_key_alone_on_standard_output(bare: Project) -> None:
    result = bare.run("keys", "new")
    assert result.code == 0
    key = parse_key(result.out.removesuffix("\n"))
    assert result.out == f"{key.text}\n"
    assert f'key_id = "{key.id}"' in result.err
    assert key.text not in result.err
    assert bare.files() == []


def test_every_new_key_is_another(bare: Project) -> None:
    assert bare.run("keys", "new").out != bare.run("keys", "new").out


def test_list_shows_ids_and_which_is_pinned_and_no_key(project: Project) -> None:
    other = new_key()
    key_file(project, other.text, other.id)
    result = project.run("keys", "list")
    assert result.code == 0
    assert f"{project.key.id}  SEALTAPE_KEY  (pinned)\n" in result.out
    assert f"{other.id}  {project.home}" in result.out
    assert project.key.text not in result.out
    assert other.text not in result.out


def test_list_says_which_pinned_key_is_missing(project: Project) -> None:
    result = project.run("keys", "list", SEALTAPE_KEY="")
    assert result.code == 0
    assert f"{project.key.id}  pinned, and not at hand\n" in result.out


def test_list_says_what_is_wrong_with_a_key_and_not_the_key(project: Project) -> None:
    open_to_all = new_key()
    key_file(project, open_to_all.text, open_to_all.id, mode=0o644)
    broken = project.key.text[:-3] + "zzz"
    result = project.run("keys", "list", SEALTAPE_KEY=broken)
    assert result.code == 0
    assert (
        "no key            SEALTAPE_KEY: this is not a sealtape key; its checksum does not fit" in result.out
    )
    assert "the key file can be read by others" in result.out
    assert broken not in result.out


def test_list_without_any_key_says_what_to_do(bare: Project) -> None:
    result = bare.run("keys", "list")
    assert result.code == 0
    assert "no key at hand" in result.out
    assert "sealtape init" in result.out


def test_where_aes_siv_is_missing_no_key_is_made_and_the_reason_is_said(
    bare: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(key: bytes) -> None:
        raise UnsupportedAlgorithm("AES-SIV is not supported by this version of OpenSSL")

    monkeypatch.setattr(primitives, "AESSIV", missing)
    for arguments in (["keys", "new"], ["init"]):
        result = bare.run(*arguments)
        assert (result.code, result.out) == (3, "")
        assert "AES-SIV is not available here" in result.err
        assert "hint: pip install" in result.err
    assert bare.files() == []


def test_a_recipient_of_each_kind_opens_cassettes_without_the_key(project: Project, tmp_path: Path) -> None:
    project.seal(ONE)
    age = pyrage.x25519.Identity.generate()
    age_file = tmp_path / "age.txt"
    age_file.write_text(str(age))
    age_file.chmod(0o600)
    ssh = ssh_key(tmp_path / "ssh")
    assert project.run("keys", "add", "ada", "--ssh", f"{ssh}.pub").code == 0
    assert project.run("keys", "add", "bob", "--age", str(age.to_public())).code == 0
    added = project.run_process("keys", "add", "ci", "--passphrase", given=f"{WORDS}\n")
    assert (added.code, added.out) == (0, "")
    own = project.run("keys", "add", "build", "--key")
    assert own.out == f"{parse_key(own.out).text}\n"
    assert own.out.strip() not in own.err + project.read(KEYRING_FILE)
    project.environment.clear()
    assert project.run("show", ONE).code == 3
    for environment in (
        {"SEALTAPE_IDENTITY": str(ssh)},
        {"SEALTAPE_IDENTITY": str(age_file)},
        {"SEALTAPE_PASSPHRASE": WORDS},
        {"SEALTAPE_KEY": own.out},
    ):
        assert project.run("show", ONE, **environment).code == 0, environment.keys()
        assert project.run("lint").code == 0
        listed = project.run("keys", "list", **environment)
        assert listed.code == 0
        assert listed.out.count("opens here") == 1
        assert listed.out.count("not here") == 3


def test_a_suite_replays_for_a_recipient(project: Project, tmp_path: Path) -> None:
    ssh = ssh_key(tmp_path / "ssh")
    project.run("keys", "add", "ada", "--ssh", f"{ssh}.pub")
    project.seal("cassettes/x.tape", BINARY)
    program = (
        "import sealtape, urllib.request as u\n"
        "with sealtape.use_cassette('cassettes/x', record_mode='none'):\n"
        "    print(len(u.urlopen('https://api.example.com/image').read()))\n"
    )
    for identity, code in ((str(ssh), 0), ("", 1)):
        ended = subprocess.run(
            [sys.executable, "-c", program],
            cwd=project.root, check=False, capture_output=True, text=True,
            env={**project.environ(), "SEALTAPE_KEY": "", "SEALTAPE_IDENTITY": identity},
        )  # fmt: skip
        assert ended.returncode == code, ended.stderr
        assert ("256" in ended.stdout) == (code == 0)
    assert "KeyMissing" in ended.stderr


def test_list_tells_an_edited_keyring(project: Project) -> None:
    project.run("keys", "add", "ci", "--key")
    project.write(KEYRING_FILE, project.read(KEYRING_FILE).replace('name = "ci"', 'name = "di"'))
    result = project.run("keys", "list")
    assert result.code == 3
    assert "recipient di: this entry was edited" in result.err


def test_list_says_what_does_not_fit_and_goes_on(project: Project) -> None:
    project.run_process("keys", "add", "ci", "--passphrase", given=f"{WORDS}\n")
    result = project.run("keys", "list", SEALTAPE_PASSPHRASE="something else " + "altogether")
    assert result.code == 0
    assert "problem: SEALTAPE_PASSPHRASE: the passphrase opens no entry" in result.out
    assert "something else" not in result.out


def test_lint_accepts_a_keyring_without_a_key_and_refuses_a_swapped_one(project: Project) -> None:
    project.seal(ONE)
    project.run("keys", "add", "ci", "--key")
    project.environment.clear()
    assert project.run("lint").code == 0
    theirs = new_key()
    project.write(KEYRING_FILE, Keyring.of(theirs, [], KEYRING_FILE).text)
    result = project.run("lint")
    assert result.code == 1
    assert "this is another project's keyring, or was swapped" in result.out
    assert "problem  keyring" in project.run("doctor").out


def test_a_keyring_that_changed_while_somebody_was_added_is_not_written_over(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken() -> Key:
        monkeypatch.undo()
        assert project.run("keys", "add", "first", "--key").code == 0
        return new_key()

    monkeypatch.setattr(keys, "new_key", overtaken)
    result = project.run("keys", "add", "second", "--key")
    assert (result.code, result.out) == (3, "")
    assert "somebody else changed the keyring meanwhile" in result.err
    assert 'name = "first"' in project.read(KEYRING_FILE)
    assert 'name = "second"' not in project.read(KEYRING_FILE)


def test_add_refuses_what_is_no_recipient(project: Project, tmp_path: Path) -> None:
    ssh = ssh_key(tmp_path)
    for arguments, said in (
        (["x"], "a recipient is of one kind"),
        (["x", "--key", "--passphrase"], "a recipient is of one kind"),
        (["x y", "--key"], "cannot be a recipient's name"),
        (["x", "--ssh", str(ssh)], "this is a private key, which nobody needs to see"),
        (["x", "--ssh", str(tmp_path / "none")], "the public key cannot be read"),
        (["x", "--age", "age1nonsense"], "neither an age recipient nor an SSH public key"),
        (["x", "--kms", "alias/x"], "is not the ARN of a KMS key"),
    ):
        result = project.run("keys", "add", *arguments)
        assert result.code != 0
        assert said in result.err
        assert "hint: " in result.err
    assert KEYRING_FILE not in project.files()
    assert project.run_process("keys", "add", "x", "--passphrase", given="too short\n").code == 3
    project.run("keys", "add", "x", "--key")
    assert "there is a recipient 'x' already" in project.run("keys", "add", "x", "--key").err


def test_remove_says_what_git_history_still_gives_away(project: Project) -> None:
    project.run("keys", "add", "eve", "--key")
    result = project.run("keys", "remove", "eve")
    assert result.code == 0
    assert f"git's history holds the key {project.key.id} wrapped for eve" in result.out
    assert "next: sealtape keys rotate --reseal" in result.out
    assert 'name = "eve"' not in project.read(KEYRING_FILE)
    assert project.run("keys", "remove", "eve").code == 2


def test_the_last_who_can_open_the_key_cannot_be_removed(project: Project) -> None:
    own = project.run("keys", "add", "ci", "--key").out
    project.environment["SEALTAPE_KEY"] = own
    before = project.content()
    result = project.run("keys", "remove", "ci")
    assert result.code == 2
    assert "it would be lost" in result.err
    assert project.content() == before
    assert project.run("keys", "unlock").code == 0
    project.environment.clear()
    assert project.run("keys", "remove", "ci").code == 0


def test_unlock_keeps_the_key_in_a_file(project: Project) -> None:
    project.seal(ONE)
    own = project.run("keys", "add", "ci", "--key").out
    project.environment.clear()
    result = project.run("keys", "unlock", SEALTAPE_KEY=own)
    assert result.code == 0
    assert project.key.text not in result.out
    assert project.run("show", ONE).code == 0


def test_init_finds_a_recipients_key_and_makes_none(project: Project) -> None:
    own = project.run("keys", "add", "ci", "--key").out
    project.environment.clear()
    result = project.run("init", SEALTAPE_KEY=own)
    assert result.code == 0
    assert f"the project's key {project.key.id} is here, in SEALTAPE_KEY" in result.out
    assert not (project.home / ".config").exists()


def test_init_does_not_pin_another_key_beside_a_keyring(project: Project) -> None:
    project.run("keys", "add", "ci", "--key")
    project.write("pyproject.toml", "")
    result = project.run("init")
    assert result.code == 3
    assert "this keyring belongs to no pinned key" in result.err


def test_a_kms_key_unlocks_the_project_and_is_needed_for_nothing_else(
    project: Project, moto_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    aws = {
        "AWS_ENDPOINT_URL_KMS": moto_url,
        "AWS_ACCESS_KEY_ID": "AKIA" + "IOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "invented",
    }
    client = boto3.client(
        "kms", "eu-central-1", endpoint_url=moto_url, aws_access_key_id="a", aws_secret_access_key="b"
    )
    arn = client.create_key()["KeyMetadata"]["Arn"]
    project.seal(ONE)
    ci = project.run("keys", "add", "ci", "--key").out
    with caplog.at_level(logging.DEBUG):
        assert project.run("keys", "add", "build", "--kms", arn, **aws).code == 0
    assert "not asked: sealtape keys unlock --kms" in project.run("keys", "list").out
    assert project.run("show", ONE, SEALTAPE_KEY=ci).code == 0  # no KMS, no AWS: another recipient
    rotated = project.run("keys", "rotate", "--reseal")  # offline
    assert rotated.code == 0
    shutil.rmtree(project.home / ".config")
    project.environment.clear()
    assert project.run("show", ONE, **aws).code == 3  # a replay never asks KMS
    with caplog.at_level(logging.DEBUG):
        unlocked = project.run("keys", "unlock", "--kms", **aws)
    assert unlocked.code == 0, unlocked.err
    assert "botocore" not in {record.name.split(".")[0] for record in caplog.records}
    assert project.run("show", ONE).code == 0


def test_a_kms_that_does_not_answer_is_told_with_what_to_check(project: Project, moto_url: str) -> None:
    arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    aws = {"AWS_ACCESS_KEY_ID": "AKIA" + "IOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "invented"}
    for url, why in ((moto_url, "NotFoundException"), ("http://127.0.0.1:9", "EndpointConnectionError")):
        given = {**aws, "AWS_ENDPOINT_URL_KMS": url, "AWS_MAX_ATTEMPTS": "1"}
        result = project.run("keys", "add", "build", "--kms", arn, **given)
        assert result.code == 3
        assert f"{arn}: AWS KMS does not encrypt here" in result.err
        assert why in result.err
    project.run("keys", "add", "ci", "--key")
    assert "no recipient is an AWS KMS key" in project.run("keys", "unlock", "--kms").err


@pytest.mark.parametrize("option", ["--passphrase", "--key"])
def test_no_secret_is_taken_from_the_command_line(project: Project, option: str) -> None:
    result = project.run("keys", "add", "x", option, WORDS)
    assert result.code == 2
    assert KEYRING_FILE not in project.files()
    assert project.run("keys", "add", "x", f"{option}={WORDS}").code == 2
    assert KEYRING_FILE not in project.files()


def test_a_passphrase_in_the_environment_is_taken_for_one_recipient_only(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.seal(ONE)
    monkeypatch.setattr(recipients, "passphrase", partial(recipients.passphrase, log_n=10))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"other {WORDS}\n"))
    added = project.run("keys", "add", "x", "--passphrase", SEALTAPE_PASSPHRASE=WORDS)
    assert (added.code, added.out) == (0, "")
    assert "the passphrase is that in SEALTAPE_PASSPHRASE" in added.err
    del project.environment["SEALTAPE_KEY"]
    project.environment["SEALTAPE_PASSPHRASE"] = WORDS
    assert project.run("keys", "add", "y", "--passphrase").code == 0
    assert project.run("show", ONE, SEALTAPE_PASSPHRASE=f"other {WORDS}").code == 0


def test_a_passphrase_is_asked_for_twice_and_not_echoed(project: Project) -> None:
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "keys", "add", "x", "--passphrase"],
        cwd=project.root, env=project.environ(), stdin=slave, stdout=slave, stderr=slave,
        start_new_session=True,  # or it would ask on the terminal that the tests run on
    ) as process:  # fmt: skip
        os.close(slave)
        printed = ""
        for prompt in ("passphrase: ", "Repeat for confirmation: "):
            while not printed.endswith(prompt) or termios.tcgetattr(master)[3] & termios.ECHO:
                printed += os.read(master, 4096).decode() if select.select([master], [], [], 0.1)[0] else ""
            os.write(master, f"{WORDS}\n".encode())
        while "commit sealtape-keyring.toml" not in printed:
            printed += os.read(master, 4096).decode()
        assert process.wait(60) == 0
    os.close(master)
    assert WORDS not in printed
    assert (
        project.run("keys", "list", SEALTAPE_KEY="", SEALTAPE_PASSPHRASE=WORDS).out.count("opens here") == 1
    )

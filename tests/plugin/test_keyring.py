"""A suite whose key comes from a keyring: it replays for recipients, and is locked for everybody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealtape.seal import Key, recipients
from sealtape.seal.keyring import KEYRING_FILE, Keyring, new_key, parse_key
from tests.plugin.projects import Project
from tests.servers import Service

WORDS = "correct horse " + "battery staple"


@pytest.fixture
def shared(tmp_path: Path, http: Service) -> Project:
    """A project with two recordings, whose keyring is wrapped for a passphrase and for a key."""
    (tmp_path / "project").mkdir()
    project = Project(tmp_path / "project")
    key = parse_key(project.key)
    project.write(
        {
            "pyproject.toml": f'[tool.sealtape]\nkey_id = "{key.id}"\n',
            "test_it.py": f"""
                import urllib.request
                import pytest

                @pytest.mark.vcr
                @pytest.mark.parametrize("path", ["json", "empty"])
                def test_it(path):
                    assert urllib.request.urlopen("{http.url}/" + path).status < 300
                """,
        }
    )
    assert project.record(http.url).code == 0
    own = Key(bytes(range(32)))
    holders = [recipients.passphrase("ci", WORDS, log_n=10), recipients.raw_key("own", own)]
    ring = Keyring.of(key, [holder.wrapping(key) for holder in holders], KEYRING_FILE)
    project.write({KEYRING_FILE: ring.text})
    http.asked.clear()
    return project


def test_a_recipient_replays(shared: Project, http: Service) -> None:
    for key, environment in ((None, {"SEALTAPE_PASSPHRASE": WORDS}), (Key(bytes(range(32))).text, {})):
        run = shared.replay(key=key, **environment)
        assert run.outcomes == {"passed": 2}, run.output
    assert http.asked == []


@pytest.mark.parametrize(("locked", "workers"), [("fail", "-n2"), ("skip", "-n0")])
def test_who_is_no_recipient_is_locked_and_told_once_what_to_do(
    shared: Project, http: Service, locked: str, workers: str
) -> None:
    run = shared.replay(f"--sealtape-locked={locked}", workers, key=None)
    assert (run.code == 0) == (locked == "skip")
    assert "passed" not in run.outcomes
    assert run.output.count("2 tests are locked and ") == run.output.count("there is no key here") == 1
    assert f"nothing on this machine opens {parse_key(shared.key).id}" in run.output
    assert "export SEALTAPE_PASSPHRASE=…" in run.output
    assert http.asked == []


def test_a_wrong_passphrase_or_a_swapped_keyring_is_told_once_and_never_goes_live_nor_records(
    shared: Project, http: Service
) -> None:
    before = shared.tapes()
    wrong = ("--record-mode=all", "--sealtape-locked=skip")
    run = shared.pytest(*wrong, key=None, SEALTAPE_PASSPHRASE="wrong " + WORDS)
    assert (run.code, run.outcomes) == (1, {"locked": 2})
    said = "2 tests are locked and failed: SEALTAPE_PASSPHRASE: the passphrase opens no entry of the keyring"
    assert said in run.output
    assert run.output.count("the passphrase opens no entry") == 1
    assert WORDS not in run.output
    theirs = new_key()
    shared.write({KEYRING_FILE: Keyring.of(theirs, [], KEYRING_FILE).text})
    run = shared.pytest(*wrong)
    assert (run.code, run.outcomes) == (1, {"locked": 2})
    assert run.output.count("another project's keyring, or was swapped") == 1
    assert shared.tapes() == before
    assert http.asked == []

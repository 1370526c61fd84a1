"""Rotating the key: what opens before, during and after, and that nothing is half done."""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from sealtape import store
from sealtape.errors import StoreUnwritable
from sealtape.interaction import Sealed
from sealtape.seal import read_clear
from sealtape.seal.key import Predecessor, new_key, parse_key
from sealtape.seal.keyring_file import KEYRING_FILE, Keyring, parse_keyring
from tests.cli.faults import failing_at, killed_copies
from tests.cli.project import ONE, POST, TWO, Project
from tests.servers import Service

THREE = "tests/cassettes/test_users/test_three.tape"
WORDS = "correct horse " + "battery staple"


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with three cassettes, one of them without clear words, and one that is pending."""
    project.seal(ONE)
    project.seal(TWO, POST, clear=False)
    project.seal(THREE + ".new", POST)
    return project


def pinned(project: Project) -> str:
    key_id: str = tomllib.loads(project.read("pyproject.toml"))["tool"]["sealtape"]["key_id"]
    return key_id


def sealed_with(project: Project) -> dict[str, str]:
    names = [name for name in project.files() if ".tape" in name]
    return {name: read_clear((project.root / name).read_bytes(), where=name).key_id for name in names}


def key_file(project: Project, key_id: str) -> Path:
    return project.home / ".config" / "sealtape" / "keys" / f"{key_id}.key"


def rotated(project: Project, *options: str) -> str:
    """Rotate and take the old key away, as the command says; return the new key's id."""
    result = project.run("keys", "rotate", *options)
    assert (result.code, result.err) == (0, "")
    told = "SEALTAPE_KEY holds the old key here: unset SEALTAPE_KEY" in result.out
    assert told == ("SEALTAPE_KEY" in project.environment)
    project.environment.clear()
    return pinned(project)


def test_a_new_key_takes_over_and_the_old_one_still_opens(recorded: Project) -> None:
    before = recorded.content()
    new = rotated(recorded)
    assert new != recorded.key.id
    after = recorded.content()
    assert {name for name in after if after[name] != before.get(name)} == {"pyproject.toml", KEYRING_FILE}
    assert parse_key(key_file(recorded, new).read_text()).id == new
    assert recorded.run("show", ONE).code == 0
    lint = recorded.run("lint", "tests/cassettes/test_users/test_one.tape")
    assert lint.code == 0, lint.out


def test_what_is_recorded_next_is_sealed_with_the_new_key(recorded: Project) -> None:
    new = rotated(recorded)
    (recorded.root / (THREE + ".new")).unlink()
    assert recorded.run("mv", ONE, THREE).code == 0
    assert sealed_with(recorded)[THREE] == new
    assert recorded.run("verify").code == 0


def test_reseal_rewrites_every_cassette_and_nothing_that_it_says(recorded: Project) -> None:
    said = {name: recorded.run("show", "--json", name).json for name in (ONE, TWO, THREE + ".new")}
    words = {name: (recorded.root / name).read_bytes().split(b'"sealed"')[1:] for name in said}
    new = rotated(recorded, "--reseal")
    assert set(sealed_with(recorded).values()) == {new}
    for name, before in said.items():
        after = recorded.run("show", "--json", name).json
        assert {**after, "key": 0} == {**before, "key": 0} or after["interactions"] == before["interactions"]
        assert len((recorded.root / name).read_bytes().split(b'"sealed"')[1:]) == len(words[name])
    assert b'"id"' not in (recorded.root / TWO).read_bytes()
    assert [name for name in recorded.files() if name.endswith(".tmp")] == []


def test_after_reseal_a_cassette_under_the_old_key_is_refused(recorded: Project) -> None:
    forged = recorded.seal(ONE).read_bytes()  # by somebody who kept the leaked key
    rotated(recorded, "--reseal")
    (recorded.root / (THREE + ".new")).unlink()
    recorded.write(ONE, forged)
    assert "is sealed with the key" in recorded.run("lint").out
    result = recorded.run("verify")
    assert result.code == 1
    assert "this cassette was sealed with a retired key" in result.out


def test_what_was_pending_is_accepted_and_sealed_with_the_new_key(recorded: Project) -> None:
    pending = recorded.root / (THREE + ".new")
    assert pending.exists()
    new = rotated(recorded)
    assert recorded.run("review").code == 1
    assert recorded.run("accept", "--all").code == 0
    assert not pending.exists()
    assert read_clear((recorded.root / THREE).read_bytes(), where=THREE).key_id == new
    assert "POST" in recorded.run("show", THREE).out


def test_what_was_pending_is_left_waiting_where_it_cannot_be_sealed_anew(recorded: Project) -> None:
    new = rotated(recorded)
    before = recorded.content()
    key_file(recorded, new).rename(recorded.home / "taken-away")
    without = recorded.run("accept", "--all")
    (recorded.home / "taken-away").rename(key_file(recorded, new))
    damaged = recorded.root / (THREE + ".new")
    whole = damaged.read_bytes()
    damaged.write_bytes(whole.replace(b'"status":201', b'"status":200'))
    edited = recorded.run("accept", "--all")
    damaged.write_bytes(whole)
    assert (without.code, edited.code) == (3, 3)
    assert "there is no key here" in without.err
    assert "this row was edited" in edited.err
    assert recorded.content() == before


def test_a_pending_recording_under_a_retired_key_is_not_accepted(recorded: Project) -> None:
    waiting = (recorded.root / (THREE + ".new")).read_bytes()
    rotated(recorded, "--reseal")
    recorded.write(THREE + ".new", waiting)
    before = recorded.content()
    result = recorded.run("accept", "--all")
    assert result.code == 3
    assert "sealed with a retired key" in result.err
    assert recorded.content() == before


def test_a_move_that_fails_after_a_rotation_leaves_the_cassettes_of_the_old_key(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotated(recorded)
    before = recorded.content()
    put, calls = store.put, 0

    def failing(staged: Path, path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise StoreUnwritable("the cassette could not be written", where=str(path))
        put(staged, path)

    with monkeypatch.context() as patch:
        patch.setattr(store, "put", failing)
        (recorded.root / "tests/cassettes/test_users").rename(recorded.root / "tests/cassettes/test_people")
        moved = recorded.content()
        result = recorded.run("mv", "tests/cassettes/test_users", "tests/cassettes/test_people")
    assert result.code == 3
    assert recorded.content() == moved
    assert sorted(moved.values()) == sorted(before.values())


def test_after_reseal_history_still_opens(recorded: Project) -> None:
    recorded.git("init", "-q")
    recorded.git("add", ".")
    recorded.git("commit", "-qm", "before")
    rotated(recorded, "--reseal")
    result = recorded.run("diff", f"HEAD:{ONE}", ONE)
    assert result.code == 0, result.err


def test_a_rotation_is_offline_and_takes_nobodys_secret(recorded: Project) -> None:
    own = recorded.run("keys", "add", "build", "--key").out.strip()
    assert recorded.run_process("keys", "add", "ci", "--passphrase", given=WORDS + "\n").code == 0
    new = rotated(recorded, "--reseal")
    shutil.rmtree(recorded.home / ".config")
    for environment in ({"SEALTAPE_KEY": own}, {"SEALTAPE_PASSPHRASE": WORDS}):
        assert recorded.run("show", ONE, **environment).code == 0
    assert recorded.run("show", ONE).code == 3
    assert recorded.run("keys", "list", SEALTAPE_KEY=own).out.count(new) == 1


def test_a_recipient_who_rotates_needs_no_key_file(recorded: Project) -> None:
    own = recorded.run("keys", "add", "build", "--key").out.strip()
    recorded.environment["SEALTAPE_KEY"] = own
    assert recorded.run("keys", "rotate", "--reseal").code == 0
    assert not (recorded.home / ".config").exists()
    assert recorded.run("show", ONE).code == 0


def test_a_removed_recipient_opens_nothing_that_comes_after(recorded: Project) -> None:
    own = recorded.run("keys", "add", "eve", "--key").out.strip()
    assert recorded.run("keys", "remove", "eve").code == 0
    rotated(recorded, "--reseal")
    shutil.rmtree(recorded.home / ".config")
    assert recorded.run("show", ONE, SEALTAPE_KEY=own).code == 3


def test_an_edited_recipient_is_not_wrapped_for(recorded: Project) -> None:
    recorded.run("keys", "add", "ci", "--key")
    text = recorded.read(KEYRING_FILE)
    theirs = recorded.run("keys", "add", "x", "--key")
    assert theirs.code == 0
    public = re.findall(r'public = "(.*)"', recorded.read(KEYRING_FILE))[1]
    recorded.write(KEYRING_FILE, re.sub(r'public = ".*"', f'public = "{public}"', text))
    before = recorded.content()
    result = recorded.run("keys", "rotate")
    assert result.code == 3
    assert "sealtape-keyring.toml recipient ci: this entry was edited" in result.err
    assert recorded.content() == before


def test_a_line_of_keys_grows_and_the_first_recording_still_replays(recorded: Project) -> None:
    first = recorded.key
    for _ in range(3):
        rotated(recorded)
    from sealtape.seal import load_key

    with pytest.MonkeyPatch.context() as patch:
        for name, value in recorded.environ().items():
            patch.setenv(name, value)
        key = load_key(pinned(recorded), root=recorded.root)
    assert len(key.older) == 3
    assert key.derive("stand-ins") == first.derive("stand-ins")


def test_one_cassette_that_does_not_open_stops_it_before_anything_changed(recorded: Project) -> None:
    recorded.write("tests/cassettes/test_users/test_zero.tape", (recorded.root / ONE).read_bytes()[:-9])
    before = recorded.content()
    result = recorded.run("keys", "rotate", "--reseal")
    assert result.code == 3
    assert "test_zero.tape" in result.err
    assert recorded.content() == before
    assert not (recorded.home / ".config").exists()


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_cassette_that_cannot_be_put_puts_all_others_back(
    recorded: Project, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    before = recorded.content()
    calls = 0

    def failing(staged: Path, path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise StoreUnwritable("the cassette could not be written", where=str(path))
        os.replace(staged, path)

    monkeypatch.setattr(store, "put", failing)
    result = recorded.run("keys", "rotate", "--reseal")
    assert result.code == 3
    assert "could not be written" in result.err
    assert recorded.content() == before
    assert list(key_file(recorded, "x").parent.iterdir()) == []


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
@pytest.mark.parametrize("options", [[], ["--reseal"]])
def test_whichever_system_call_fails_all_is_as_it_was_or_done(
    recorded: Project, fault: BaseException, options: list[str]
) -> None:
    before, undone = recorded.content(), 0
    for number in range(1, 100):
        with failing_at(number, fault) as seen:
            result = recorded.run("keys", "rotate", *options)
        assert result.code in (0, 3, 130), (number, seen, result.err)
        if result.code and pinned(recorded) == recorded.key.id:
            undone += 1
            assert recorded.content() == before, (number, seen)
            assert list(recorded.home.rglob("*.key")) == []
            continue
        # It was done already, or what failed did not matter.
        (recorded.root / (THREE + ".new")).unlink()
        assert recorded.run("verify", SEALTAPE_KEY="").code == 0, (number, seen)
        if len(seen) < number:
            break
        for name in recorded.files():
            (recorded.root / name).unlink()
        for name, data in before.items():
            recorded.write(name, data)
        shutil.rmtree(recorded.home / ".config")
    assert number > undone > (15 if options else 5)


@pytest.mark.parametrize("options", [[], ["--reseal"]])
def test_a_disk_that_fills_up_leaves_all_as_it_was_or_a_rotation_that_can_be_finished(
    recorded: Project, options: list[str]
) -> None:
    before, states = recorded.content(), set()
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    for number in range(1, 100):
        with failing_at(number, full, ("fsync",), lasting=True) as seen:
            result = recorded.run("keys", "rotate", *options)
        state = _state(recorded)
        states.add(state)
        if len(seen) < number:
            break
        if state == "as it was":
            assert "hint: df -h " in result.err
            assert recorded.content() == before
        elif state == "begun":
            assert recorded.run("keys", "rotate", "--reseal").code == 0
            break
    assert states == ({"as it was", "begun"} if options else {"as it was", "done"})


def test_who_rotates_or_adds_while_another_does_is_told_so(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.run("keys", "add", "ci", "--key")
    before = recorded.content()
    monkeypatch.setenv("XDG_CACHE_HOME", str(recorded.home / ".cache"))
    recorded.environment["XDG_CACHE_HOME"] = str(recorded.home / ".cache")
    with store.lock(recorded.root / KEYRING_FILE):
        monkeypatch.setattr(store, "lock", partial(store.lock, timeout=0))
        for command in (["rotate"], ["add", "x", "--key"], ["remove", "ci"]):
            result = recorded.run("keys", *command)
            assert result.code == 3
            assert "another process or thread is writing this file" in result.err
    assert recorded.content() == before


def test_what_cannot_be_put_back_keeps_the_key_that_opens_it(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(staged: Path, path: Path) -> None:
        if path.name == "test_two.tape":
            raise StoreUnwritable("the cassette could not be written", where=str(path))
        os.replace(staged, path)

    def refusing(path: Path, sealed: Sealed) -> bool:
        raise StoreUnwritable("nor could this", where=str(path))

    with monkeypatch.context() as patch:
        patch.setattr(store, "put", failing)
        patch.setattr(store, "write", refusing)
        assert recorded.run("keys", "rotate", "--reseal").code == 3
    assert "begun and not finished" in recorded.run("show", ONE).err
    new = rotated(recorded, "--reseal")
    assert set(sealed_with(recorded).values()) == {new}


def test_a_cassette_recorded_meanwhile_is_not_lost(
    recorded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged = store.stage

    def overtaken(path: Path, sealed: Sealed) -> Path:
        made = staged(path, sealed)
        if path.name == "test_one.tape" and recorded.key.id in path.read_text():
            monkeypatch.setattr(store, "stage", staged)
            recorded.seal(ONE, POST)
        return made

    monkeypatch.setattr(store, "stage", overtaken)
    rotated(recorded, "--reseal")
    assert "POST" in recorded.run("show", ONE).out


def test_a_rotation_that_is_killed_anywhere_is_as_it_was_or_finished_by_a_second_run(
    recorded: Project, tmp_path: Path
) -> None:
    states: set[str] = set()
    copies = killed_copies(recorded, tmp_path, "keys", "rotate", "--reseal")
    assert len(copies) > 15
    for moment, copy in enumerate(copies):
        state = _state(copy)
        states.add(state)
        if state != "done":
            again = copy.run("keys", "rotate", "--reseal")
            assert again.code == 0, (moment, again.err)
        copy.environment.clear()
        new = pinned(copy)
        assert set(sealed_with(copy).values()) == {new}, moment
        (copy.root / (THREE + ".new")).unlink()
        assert copy.run("verify").code == 0, moment
        assert f"{recorded.key.id}  an older key: opens git history only" in copy.run("keys", "list").out
    assert states == {"as it was", "begun", "done"}


def _state(project: Project) -> str:
    """Return what a killed rotation left, after making sure that nothing of it is in plain text or lost."""
    for name in project.files():
        assert b"built" not in (project.root / name).read_bytes()
        assert b"sealtape1_" not in (project.root / name).read_bytes()
    if pinned(project) != project.key.id:
        return "done"
    shown = [project.run("show", name) for name in (ONE, TWO)]
    if all(result.code == 0 for result in shown):
        assert set(sealed_with(project).values()) == {project.key.id}
        return "as it was"
    assert all("a rotation was begun and not finished" in result.err for result in shown)
    return "begun"


def test_a_keyring_that_only_claims_to_succeed_the_pinned_key_is_not_finished(recorded: Project) -> None:
    """Who has no key could otherwise have a recipient pin theirs."""
    own = recorded.run("keys", "add", "ci", "--key").out
    (ci,) = parse_keyring(recorded.read(KEYRING_FILE), KEYRING_FILE).recipients
    theirs, invented = new_key(), Predecessor(new_key())
    claim = SimpleNamespace(id=recorded.key.id, text=invented.key.text)
    line = theirs.after([cast(Predecessor, SimpleNamespace(key=claim, retired=False))])
    forged = Keyring.of(line, [replace(ci, wrapped="").wrapping(theirs)], KEYRING_FILE)
    recorded.write(KEYRING_FILE, forged.text)
    before = recorded.content()
    recorded.environment["SEALTAPE_KEY"] = own
    for options in ([], ["--reseal"]):
        result = recorded.run("keys", "rotate", *options)
        assert result.code == 3
        assert f"older key {recorded.key.id}: this entry was edited" in result.err
    assert recorded.content() == before


def test_without_a_pinned_key_there_is_nothing_to_rotate(bare: Project) -> None:
    result = bare.run("keys", "rotate")
    assert result.code == 2
    assert "hint: sealtape init" in result.err


def test_a_project_inside_the_project_is_left_alone(recorded: Project) -> None:
    inner, other = "packages/one/x.tape", new_key()
    recorded.write("packages/one/pyproject.toml", f'[tool.sealtape]\nkey_id = "{other.id}"\n')
    sealed = Project(recorded.root / "packages/one", recorded.home, other).seal("x.tape").read_bytes()
    rotated(recorded, "--reseal")
    assert (recorded.root / inner).read_bytes() == sealed


LOGIN = """
import json, os, sys, urllib.request as u
import sealtape
with sealtape.use_cassette("cassettes/login", record_mode=sys.argv[1]):
    body = json.dumps({"password": os.environ["DEPLOY_PASSWORD"]}).encode()
    print(u.urlopen(u.Request(sys.argv[2], body, {"Content-Type": "application/json"})).status)
"""


@pytest.mark.parametrize("options", [[], ["--reseal"]])
def test_a_request_that_holds_a_scrubbed_value_still_matches_after_a_rotation(
    project: Project, http: Service, options: list[str]
) -> None:
    def login(mode: str) -> str:
        environ = {**project.environ(), "DEPLOY_PASSWORD": "swordfish-" + "4711"}
        return subprocess.run(
            [sys.executable, "-c", LOGIN, mode, f"{http.url}/login"],
            cwd=project.root, env=environ, capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip

    assert login("once") == "200\n"
    assert "1 value scrubbed" in project.run("show", "cassettes/login.tape").out
    rotated(project, *options)
    assert login("none") == "200\n"
    assert len(http.asked) == 1

"""Keys: their text, where they are looked for, and that they never show."""

from __future__ import annotations

import copy
import os
import pickle
import stat
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

import sealtape
from sealtape.errors import KeyMalformed, KeyMissing, KeyringError, KeyWrong, SealtapeError
from sealtape.seal import Key, key_path, load_key, new_key, parse_key, primitives, write_key_file

SAMPLE_KEY = Path(__file__).parents[3] / "cassettes" / "SAMPLE_KEY"


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configuration folder of the user's, on every system."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "config"))
    return tmp_path / "config"


def shows(error: SealtapeError, key: Key) -> bool:
    """Whether ``error`` shows any part of the key's text."""
    body = key.text.removeprefix("sealtape1_")
    return any(body[at : at + 6] in str(error) for at in range(len(body) - 5))


class TestText:
    def test_a_key_comes_back_from_its_text(self, key: Key) -> None:
        assert parse_key(key.text) == key
        assert key.text.startswith("sealtape1_")
        assert len(key.text) == 58

    @pytest.mark.parametrize("around", ["{}\n", " {} ", '"{}"', "'{}'", '\t"{}"\r\n'])
    def test_white_space_and_quotes_around_a_key_are_ignored(self, key: Key, around: str) -> None:
        assert parse_key(around.format(key.text)) == key

    def test_new_keys_differ(self) -> None:
        assert new_key() != new_key()

    def test_every_mistyped_character_is_malformed_and_not_another_key(self, key: Key) -> None:
        for at in range(len(key.text)):
            mistyped = key.text[:at] + ("B" if key.text[at] != "B" else "C") + key.text[at + 1 :]
            with pytest.raises(KeyMalformed) as caught:
                parse_key(mistyped, "SEALTAPE_KEY")
            assert caught.value.where == "SEALTAPE_KEY"
            assert not shows(caught.value, key)

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda text: "", "it is empty"),
            (lambda text: text.removeprefix("sealtape1_"), "a key begins with sealtape1_"),
            (lambda text: text[:-1], "47 characters follow sealtape1_, and it should be 48"),
            (lambda text: text[:-1] + "=", "only letters, digits, - and _ may follow sealtape1_"),
            (lambda text: text[:-1] + "é", "only letters, digits, - and _ may follow sealtape1_"),
            (lambda text: text.swapcase().replace("SEALTAPE1", "sealtape1"), "its checksum does not fit"),
        ],
    )
    def test_a_malformed_key_says_what_is_wrong_without_its_value(
        self, key: Key, spoil: object, reason: str
    ) -> None:
        assert callable(spoil)
        with pytest.raises(KeyMalformed) as caught:
            parse_key(spoil(key.text))
        assert caught.value.why.startswith(reason)
        assert not shows(caught.value, key)

    @pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
    def test_a_key_of_another_length_is_malformed(self, length: int) -> None:
        with pytest.raises(KeyMalformed):
            Key(bytes(length))

    def test_the_sample_key_says_that_it_is_a_sample(self) -> None:
        sample = parse_key(SAMPLE_KEY.read_text(encoding="utf-8"))
        assert sample == Key(b"A sample key: it hides no secret")


class TestSecrecy:
    def test_a_key_shows_its_id_and_nothing_else(self, key: Key) -> None:
        assert repr(key) == str(key) == f"{key}" == f"<Key {key.id}>"
        assert not hasattr(key, "__dict__")

    def test_a_key_is_not_pickled(self, key: Key) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(key, protocol)

    def test_a_copy_of_a_key_is_the_key(self, key: Key) -> None:
        assert copy.copy(key) is copy.deepcopy([key])[0] is key

    def test_a_key_is_frozen(self, key: Key) -> None:
        with pytest.raises(AttributeError):
            key.id = "0" * 16
        with pytest.raises(AttributeError):
            del key.id

    def test_the_traceback_of_a_malformed_key_does_not_hold_its_text(
        self, key: Key, pytester: pytest.Pytester
    ) -> None:
        text = key.text[:-1] + "-"
        pytester.makepyfile("from sealtape.seal import load_key\ndef test_it():\n    load_key()\n")
        environment = pytest.MonkeyPatch()
        environment.setenv("SEALTAPE_KEY", text)
        environment.setenv("PYTHONPATH", str(Path(sealtape.__file__).parents[1]))
        try:
            result = pytester.runpytest_subprocess("--showlocals", "-p", "no:sealtape")
        finally:
            environment.undo()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*KeyMalformed: SEALTAPE_KEY: this is not a sealtape key*"])
        assert text[12:24] not in result.stdout.str()


class TestDerivation:
    def test_the_id_is_public_stable_and_tells_keys_apart(self, key: Key, other_key: Key) -> None:
        assert key.id == "0fcefac4a9cb5908"
        assert other_key.id != key.id

    def test_a_derived_value_depends_on_key_purpose_and_salt(self, key: Key, other_key: Key) -> None:
        values = {
            key.derive("stand-ins"),
            other_key.derive("stand-ins"),
            key.derive("digests"),
            key.derive("stand-ins", b"salt"),
        }
        assert len(values) == 4
        assert key.derive("stand-ins") == key.derive("stand-ins")
        assert {len(value) for value in values} == {32}

    def test_a_derived_value_is_as_long_as_asked(self, key: Key) -> None:
        assert len(key.derive("stand-ins", length=77)) == 77

    def test_without_aes_siv_no_key_is_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(key: bytes) -> None:
            raise UnsupportedAlgorithm("AES-SIV is not supported by this version of OpenSSL")

        monkeypatch.setattr(primitives, "AESSIV", missing)
        with pytest.raises(KeyringError, match="AES-SIV is not available here"):
            new_key()


class TestLoading:
    def test_the_variable_comes_first(self, key: Key, other_key: Key, tmp_path: Path) -> None:
        file = write_key_file(other_key, tmp_path / "other.key")
        environ = {"SEALTAPE_KEY": key.text, "SEALTAPE_KEY_FILE": str(file)}
        assert load_key(environ=environ) == key

    def test_an_empty_variable_is_no_key(self, key: Key) -> None:
        with pytest.raises(KeyMissing):
            load_key(key.id, {"SEALTAPE_KEY": " "})

    def test_the_key_file_of_the_pinned_id_is_found(self, key: Key, configuration: Path) -> None:
        path = write_key_file(key)
        assert path == key_path(key.id)
        assert path.name == f"{key.id}.key"
        assert path.is_relative_to(configuration)
        assert load_key(key.id, {}) == key

    def test_a_named_key_file_is_used(self, key: Key, tmp_path: Path) -> None:
        file = write_key_file(key, tmp_path / "deep" / "here.key")
        assert load_key(key.id, {"SEALTAPE_KEY_FILE": str(file)}) == key
        assert load_key(environ={"SEALTAPE_KEY_FILE": str(file)}) == key

    def test_no_key_at_all_is_missing_with_the_id_to_ask_for(self, key: Key) -> None:
        with pytest.raises(KeyMissing) as caught:
            load_key(key.id, {})
        assert key.id in caught.value.hint

    def test_without_a_pinned_id_no_file_is_guessed(self, key: Key) -> None:
        write_key_file(key)
        with pytest.raises(KeyMissing, match="sealtape init"):
            load_key(environ={})

    def test_a_key_file_that_is_not_there_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(KeyMissing):
            load_key(environ={"SEALTAPE_KEY_FILE": str(tmp_path / "none.key")})

    def test_a_folder_instead_of_a_key_file_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(KeyringError, match="cannot be used"):
            load_key(environ={"SEALTAPE_KEY_FILE": str(tmp_path)})

    def test_another_key_than_the_pinned_one_is_wrong(self, key: Key, other_key: Key) -> None:
        with pytest.raises(KeyWrong) as caught:
            load_key(key.id, {"SEALTAPE_KEY": other_key.text})
        assert key.id in str(caught.value)
        assert other_key.id in str(caught.value)
        assert not shows(caught.value, other_key)

    def test_a_wrong_variable_over_the_right_file_says_so(self, key: Key, other_key: Key) -> None:
        write_key_file(key)
        with pytest.raises(KeyWrong) as caught:
            load_key(key.id, {"SEALTAPE_KEY": other_key.text})
        assert caught.value.hint.startswith("unset SEALTAPE_KEY")

    def test_a_key_file_that_holds_another_key_is_wrong(self, key: Key, other_key: Key) -> None:
        file = write_key_file(other_key, key_path(key.id))
        with pytest.raises(KeyWrong) as caught:
            load_key(key.id, {})
        assert caught.value.where == str(file)

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
    def test_a_key_file_that_others_can_read_or_write_is_refused(self, key: Key, mode: int) -> None:
        file = write_key_file(key)
        file.chmod(mode)
        with pytest.raises(KeyringError) as caught:
            load_key(key.id, {})
        assert caught.value.hint == f"chmod 600 {file}"

    def test_a_binary_key_file_is_malformed(self, key: Key) -> None:
        file = write_key_file(key)
        file.write_bytes(os.urandom(5000))
        with pytest.raises(KeyMalformed) as caught:
            load_key(key.id, {})
        assert caught.value.where == str(file)

    @pytest.mark.parametrize("key_id", ["", "../../x", "0" * 15, "G" * 16])
    def test_what_is_no_key_id_names_no_file(self, key_id: str) -> None:
        with pytest.raises(KeyMalformed):
            key_path(key_id)


class TestWriting:
    def test_a_key_file_is_the_owners_alone(self, key: Key) -> None:
        path = write_key_file(key)
        assert path.read_text(encoding="utf-8") == f"{key.text}\n"
        if os.name == "posix":
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_writing_the_same_key_again_changes_nothing(self, key: Key) -> None:
        before = write_key_file(key).stat()
        assert write_key_file(key).stat().st_mtime_ns == before.st_mtime_ns

    @pytest.mark.parametrize("there", ["another key", "something else", "a folder"])
    def test_nothing_else_is_ever_overwritten(
        self, key: Key, other_key: Key, tmp_path: Path, there: str
    ) -> None:
        path = tmp_path / "k.key"
        if there == "a folder":
            path.mkdir()
        else:
            path.write_text(other_key.text if there == "another key" else "notes", encoding="utf-8")
        before = None if path.is_dir() else path.read_bytes()
        with pytest.raises(KeyringError):
            write_key_file(key, path)
        assert before is None or path.read_bytes() == before

    def test_a_folder_that_cannot_be_made_is_a_keyring_error(self, key: Key, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(KeyringError) as caught:
            write_key_file(key, tmp_path / "file" / "k.key")
        assert not shows(caught.value, key)

    def test_a_write_that_fails_leaves_no_half_key(
        self, key: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(KeyringError, match="no space left on device"):
            write_key_file(key, tmp_path / "k.key")
        assert list(tmp_path.iterdir()) == []

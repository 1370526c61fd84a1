from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from sealtape.errors import SettingsError
from sealtape.settings import Settings, age, load_settings


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text)
    return folder


def test_without_a_table_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(project(tmp_path, "[project]\nname='x'\n")) == Settings(root=tmp_path)


def test_the_nearest_table_upwards_holds(tmp_path: Path) -> None:
    project(tmp_path, "[tool.sealtape]\nunplayed = 'fail'\n")
    inner = tmp_path / "tests" / "cassettes"
    inner.mkdir(parents=True)
    (tmp_path / "tests" / "pyproject.toml").write_text("[tool.other]\n")
    settings = load_settings(inner)
    assert (settings.unplayed, settings.root) == ("fail", tmp_path)


def test_a_repository_inside_of_another_is_a_project_of_its_own(tmp_path: Path) -> None:
    project(tmp_path, "[tool.sealtape]\nunplayed = 'fail'\n")
    inner = tmp_path / "vendored"
    (inner / ".git").mkdir(parents=True)
    assert load_settings(inner / "tests") == Settings(root=inner)


def test_tables_within_are_read(tmp_path: Path) -> None:
    text = (
        "[tool.sealtape.sandbox]\naccounts = ['1']\nread_only = true\n[tool.sealtape.scrub]\nnames = ['x']\n"
    )
    settings = load_settings(project(tmp_path, text))
    assert settings.sandbox.accounts == ("1",)
    assert settings.sandbox.read_only
    assert settings.scrub.names == ("x",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.sealtape]\nunplaid = 'fail'\n", "unknown setting 'unplaid'"),
        ("[tool.sealtape.sandbox]\nacounts = ['1']\n", "rename it to 'accounts'"),
        ("[tool.sealtape]\nsandbx = {}\n", "rename it to 'sandbox'"),
        ("[tool.sealtape]\nunplayed = 'loud'\n", "it is one of ignore, warn, fail"),
        ("[tool.sealtape.sandbox]\naccounts = '1'\n", "must be a list of strings"),
        ("[tool.sealtape.sandbox]\nmax_calls = '5'\n", "must be a whole number"),
        ("[tool.sealtape.sandbox]\nmax_calls = true\n", "must be a whole number"),
        ("[tool.sealtape.sandbox]\nmax_calls = -1\n", "must not be negative"),
        ("[tool.sealtape]\nroot = '/x'\n", "unknown setting 'root'"),
        ("[tool.sealtape]\nscrub = 5\n", "this must be a table"),
        ("[tool]\nsealtape = 5\n", "is not a table"),
        ("[tool.sealtape\n", "cannot be read"),
        pytest.param("a = " + "[" * 5000, "cannot be read", id="deep"),
        pytest.param("a = " + "9" * 5000, "cannot be read", id="long number"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load_settings(project(tmp_path, text))
    assert "pyproject.toml" in str(caught.value)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALTAPE_UNPLAYED", "warn")
    assert load_settings(project(tmp_path, "[tool.sealtape]\nunplayed = 'fail'\n")).unplayed == "warn"


def test_a_wrong_value_in_the_environment_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALTAPE_UNPLAYED", "loud")
    with pytest.raises(SettingsError, match="SEALTAPE_UNPLAYED: 'unplayed' cannot be 'loud'"):
        load_settings(tmp_path)


def test_arguments_win_over_the_file_and_not_over_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = load_settings(project(tmp_path, "[tool.sealtape]\ndraws = 'real'\nclock = 'real'\n"))
    monkeypatch.setenv("SEALTAPE_CLOCK", "real")
    marked = settings.with_arguments("vcr", draws="seeded", clock="stand", repeats=None)
    assert (marked.draws, marked.clock, marked.repeats) == ("seeded", "real", "miss")


def test_a_wrong_argument_is_named_with_its_call() -> None:
    with pytest.raises(
        SettingsError, match=r"vcr\(draws=…\): 'draws' cannot be 'on': it is one of seeded, real"
    ):
        Settings().with_arguments("vcr", draws="on")


def test_options_win_over_everything_and_none_is_not_given(tmp_path: Path) -> None:
    settings = Settings(unplayed="warn").with_options(unplayed=None, locked="skip")
    assert (settings.unplayed, settings.locked) == ("warn", "skip")


def test_cassettes_are_named_by_their_place_in_the_project(tmp_path: Path) -> None:
    settings = Settings(root=tmp_path)
    path = tmp_path / "tests" / "cassettes" / "test_a" / "test_b[1.5].tape"
    assert settings.name_of(path) == "tests/cassettes/test_a/test_b[1.5]"


def test_outside_a_project_the_file_name_is_the_name(tmp_path: Path) -> None:
    assert Settings().name_of(tmp_path / "a.tape") == "a"
    assert Settings(root=tmp_path / "p").name_of(tmp_path / "a.tape") == "a"


def test_an_age_is_a_number_of_days_or_weeks(tmp_path: Path) -> None:
    assert load_settings(project(tmp_path, "[tool.sealtape]\nmax_age = '2w'\n")).max_age == "2w"
    assert age("2w") == timedelta(days=14)
    for wrong in ("2m", "-1d", "90", "1.5d"):
        with pytest.raises(SettingsError, match="is no age"):
            Settings().with_arguments("vcr", max_age=wrong)

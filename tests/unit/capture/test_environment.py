from __future__ import annotations

import os
from pathlib import Path

import pytest

from sealtape.capture.environment import changed_environment, replay_environment


def test_a_bare_machine_gets_credentials_and_a_region(tmp_path: Path) -> None:
    changes = replay_environment({"HOME": str(tmp_path)})
    assert set(changes) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"}


def test_what_the_machine_has_is_left_alone(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": "x", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert replay_environment(environ) == {}


def test_a_profile_that_does_not_exist_is_dropped(tmp_path: Path) -> None:
    changes = replay_environment({"HOME": str(tmp_path), "AWS_PROFILE": "gone", "AWS_REGION": "eu-west-1"})
    assert changes["AWS_PROFILE"] is None
    assert "AWS_ACCESS_KEY_ID" in changes


def config(home: Path, text: str) -> dict[str, str]:
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(text)
    return {"HOME": str(home)}


def test_a_profile_with_credentials_is_kept_with_its_region(tmp_path: Path) -> None:
    environ = config(tmp_path, "[profile here]\nregion = eu-west-1\nrole_arn = arn:aws:iam::1:role/x\n")
    assert replay_environment(environ | {"AWS_PROFILE": "here"}) == {}


def test_a_config_file_without_credentials_does_not_stand_for_some(tmp_path: Path) -> None:
    environ = config(tmp_path, "[default]\nregion = eu-west-3\n[profile work]\nrole_arn = x\n")
    assert set(replay_environment(environ)) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_the_region_of_other_sdks_is_taken_over(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "AWS_REGION": "eu-west-1"}
    assert replay_environment(environ)["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_a_broken_config_file_is_left_to_botocore(tmp_path: Path) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("no section\n")
    assert "AWS_DEFAULT_REGION" in replay_environment({"HOME": str(tmp_path)})


def test_changes_are_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALTAPE_TEST_A", "before")
    with changed_environment({"SEALTAPE_TEST_A": None, "SEALTAPE_TEST_B": "during"}):
        assert "SEALTAPE_TEST_A" not in os.environ
        assert os.environ["SEALTAPE_TEST_B"] == "during"
    assert os.environ["SEALTAPE_TEST_A"] == "before"
    assert "SEALTAPE_TEST_B" not in os.environ

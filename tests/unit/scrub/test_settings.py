"""What ``[tool.sealtape.scrub]`` adds, excepts and turns off."""

from __future__ import annotations

import json

import pytest

from sealtape.errors import SettingsError
from sealtape.interaction import Captured, HttpRequest, Interaction, Response, Scrubbed
from sealtape.scrub import Scrubber, find_residue
from sealtape.settings import ScrubSettings

TOKEN = "gh" + "p_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def interaction(answer: str) -> Interaction:
    return Interaction(
        HttpRequest("GET", "https://api.example.com/"), Response(200, "OK", (), answer.encode())
    )


def scrubbed(node: object, **settings: tuple[str, ...]) -> str:
    scrubber = Scrubber(ScrubSettings(**settings), bytes(32), environ={})
    outcome = scrubber.scrub([Captured(interaction(json.dumps(node)))])[0].interaction.outcome
    assert isinstance(outcome, Response)
    return outcome.body.decode()


def test_a_registered_value_goes_wherever_and_however_it_stands() -> None:
    answer = scrubbed(
        ["at build-seven.corp", "6275696c642d736576656e2e636f7270"], values=("build-seven.corp",)
    )
    assert "build-seven" not in answer
    assert "6275696c642d736576656e" not in answer


def test_a_kept_name_keeps_its_value_and_no_other() -> None:
    answer = scrubbed({"sort_token": "hunter2-Long3", "api_token": "hunter4-Long5"}, keep=("Sort-Token",))
    assert "hunter2-Long3" in answer
    assert "hunter4" not in answer


def test_adding_names_patterns_and_values_turns_no_built_in_rule_off() -> None:
    node = {"password": "hunter2-Long3", "note": TOKEN}
    answer = scrubbed(node, names=("x",), patterns=("corp-[0-9]+",), values=("v-alue-1",), keep=("x",))
    assert "hunter2" not in answer
    assert TOKEN not in answer


def test_a_rule_that_is_turned_off_leaves_what_only_it_finds() -> None:
    assert scrubbed({"note": TOKEN}, off=("service-token",)) == json.dumps({"note": TOKEN})
    assert "hunter2" in scrubbed({"password": "hunter2-Long3"}, off=("secret-name",))


def test_a_value_under_a_rule_that_is_off_goes_by_the_others() -> None:
    assert TOKEN not in scrubbed({"token": TOKEN}, off=("secret-name",))


def test_the_gate_does_not_go_by_a_rule_that_is_off() -> None:
    left = [Scrubbed(interaction(TOKEN))]
    assert find_residue(left, ScrubSettings())
    assert find_residue(left, ScrubSettings(off=("service-token",))) == []


def test_an_unknown_rule_cannot_be_turned_off() -> None:
    with pytest.raises(SettingsError, match="there is no rule 'emails'"):
        Scrubber(ScrubSettings(off=("emails",)), bytes(32))

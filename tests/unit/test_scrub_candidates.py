"""The lister of members that may hold secrets finds what nothing says so of."""

from __future__ import annotations

from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture(autouse=True)
def _tools_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(TOOLS)


def found(service: str, **members: object) -> list[str]:
    from scrub_candidates import candidates

    shapes: dict[str, dict[str, object]] = {
        "Text": {"type": "string"},
        "Marked": {"type": "string", "sensitive": True},
        "Choice": {"type": "string", "enum": ["A"]},
        "Number": {"type": "integer"},
        "Answer": {"type": "structure", "members": members},
    }
    return list(candidates(service, {"shapes": shapes}))


def test_a_member_whose_name_suggests_a_credential_or_a_payload_is_listed() -> None:
    members = {"AdminPassword": {"shape": "Text"}, "UserData": {"shape": "Text"}, "Size": {"shape": "Text"}}
    assert found("new", **members) == ["Answer.AdminPassword", "Answer.UserData"]


def test_what_is_marked_or_public_or_pages_through_lists_is_not_listed() -> None:
    members = {
        "Password": {"shape": "Marked"},
        "SecretKey": {"shape": "Choice"},
        "AccessToken": {"shape": "Number"},
        "NextAccessToken": {"shape": "Text"},
        "AuthToken": {"shape": "Text", "idempotencyToken": True},
    }
    assert found("new", **members) == []


def test_what_stands_in_the_tables_is_not_listed() -> None:
    from scrub_candidates import candidates

    members = {"SessionToken": {"shape": "Text"}}
    shapes = {"Text": {"type": "string"}, "Credentials": {"type": "structure", "members": members}}
    assert list(candidates("sts", {"shapes": shapes})) == []
    assert list(candidates("sts2", {"shapes": shapes})) == ["Credentials.SessionToken"]

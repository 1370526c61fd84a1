"""An OpenAPI document of a host serves as the model of its answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sealtape.drift import compare
from sealtape.drift.openapi import Api, apis, read_api
from sealtape.errors import SettingsError
from sealtape.settings import DriftSettings, Settings
from tests.unit.drift.recordings import http, recording

USER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "state": {"type": "string", "enum": ["on", "off"]},
        "seen": {"type": ["string", "null"], "format": "date-time"},
        "friends": {"type": "array", "items": {"$ref": "#/components/schemas/User"}},
        "roles": {"type": "object", "additionalProperties": {"type": "string", "enum": ["reader"]}},
    },
}
DOCUMENT = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://api.example.com/v1"}],
    "paths": {
        "/users/{id}": {"get": {"responses": {"200": {"$ref": "#/components/responses/User"}}}},
        "/users/~me": {"get": {"responses": {"2XX": {"content": {"text/plain": {}}}}}},
    },
    "components": {
        "responses": {
            "User": {
                "content": {
                    "application/json": {"schema": {"allOf": [{"$ref": "#/components/schemas/User"}]}}
                }
            }
        },
        "schemas": {"User": USER},
    },
}


def found(
    old: Any, new: Any, document: Any = DOCUMENT, path: str = "/v1/users/7"
) -> list[tuple[str, str, str]]:
    sides = (recording(http(path, answer)) for answer in (old, new))
    return [(f.id, f.kind, f.path) for f in compare(*sides, models={"api.example.com": Api(document)})]


def test_a_value_outside_the_documents_enum_is_told_from_one_inside() -> None:
    assert found({"state": "on"}, {"state": "off"}) == [("enum-value-changed", "enum-value", "state")]
    assert found({"state": "on"}, {"state": "lost"}) == [("enum-outside-model", "enum-value", "state")]
    before, after = ({"friends": [{"id": 1, "state": state}]} for state in ("on", "lost"))
    assert found(before, after) == [("enum-outside-model", "enum-value", "friends[].state")]
    one, other = ({"roles": {"ada": role}} for role in ("reader", "writer"))
    assert found(one, other) == [("enum-outside-model", "enum-value", "roles.ada")]


def test_a_time_is_one_where_the_document_says_so_whatever_it_looks_like() -> None:
    assert found({"seen": "today, early"}, {"seen": "yesterday"}) == []
    assert found({"name": "today, early"}, {"name": "yesterday"}) != []


def test_the_most_literal_path_is_taken_and_what_is_not_described_is_compared_by_looks() -> None:
    changed = {"state": "on"}, {"state": "lost"}
    assert found(*changed, path="/v1/users/~me") == [("value-changed", "value-changed", "state")]
    assert found(*changed, path="/v1/groups/7") == [("value-changed", "value-changed", "state")]
    sides = [recording(http("/v1/users/7", answer)) for answer in changed]
    assert [f.id for f in compare(*sides, models={"other.example.com": Api(DOCUMENT)})] == ["value-changed"]


def test_a_document_of_swagger_2_is_read_too() -> None:
    schema = {"properties": {"state": {"type": "string", "enum": ["on"]}}}
    document = {
        "swagger": "2.0",
        "basePath": "/v1",
        "paths": {"/users/{id}": {"get": {"responses": {"default": {"schema": schema}}}}},
    }
    assert found({"state": "on"}, {"state": "off"}, document)[0][0] == "enum-outside-model"


def test_a_schema_that_refers_to_itself_or_nowhere_says_nothing() -> None:
    for schema in (
        {"$ref": "#/components/schemas/Loop"},
        {"$ref": "#/nowhere"},
        {"oneOf": [{"$ref": "#/x"}]},
    ):
        document = {
            "paths": {
                "/v1/users/{id}": {
                    "get": {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}
                }
            },
            "components": {"schemas": {"Loop": {"$ref": "#/components/schemas/Loop"}}},
        }
        assert found({"state": "on"}, {"state": "off"}, document) == [
            ("value-changed", "value-changed", "state")
        ]


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_the_settings_name_a_document_for_each_host(tmp_path: Path, form: str) -> None:
    text = json.dumps(DOCUMENT) if form == "json" else "paths:\n  /a:\n    get: {}\n"
    (tmp_path / "api.txt").write_text(text)
    settings = Settings(root=tmp_path, drift=DriftSettings(openapi=(("API.example.com", "api.txt"),)))
    assert list(apis(settings)) == ["api.example.com"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("a: [", "neither JSON nor YAML"), ("[1]", "it has no paths"), (None, "no such file")],
)
def test_a_document_that_cannot_be_used_is_an_error(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    path = tmp_path / "api.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=complaint):
        read_api(path)

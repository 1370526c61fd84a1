"""An OpenAPI document of a host serves as the model of its answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealtape.drift import compare
from sealtape.drift.contract import contract
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


def of_schema(schema: Any, **schemas: Any) -> dict[str, Any]:
    answer = {"content": {"application/json": {"schema": schema}}}
    paths = {"/v1/users/{id}": {"get": {"responses": {"200": answer}}}}
    return {"paths": paths, "components": {"schemas": schemas}}


def test_schemas_that_multiply_by_referring_to_each_other_are_read_once_each() -> None:
    refer = {f"S{n}": {"allOf": [{"$ref": f"#/components/schemas/S{n + 1}"}] * 9} for n in range(40)}
    document = of_schema({"$ref": "#/components/schemas/S0"}, **refer, S40=USER)
    assert found({"state": "on"}, {"state": "lost"}, document)[0][0] == "enum-outside-model"


def test_aliases_that_multiply_are_shared_and_merged_ones_not_merged(tmp_path: Path) -> None:
    for join in ("{items: [%s]}", "{<<: [%s]}"):
        rows = ["n0: &n0 {type: object}"]
        rows += [f"n{n}: &n{n} " + join % ", ".join([f"*n{n - 1}"] * 9) for n in range(1, 60)]
        (tmp_path / "api.yaml").write_text("\n".join((*rows, "paths: {}")))
        assert list(read_api(tmp_path / "api.yaml").document["paths"]) == []


NAMES = (
    *("type", "properties", "items", "required", "allOf", "oneOf", "$ref", "enum", "additionalProperties"),
    *("schema", "content", "application/json", "get", "responses", "default", "200", "parameters", "in"),
    *("requestBody", "servers", "url", "basePath"),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(("#/paths", "object", "string", "a")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        )
    ),
)


@settings(deadline=None)
@given(anything, anything, anything)
def test_whatever_a_document_says_it_is_read_without_an_error(one: Any, two: Any, three: Any) -> None:
    for document in (
        of_schema(one, User=two),
        {"paths": {"/v1/users/7": one}, "servers": two, "basePath": three},
    ):
        sides = (recording(http("/v1/users/7", {"type": side, "properties": [1]})) for side in ("a", "b"))
        models = {"api.example.com": Api(document)}
        assert len(compare(*sides, models=models)) == 1
        contract(recording(http("/v1/users/7", {"type": [1], "a": {}})), models=models)


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
    chosen = Settings(root=tmp_path, drift=DriftSettings(openapi=(("API.example.com", "api.txt"),)))
    assert list(apis(chosen)) == ["api.example.com"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("a:\n  [\n", "neither JSON nor YAML, line 3"),
        ("[" * 5000, "neither JSON nor YAML"),
        ("a: " + "{a: " * 50_000 + "}" * 50_000, "neither JSON nor YAML"),
        ("[1]", "it has no paths"),
        (None, "no such file"),
    ],
)
def test_a_document_that_cannot_be_used_is_an_error(
    tmp_path: Path, content: str | None, complaint: str
) -> None:
    path = tmp_path / "api.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=complaint):
        read_api(path)

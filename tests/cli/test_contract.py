from __future__ import annotations

import json

import botocore
import jsonschema  # type: ignore[import-untyped]

from sealtape.interaction import AwsRequest, Interaction, Response, Scrubbed
from tests.cli.project import ONE, POST, TWO, Project


def table(**members: object) -> Scrubbed:
    answer = {"Table": {"TableName": "locks", **members}}
    request = AwsRequest("dynamodb", "DescribeTable", {"TableName": "locks"}, None, "eu-west-1", "", "json")
    return Scrubbed(Interaction(request, Response(200, "OK", (), json.dumps(answer).encode())))


def test_recordings_that_fit_the_installed_botocore_exit_with_0(project: Project) -> None:
    project.seal(ONE, table(), POST)
    result = project.run("contract")
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "no drift\nchecked 1 of 2 requests, each with its answer, in 1 cassette: "
        f"1 by botocore {botocore.__version__}; 1 without a model\n"
    )


def test_what_does_not_fit_is_a_line_a_fact_over_all_cassettes_and_exits_with_1(project: Project) -> None:
    project.seal(ONE, table(Novelty=1))
    project.seal(TWO, table(Novelty=2))
    result = project.run("contract", "tests")
    assert result.code == 1
    assert result.out.splitlines() == [
        'info      dynamodb.DescribeTable  Table.Novelty  unmodelled-member  nothing → "number"  '
        "2 responses in 2 tests",
        "1 fact: 1 info",
        "checked 2 of 2 requests, each with its answer, in 2 cassettes: "
        f"2 by botocore {botocore.__version__}",
    ]


def test_json_is_as_the_schema_of_diff_has_it_and_the_settings_rule(project: Project) -> None:
    project.set_up('[tool.sealtape.drift]\nunmodelled-member = "quiet"\n')
    project.seal(ONE, table(Novelty=1))
    result = project.run("contract", "--format", "json", ONE)
    assert (result.code, [f["severity"] for f in result.json["findings"]]) == (0, ["quiet"])
    jsonschema.validate(result.json, json.loads(project.run("contract", "--schema").out))


def test_a_cassette_that_cannot_be_opened_is_never_clean(project: Project) -> None:
    project.seal(ONE, table())
    project.write(TWO, project.read(ONE)[:300])
    result = project.run("contract")
    assert (result.code, result.out) == (3, "")
    assert TWO in result.err


def test_a_folder_without_cassettes_is_an_error(project: Project) -> None:
    (project.root / "empty").mkdir()
    result = project.run("contract", "empty")
    assert result.code == 2
    assert "there are no cassettes here" in result.err


def test_http_is_checked_against_the_openapi_document_of_its_host(project: Project) -> None:
    project.set_up('[tool.sealtape.drift.openapi]\n"api.example.com" = "api.yaml"\n')
    project.write("api.yaml", "openapi: 3.0.0\npaths:\n  /other: {get: {}}\n")
    project.seal(ONE, POST)
    result = project.run("contract")
    assert result.code == 1
    assert "unmodelled-operation" in result.out
    assert (
        "checked 1 of 1 request, each with its answer, in 1 cassette: 1 by 1 OpenAPI document" in result.out
    )


def test_a_fact_is_accepted_until_a_day_and_then_quiet(project: Project) -> None:
    project.seal(ONE, table(Novelty=1))
    (found,) = project.run("contract", "--format", "json").json["findings"]
    assert project.run("contract", "--accept", found["fingerprint"], "--for", "2w").code == 0
    assert project.run("contract").code == 0
    wrong = project.run("contract", "--accept", "0" * 16)
    assert (wrong.code, found["fingerprint"] in wrong.err) == (2, True)

from __future__ import annotations

import base64
import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from sealtape.interaction import HttpRequest, Interaction, Response, Scrubbed
from sealtape.seal.keyring import new_key
from tests.cli.project import BINARY, ONE, POST, PUT, REFUSED, Project


def shown(project: Project, *options: str) -> Any:
    result = project.run("show", "--json", *options, ONE)
    assert (result.code, result.err) == (0, "")
    return result.json


def test_json_tells_of_aws_calls_by_operation_and_parameters(project: Project) -> None:
    project.seal(ONE, PUT)
    assert shown(project) == {
        "format": 1,
        "name": ONE.removesuffix(".tape"),
        "key_id": project.key.id,
        "inputs": {"start": "", "draws": "real"},
        "interactions": [
            {
                "number": 1,
                "track": "aws",
                "service": "s3",
                "operation": "s3.PutObject",
                "parameters": {
                    "Bucket": "artifacts",
                    "Key": "build/1.txt",
                    "Body": {"$stream": True},
                    "Tag": {"$bytes": "AAE="},
                },
                "region": "eu-central-1",
                "request": {"caller": "", "protocol": "rest-xml", "body": {"text": "built\n"}},
                "status": 200,
                "reason": "OK",
                "broken": "",
                "headers": [["ETag", '"1"'], ["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]],
                "body": {"text": "<Result><Owner><ID>402938475610</ID></Owner></Result>"},
                "failure": None,
                "scrubbed": [
                    {
                        "rule": "account-id",
                        "place": "response.body.Result.Owner.ID",
                        "stand_in": "402938475610",
                        "count": 2,
                    }
                ],
            }
        ],
    }


def test_json_tells_of_http_requests_by_method_and_url_and_decodes_gzip_beside_the_wire_bytes(
    project: Project,
) -> None:
    project.seal(ONE, POST)
    (interaction,) = shown(project)["interactions"]
    assert (interaction["method"], interaction["url"]) == ("POST", "https://api.example.com/users?page=2")
    assert interaction["request"] == {"headers": [["Accept", "*/*"]], "body": {"text": '{"name":"ada"}'}}
    body = interaction["body"]
    response = POST.interaction.outcome
    assert isinstance(response, Response)
    assert base64.b64decode(body["base64"]) == response.body
    assert body["decoded"] == {"codings": ["gzip"], "text": '{"id":7,"tags":["x"]}'}


def test_json_holds_bytes_that_are_no_text_in_base64(project: Project) -> None:
    project.seal(ONE, BINARY)
    body = shown(project)["interactions"][0]["body"]
    assert base64.b64decode(body.pop("base64")) == bytes(range(256))
    assert body == {}


def test_json_of_a_call_without_response_has_a_failure_and_no_status(project: Project) -> None:
    project.seal(ONE, REFUSED)
    interaction = shown(project)["interactions"][0]
    assert interaction["failure"] == {"kind": "EndpointConnectionError", "message": "could not connect"}
    assert (interaction["status"], interaction["body"]) == (None, None)


def test_json_is_as_the_published_schema_has_it(project: Project) -> None:
    unusual = Response(200, "OK", version=10, url="https://api.example.com/there")
    led = Scrubbed(Interaction(HttpRequest("GET", "https://api.example.com/"), unusual))
    project.seal(ONE, PUT, POST, BINARY, REFUSED, led)
    schema = json.loads(project.run("show", "--schema").out)
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    document = shown(project)
    assert list(validator.iter_errors(document)) == []
    assert document["interactions"][4]["version"] == 10
    assert document["interactions"][4]["final_url"] == "https://api.example.com/there"
    # and the schema is not one that lets everything pass
    spoils: tuple[dict[str, Any], ...] = ({"surplus": 1}, {"track": "ftp"}, {"status": "200"}, {"body": {}})
    for spoil in spoils:
        spoilt = {**document, "interactions": [{**document["interactions"][0], **spoil}]}
        assert not validator.is_valid(spoilt)
    del document["interactions"][1]["method"]
    assert not validator.is_valid(document)


def test_one_interaction_can_be_asked_for(project: Project) -> None:
    project.seal(ONE, PUT, POST)
    assert [i["number"] for i in shown(project, "--interaction", "2")["interactions"]] == [2]
    result = project.run("show", "--interaction", "3", ONE)
    assert result.code == 2
    assert "there is no interaction 3: it holds 2" in result.err


def test_people_see_operations_statuses_bodies_laid_out_and_what_was_scrubbed(project: Project) -> None:
    project.seal(ONE, PUT, POST, BINARY, REFUSED)
    result = project.run("show", ONE)
    assert (result.code, result.err) == (0, "")
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert lines[0] == f"{ONE}  key {project.key.id} · 4 interactions · 2 values scrubbed"
    for line in (
        "  1 s3.PutObject  eu-central-1  → 200 OK",
        '        "Bucket": "artifacts",',
        "          <ID>402938475610</ID>",
        "      account-id  response.body.Result.Owner.ID  → 402938475610  ×2",
        "  2 POST api.example.com/users  → 201 Created",
        '        "name": "ada"',
        '        "id": 7,',
        "    body · 256 bytes · not text; --json has it in base64",
        "  4 sts.GetCallerIdentity  eu-central-1  → no response: EndpointConnectionError",
    ):
        assert line in lines


def test_the_suffix_may_be_left_out(project: Project) -> None:
    project.seal(ONE)
    assert project.run("show", ONE.removesuffix(".tape")).code == 0


def test_long_bodies_are_cut_unless_one_interaction_is_asked_for(project: Project) -> None:
    body = "".join(f"line {number}\n" for number in range(500)).encode()
    long = Scrubbed(Interaction(HttpRequest("GET", "https://example.com/"), Response(200, "OK", (), body)))
    project.seal(ONE, long)
    brief = project.run("show", ONE).out
    assert "line 39\n" in brief
    assert "line 40\n" not in brief
    assert f"… 460 more lines: sealtape show --interaction 1 {ONE}" in brief
    assert "line 499\n" in project.run("show", "--interaction", "1", ONE).out


def test_a_recorded_answer_cannot_drive_the_terminal(project: Project) -> None:
    hostile = Scrubbed(
        Interaction(
            HttpRequest("GET", "https://example.com/\x1b[2J"),
            Response(200, "\x1b[31mOK", (("X-\u009b", "\x07"),), '{"a": "\u202egnp.exe"}'.encode()),
        )
    )
    project.seal(ONE, hostile)
    out = project.run("show", ONE).out
    assert not any(char in out for char in "\x1b\x07\u009b\u202e")
    assert "\\x1b[31mOK" in out


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_cannot_be_opened_exits_with_3_and_prints_nothing(
    project: Project, options: tuple[str, ...]
) -> None:
    path = project.seal(ONE)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    truncated = project.run("show", *options, ONE)
    path.write_bytes(whole)
    missing = project.run("show", *options, "missing.tape")
    locked = project.run("show", *options, ONE, SEALTAPE_KEY="")
    other = project.run("show", *options, ONE, SEALTAPE_KEY=new_key().text)
    for result, said in (
        (truncated, "this cassette is not whole"),
        (missing, "there is no such cassette"),
        (locked, "there is no key here"),
        (other, "this is another key than the project's"),
    ):
        assert (result.code, result.out) == (3, "")
        assert said in result.err
        assert "\nhint: " in result.err


def test_outside_a_project_the_cassette_names_the_key_file(bare: Project) -> None:
    bare.environment["SEALTAPE_KEY"] = ""
    folder = bare.home / ".config" / "sealtape" / "keys"
    folder.mkdir(parents=True)
    file = folder / f"{bare.key.id}.key"
    file.write_text(bare.key.text)
    file.chmod(0o600)
    bare.seal("one.tape", name="one")
    assert bare.run("show", "one.tape").code == 0

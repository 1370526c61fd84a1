from __future__ import annotations

import json
from dataclasses import replace

import vcr.serialize
import yaml

from sealtape.interaction import Failure, HttpRequest, Interaction, Response, Scrubbed
from tests.cli.project import ONE, PUT, TWO, Project

URL = "https://api.example.com/users?page=1"
HEADERS = (("Set-Cookie", "a=1"), ("Date", "x"), ("Set-Cookie", "b=2"))


def get(body: bytes = b"{}", **changes: object) -> Scrubbed:
    response = replace(Response(200, "OK", HEADERS, body), **changes)  # type: ignore[arg-type]
    return Scrubbed(Interaction(HttpRequest("GET", URL, (("Accept", "*/*"),)), response))


BODIES = (
    b"",
    b"plain: '\\n",
    b"\xff\x00",
    "\u00fc\u2028\x85\U0001f600".encode(),
    b"\r\n\t\x1b[0m",
    b"\xef\xbb\xbfx",
)


def test_vcrpy_reads_what_was_exported_byte_by_byte(project: Project) -> None:
    project.seal(ONE, *map(get, BODIES))
    result = project.run("export", "tests")
    yaml_path = ONE.replace(".tape", ".yaml")
    assert (result.code, result.err) == (0, "")
    assert f"{ONE} -> {yaml_path}: 6 interactions\n1 exported\n" in result.out
    requests, responses = vcr.serialize.deserialize(project.read(yaml_path), vcr.serializers.yamlserializer)
    assert [response["body"]["string"] for response in responses] == list(BODIES)
    assert {(r.method, r.uri, r.headers["Accept"]) for r in requests} == {("GET", URL, "*/*")}
    assert responses[0]["headers"] == {"Set-Cookie": ["a=1", "b=2"], "Date": ["x"]}


def test_what_was_exported_is_imported_again_whatever_filters_made_of_its_lengths(project: Project) -> None:
    untrue = (("Content-Length", "99"), ("X-Kept", "1"))
    head = Scrubbed(Interaction(HttpRequest("HEAD", URL), Response(200, "OK", untrue)))
    project.seal(ONE, get(headers=untrue), head)
    assert project.run("export", "tests").code == 0
    (project.root / ONE).unlink()
    result = project.run("import", "tests")
    assert (result.code, result.err) == (0, "")
    headers = [one["headers"] for one in json.loads(project.run("show", "--json", ONE).out)["interactions"]]
    assert headers == [
        [["Content-Length", "2"], ["X-Kept", "1"]],
        [["Content-Length", "99"], ["X-Kept", "1"]],
    ]


def test_nothing_is_overwritten_and_the_same_is_left_alone(project: Project) -> None:
    project.seal(ONE, get())
    assert project.run("export", "--dry-run", "tests").out.endswith("1 could be exported\n")
    assert project.files("tests") == [ONE]
    project.run("export", "tests")
    assert "there already, 1 interaction" in project.run("export", "tests").out
    project.write(ONE.replace(".tape", ".yaml"), "mine: 1\n")
    result = project.run("export", "tests")
    assert result.code == 3
    assert "it is there already and holds something else, so nothing was overwritten" in result.out
    assert yaml.safe_load(project.read(ONE.replace(".tape", ".yaml"))) == {"mine": 1}


def test_what_vcrpy_cannot_keep_is_refused_by_name_and_the_rest_exported(project: Project) -> None:
    failed = Scrubbed(Interaction(HttpRequest("GET", URL), Failure("ConnectTimeout", "too late")))
    for number, one in enumerate((PUT, failed, get(broken="IncompleteRead"), get(reason="\udcff"))):
        project.seal(f"cassettes/{number}.tape", get(), one)
    project.seal(TWO, get())
    result = project.run("export", ".")
    assert result.code == 3
    assert "0.tape: refused: interaction 2, s3.PutObject, cannot be exported: an AWS call" in result.out
    assert (
        "1.tape: refused: interaction 2, GET api.example.com/users, cannot be exported: it failed"
        in result.out
    )
    assert (
        "2.tape: refused: interaction 2, GET api.example.com/users, cannot be exported: its body"
        in result.out
    )
    assert (
        "3.tape: refused: interaction 2, GET api.example.com/users, cannot be exported: it holds"
        in result.out
    )
    assert "1 exported, 4 refused" in result.out
    assert [name for name in project.files() if name.endswith(".yaml")] == [TWO.replace(".tape", ".yaml")]


def test_without_the_key_nothing_is_exported(project: Project) -> None:
    project.seal(ONE, get())
    result = project.run("export", ".", SEALTAPE_KEY="")
    assert (result.code, result.out) == (3, "")
    assert "there is no key here" in result.err

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sealtape.errors import (
    CassetteConflicted,
    CassetteError,
    CassetteMalformed,
    CassetteTooNew,
    CassetteTruncated,
)
from sealtape.importing.sources import Source, looks_like_one, read, tape_of
from sealtape.interaction import HttpRequest, Interaction, Response

VCRPY = """\
interactions:
- request:
    body: null
    headers:
      Authorization: !!binary |
        QmVhcmVyIGFiYw==
      X: [a, b]
    method: GET
    uri: https://api.example.com/users?page=2
  response:
    body:
      string: "caf\\u00E9\\r\\n"
    headers:
      Content-Length: ['7']
      Set-Cookie: [a=1, b=2]
    status: {code: 200, message: Fine}
version: 1
"""


def source(folder: Path, text: str | bytes, name: str = "a.yaml", **options: bool) -> Source:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, name, **options)


def one(folder: Path, text: str, name: str = "a.yaml") -> Interaction:
    (found,) = source(folder, text, name).interactions
    return found


def test_a_cassette_of_vcrpy_keeps_repeats_bytes_and_reason(tmp_path: Path) -> None:
    assert one(tmp_path, VCRPY) == Interaction(
        HttpRequest(
            "GET",
            "https://api.example.com/users?page=2",
            (("Authorization", "Bearer abc"), ("X", "a"), ("X", "b")),
        ),
        Response(
            200,
            "Fine",
            (("Content-Length", "7"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")),
            "café\r\n".encode(),
        ),
    )


def test_a_json_cassette_of_vcrpy_says_the_same(tmp_path: Path) -> None:
    item = {
        "request": {"method": "POST", "uri": "http://a.example.com/", "body": "x=1", "headers": {}},
        "response": {
            "status": {"code": 201, "message": "Created"},
            "headers": {"A": ["1"]},
            "body": {"string": "ok"},
        },
    }
    text = json.dumps({"version": 1, "interactions": [item]})
    assert one(tmp_path, text, "a.json") == Interaction(
        HttpRequest("POST", "http://a.example.com/", (), b"x=1"),
        Response(201, "Created", (("A", "1"),), b"ok"),
    )


def test_the_responses_that_the_httpx_stub_once_wrote_are_read(tmp_path: Path) -> None:
    text = VCRPY[: VCRPY.index("  response:")] + (
        "  response: {status_code: 200, http_version: HTTP/1.1, headers: {a: [b]}, content: hi}\nversion: 1\n"
    )
    assert one(tmp_path, text).outcome == Response(200, "", (("a", "b"),), b"hi")


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        (VCRPY.replace("version: 1", "version: 2"), CassetteTooNew, "version '2', which is not known"),
        (VCRPY.replace("version: 1", "version: '1.0'"), CassetteTooNew, "version '1.0'"),
        ("- request: {method: GET}\n  response: {}\n", CassetteMalformed, "python -m vcr.migration a.yaml"),
        ("http_interactions: []\n", CassetteMalformed, "Ruby"),
        ("jobs: [build]\n", CassetteMalformed, "no recording that can be imported"),
        ("interactions: {a: b}\n", CassetteMalformed, "no recording that can be imported"),
        ("", CassetteTruncated, "empty"),
        ("<<<<<<< HEAD\n" + VCRPY, CassetteConflicted, "conflict"),
        (VCRPY.replace("'7'", "'70'"), CassetteTruncated, "interaction 1 is not whole: its body has 7 bytes"),
        (VCRPY[: VCRPY.index("  response:")], CassetteMalformed, "interaction 1 cannot be understood"),
        (VCRPY.replace("https://api.example.com", "ftp://api"), CassetteMalformed, "no http or https URL"),
        (VCRPY.replace("code: 200", "code: OK"), CassetteMalformed, "no status code"),
        (VCRPY + "ws_interactions: [{}]\n", CassetteMalformed, "ws interactions"),
    ],
)
def test_what_is_no_whole_cassette_of_a_known_version_is_refused_by_name(
    tmp_path: Path, text: str, error: type[CassetteError], said: str
) -> None:
    with pytest.raises(error) as caught:
        source(tmp_path, text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("a.yaml: ")


@pytest.mark.parametrize("name", ["cassetter.yaml", "cassetter.toml"])
def test_cassettes_that_cassetter_wrote_are_read_in_both_forms(name: str) -> None:
    found = read(Path(__file__).with_name(name), name)
    assert found.tool == "cassetter"
    told = [(i.request.label, i.outcome) for i in reversed(found.interactions)]
    outcomes = {label: outcome for label, outcome in told if isinstance(outcome, Response)}
    assert outcomes["GET 127.0.0.1/binary"].body == bytes(range(256))
    assert outcomes["GET 127.0.0.1/gzip"].body == b'{"answer": 42}' * 20
    assert outcomes["GET 127.0.0.1/empty"].body == b""
    echoed = outcomes["POST 127.0.0.1/echo"]
    assert json.loads(echoed.body) == json.loads(
        '{"b": 1.0, "a": "2026-01-31", "yes": "no", "u": "é", "n": null, "f": 1e100, '
        '"big": 12345678901234567890, "t": "12:30:00", "o": "0o7"}'
    )
    assert ("content-length", str(len(echoed.body))) in echoed.headers


@pytest.mark.parametrize("name", ["cassetter.yaml", "cassetter.toml"])
def test_what_cassetter_has_filtered_out_of_a_request_is_told(name: str) -> None:
    (note,) = read(Path(__file__).with_name(name), name).notes
    assert "[FILTERED]" in note
    assert "filter_query_parameters" in note


def test_a_body_of_cassetter_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    text = Path(__file__).with_name("cassetter.yaml").read_text(encoding="utf-8")
    with pytest.raises(CassetteTruncated, match="hexadecimal"):
        source(tmp_path, text.replace("fdfeff", "fdfef"))


def test_a_json_body_of_cassetter_that_is_no_json_is_refused(tmp_path: Path) -> None:
    text = Path(__file__).with_name("cassetter.yaml").read_text(encoding="utf-8")
    with pytest.raises(CassetteMalformed, match="its body is no JSON"):
        source(tmp_path, text.replace("name: Grace", "name: !!binary AP8="))


def entry(**response: Any) -> dict[str, Any]:
    return {
        "request": {"method": "GET", "url": "https://a.example.com/x#top", "headers": []},
        "response": {"status": 200, "statusText": "OK", "headers": [], "content": {"size": 0}} | response,
    }


def har(folder: Path, *entries: dict[str, Any], version: str = "1.2") -> Source:
    return source(folder, json.dumps({"log": {"version": version, "entries": entries}}), "a.har")


def test_an_archive_of_chrome_loses_pseudo_headers_and_parts_joined_ones(tmp_path: Path) -> None:
    chrome = entry(
        statusText="",
        headers=[
            {"name": "content-encoding", "value": "br"},
            {"name": "content-length", "value": "12"},
            {"name": "set-cookie", "value": "a=1\nb=2"},
        ],
        content={"size": 4, "mimeType": "image/png", "text": "AAH+/w==", "encoding": "base64"},
    )
    chrome["request"] |= {
        "method": "POST",
        "headers": [{"name": ":authority", "value": "a.example.com"}, {"name": "accept", "value": "*/*"}],
        "postData": {"mimeType": "application/json", "text": '{"é": 1}'},
    }
    (found,) = har(tmp_path, chrome).interactions
    assert found == Interaction(
        HttpRequest("POST", "https://a.example.com/x", (("accept", "*/*"),), '{"é": 1}'.encode()),
        Response(
            200,
            "",
            (("content-length", "4"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
            b"\x00\x01\xfe\xff",
        ),
    )


def test_an_archive_of_firefox_is_read_in_its_character_set_and_its_forms_by_field(tmp_path: Path) -> None:
    firefox = entry(content={"size": 4, "mimeType": "text/html; charset=ISO-8859-1", "text": "café"})
    firefox["request"] |= {
        "method": "POST",
        "postData": {
            "mimeType": "application/x-www-form-urlencoded",
            "params": [{"name": "a", "value": "1 2"}, {"name": "b", "value": "&"}],
            "text": "",
        },
    }
    (found,) = har(tmp_path, firefox, version="1.1").interactions
    assert isinstance(found.request, HttpRequest)
    assert isinstance(found.outcome, Response)
    assert (found.request.body, found.outcome.body) == (b"a=1+2&b=%26", b"caf\xe9")


def test_entries_that_never_were_a_response_are_left_out_and_counted(tmp_path: Path) -> None:
    blocked, socket, inline = entry(status=0), entry(status=101), entry()
    inline["request"]["url"] = "data:image/png;base64,AA=="
    found = har(tmp_path, entry(), blocked, socket, inline)
    assert len(found.interactions) == 1
    assert found.notes == ("3 entries had no HTTP response and were left out",)


def test_an_archive_that_was_saved_without_content_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CassetteTruncated, match="the 7 bytes of its body were not saved"):
        har(tmp_path, entry(), entry(content={"size": 7, "mimeType": "text/plain"}))


def test_an_archive_of_another_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CassetteTooNew, match=r"HAR version '2\.0'"):
        har(tmp_path, entry(), version="2.0")


@pytest.mark.parametrize(
    ("name", "text", "is_one"),
    [
        ("a.yaml", VCRPY, True),
        ("a.yaml", "version: 1\ninteractions: !!python/name:os.system\n", True),
        ("a.yaml", "- request: {}\n", True),
        ("a.yaml", "jobs:\n  build:\n    interactions: 3\n", False),
        ("a.json", '{"version": 1, "interactions": []}', True),
        ("a.json", '{"log": {"entries": []}}', True),
        ("package.json", '{"name": "a", "version": "1.0.0"}', False),
        ("a.toml", "version = 1\n\n[[interactions]]\n", True),
        ("pyproject.toml", "[project]\n", False),
        ("a.har", "", True),
    ],
)
def test_a_file_that_nobody_named_is_taken_only_if_it_looks_like_a_recording(
    tmp_path: Path, name: str, text: str, is_one: bool
) -> None:
    (tmp_path / name).write_text(text)
    assert looks_like_one(tmp_path / name) is is_one


@pytest.mark.parametrize(
    ("name", "tape"),
    [
        ("test_a.yaml", "test_a.tape"),
        ("test_a[v1.2].yaml", "test_a[v1.2].tape"),
        ("a.b.json", "a.b.tape"),
    ],
)
def test_a_cassette_is_named_as_the_plugin_will_look_for_it(name: str, tape: str) -> None:
    assert tape_of(Path("cassettes/test_mod") / name) == Path("cassettes/test_mod") / tape

"""What vcrpy recorded, replayed by vcrpy from its file and by sealtape from the imported one."""

from __future__ import annotations

import contextlib
import http.client
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import vcr

import sealtape
from sealtape.importing.sealing import seal_into
from sealtape.importing.sources import read, tape_of
from sealtape.library import Library
from tests.servers import Service

Fact = tuple[Any, ...]


def fields(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return header fields as both must say them.

    Cookies are scrubbed, and old versions of vcrpy join them in a way of their own. vcrpy's own replay drops
    the transfer coding that its file holds, and its file names coding and length of a body that it has
    decoded.
    """
    return sorted(field for field in headers if field[0].lower() not in UNTRUE)


UNTRUE = ("set-cookie", "transfer-encoding", "content-encoding", "content-length")


PATHS = ("/json", "/gzip", "/binary", "/chunked", "/cookie", "/empty", "/redirect", "/count", "/count")


def by_requests(url: str) -> list[Fact]:
    facts: list[Fact] = []
    with requests.Session() as session:
        answers = [session.get(url + path) for path in PATHS]
        answers += [session.post(url + "/echo", data=data) for data in (b"\xff\x00", {"a": "1"}, "é")]
        answers += [session.post(url + "/echo", json={"n": 1}), session.head(url + "/json")]
        answers.append(session.get(url + "/gzip", stream=True))
        for answer in answers:
            facts.append((answer.status_code, answer.reason, fields(answer.headers.items()), answer.content))
        facts.append(("cookies", sorted(session.cookies.keys())))
    return facts


def by_httpx(url: str) -> list[Fact]:
    with httpx.Client(follow_redirects=True) as client:
        answers = [client.get(url + path) for path in PATHS] + [client.post(url + "/echo", json={"n": 1})]
        return [(a.status_code, a.reason_phrase, fields(a.headers.multi_items()), a.content) for a in answers]


def by_urllib(url: str) -> list[Fact]:
    facts: list[Fact] = []
    for path in PATHS:
        with urllib.request.urlopen(url + path) as answer:
            facts.append((answer.status, answer.reason, fields(answer.headers.items()), answer.read()))
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    with contextlib.closing(connection):
        connection.request("POST", "/echo", body=b"by hand")
        answer = connection.getresponse()
        return [*facts, (answer.status, answer.reason, answer.read())]


CLIENTS = [by_requests, by_httpx, by_urllib]


@pytest.mark.parametrize("serializer", ["yaml", "json"])
@pytest.mark.parametrize("decoded", [False, True], ids=["coded", "decoded"])
@pytest.mark.parametrize("client", CLIENTS)
def test_an_imported_cassette_answers_every_client_as_vcrpy_answered_it(
    client: Callable[[str], list[Fact]],
    decoded: bool,
    serializer: str,
    http: Service,
    tmp_path: Path,
    library: Library,
) -> None:
    if serializer == "json":
        # vcrpy's JSON cannot hold bytes that are no text.
        paths = tuple(path for path in PATHS if path not in ("/binary", "/gzip"))
        url, client = http.url, _on(paths)
    else:
        url = http.url
    plain = tmp_path / f"a.{serializer}"
    options = {"serializer": serializer, "decode_compressed_response": decoded}
    with vcr.use_cassette(str(plain), record_mode="all", **options):
        client(url)
    asked = len(http.asked)
    with vcr.use_cassette(str(plain), record_mode="none", **options):
        expected = client(url)
    seal_into(tape_of(plain), read(plain, "a").interactions, library, "a")
    with sealtape.use_cassette(tape_of(plain), record_mode="none") as cassette:
        assert client(url) == expected
    assert cassette.all_played
    assert len(http.asked) == asked


def _on(paths: tuple[str, ...]) -> Callable[[str], list[Fact]]:
    def ask(url: str) -> list[Fact]:
        answers = [requests.get(url + path) for path in paths]
        return [(a.status_code, a.reason, fields(a.headers.items()), a.content) for a in answers]

    return ask

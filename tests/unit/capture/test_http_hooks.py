"""vcrpy's hooks and filters do what vcrpy documents, whichever client sends."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from vcr.request import Request

import sealtape
from sealtape.capture.sandbox import is_loopback
from sealtape.cassette import Cassette
from sealtape.errors import Miss
from sealtape.interaction import HttpRequest, Response
from sealtape.seal.keyring import new_key
from tests.servers import Service
from tests.unit.capture.senders import SENDERS, Got


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)


@pytest.fixture(params=SENDERS)
def send(request: pytest.FixtureRequest) -> Callable[..., Got]:
    sender: Callable[..., Got] = SENDERS[request.param]
    return sender


def recorded(work: Callable[[], Any], **options: Any) -> tuple[list[HttpRequest], list[Response]]:
    """Record ``work`` under ``options`` and return what the cassette holds then."""
    with sealtape.use_cassette("a", **options):
        work()
    if not Path("a.tape").exists():
        return [], []
    with sealtape.use_cassette("a", record_mode="none") as cassette:
        return shown(cassette)


def shown(cassette: Cassette) -> tuple[list[HttpRequest], list[Response]]:
    pairs = [(one.request, one.outcome) for one in cassette.interactions]
    requests = [request for request, _ in pairs if isinstance(request, HttpRequest)]
    return requests, [outcome for _, outcome in pairs if isinstance(outcome, Response)]


def fields(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers}


def test_before_record_request_changes_or_drops_a_request(http: Service, send: Callable[..., Got]) -> None:
    def hook(request: Request) -> Request | None:
        if request.path == "/binary":
            return None
        request.uri = request.uri.replace("/json", "/renamed")
        return request

    def work() -> list[Got]:
        return [send("GET", http.url + "/json"), send("GET", http.url + "/binary")]

    requests, _ = recorded(work, before_record_request=hook)
    assert [request.url for request in requests] == [http.url + "/renamed"]
    http.asked.clear()
    with sealtape.use_cassette("a", record_mode="none", before_record_request=hook):
        work()
    assert [path for _, path in http.asked] == ["/binary"], "only what the hook drops is sent"


def test_before_record_response_changes_or_drops_a_response(http: Service, send: Callable[..., Got]) -> None:
    def hook(response: dict[str, Any]) -> dict[str, Any] | None:
        if response["status"]["code"] == 404:
            return None
        response["body"]["string"] = response["body"]["string"].replace(b"Grace", b"Ada Lovelace")
        return response

    def work() -> Got:
        send("GET", http.url + "/status/404")
        return send("GET", http.url + "/json")

    _, responses = recorded(work, before_record_response=hook)
    assert [json.loads(response.body)["name"] for response in responses] == ["Ada Lovelace"]
    with sealtape.use_cassette("a", record_mode="none", before_record_response=hook):
        # Longer than the Content-Length says, and whole.
        assert json.loads(send("GET", http.url + "/json").body)["name"] == "Ada Lovelace"


def test_before_record_response_sees_what_is_replayed(http: Service, send: Callable[..., Got]) -> None:
    recorded(lambda: send("GET", http.url + "/json"))

    def hook(response: dict[str, Any]) -> dict[str, Any]:
        response["status"] = {"code": 299, "message": "Hooked"}
        return response

    with sealtape.use_cassette("a", record_mode="none", before_record_response=hook):
        assert send("GET", http.url + "/json").status == 299


def test_filter_headers_removes_and_replaces(http: Service, send: Callable[..., Got]) -> None:
    headers = {"X-Removed": "one", "X-Replaced": "two", "X-Kept": "three"}
    requests, _ = recorded(
        lambda: send("GET", http.url + "/json", headers=headers),
        filter_headers=["x-removed", ("x-replaced", "instead")],
    )
    kept = fields(requests[0])
    assert "x-removed" not in kept
    assert (kept["x-replaced"], kept["x-kept"]) == ("instead", "three")


def test_filter_query_parameters_removes_and_replaces(http: Service, send: Callable[..., Got]) -> None:
    def work(value: str = "1") -> Got:
        return send("GET", f"{http.url}/json?gone={value}&other={value}&kept=3")

    options: dict[str, Any] = {"filter_query_parameters": ["gone", ("other", "x")]}
    requests, _ = recorded(work, **options)
    assert [request.url for request in requests] == [f"{http.url}/json?kept=3&other=x"]
    with sealtape.use_cassette("a", record_mode="none", **options):
        assert work("another").status == 200


def test_filter_post_data_parameters_removes_and_replaces(http: Service, send: Callable[..., Got]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def work(value: str = "1") -> Got:
        body = f"gone={value}&other={value}&kept=3".encode()
        return send("POST", http.url + "/echo", headers=form, body=body)

    options: dict[str, Any] = {"filter_post_data_parameters": ["gone", ("other", "x")]}
    requests, _ = recorded(work, **options)
    assert requests[0].body == b"other=x&kept=3"
    assert work().body == b"gone=1&other=1&kept=3", "what is sent is not filtered"
    with sealtape.use_cassette("a", record_mode="none", **options):
        assert work("another").status == 200


@pytest.mark.parametrize("options", [{"ignore_localhost": True}, {"ignore_hosts": ["127.0.0.1"]}])
def test_ignored_hosts_are_neither_recorded_nor_replayed(
    http: Service, send: Callable[..., Got], options: dict[str, Any]
) -> None:
    assert is_loopback(http.url)
    requests, _ = recorded(lambda: send("GET", http.url + "/json"), **options)
    assert requests == []
    http.asked.clear()
    with sealtape.use_cassette("a", record_mode="none", **options):
        assert send("GET", http.url + "/json").status == 200
    assert len(http.asked) == 1


def test_decode_compressed_response_keeps_plain_text(http: Service, send: Callable[..., Got]) -> None:
    _, responses = recorded(lambda: send("GET", http.url + "/gzip"), decode_compressed_response=True)
    assert json.loads(responses[0].body[:14]) == {"answer": 42}
    assert "content-encoding" not in {name.lower() for name, _ in responses[0].headers}
    with sealtape.use_cassette("a", record_mode="none"):
        assert send("GET", http.url + "/gzip").decoded.startswith(b'{"answer": 42}')


def test_without_it_a_compressed_response_stays_as_it_came(http: Service, send: Callable[..., Got]) -> None:
    _, responses = recorded(lambda: send("GET", http.url + "/gzip"))
    assert gzip.decompress(responses[0].body).startswith(b'{"answer": 42}')


def test_match_on_decides_which_request_is_answered(http: Service, send: Callable[..., Got]) -> None:
    recorded(lambda: send("GET", http.url + "/json?a=1"))
    with sealtape.use_cassette("a", record_mode="none", match_on=["method", "host", "path"]):
        assert send("GET", http.url + "/json?a=2").status == 200
    with pytest.raises(Miss), sealtape.use_cassette("a", record_mode="none", match_on=["method", "query"]):
        send("GET", http.url + "/json?a=2")


def test_allow_playback_repeats_answers_again(http: Service, send: Callable[..., Got]) -> None:
    recorded(lambda: send("GET", http.url + "/count"))
    with sealtape.use_cassette("a", record_mode="none", allow_playback_repeats=True):
        assert [send("GET", http.url + "/count").body for _ in range(3)] == [b'{"count": 1}'] * 3
    with pytest.raises(Miss), sealtape.use_cassette("a", record_mode="none"):
        [send("GET", http.url + "/count") for _ in range(2)]


class Patched:
    """What a user's own patch replaces."""

    word = "as it was"


@pytest.fixture
def _patched_back() -> Iterator[None]:
    yield
    assert Patched.word == "as it was"


@pytest.mark.usefixtures("_patched_back")
def test_custom_patches_hold_while_the_cassette_is_open() -> None:
    with sealtape.use_cassette("a", custom_patches=((Patched, "word", "as patched"),)):
        assert Patched.word == "as patched"

"""A cassette looks to vcrpy's users as vcrpy's own does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from vcr.cassette import Cassette as VcrCassette
from vcr.request import Request

import sealtape
from sealtape.seal.keyring import new_key
from tests.servers import Service

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# What a cassette of vcrpy's has, and what sealtape keeps otherwise: the file, and the way it is written.
OF_THE_FILE = {
    *("append", "can_play_response_for", "custom_patches", "drop_unused_requests", "filter_request"),
    *("find_requests_with_most_matches", "get_metadata", "load", "path", "play_response", "skip_patchers"),
    *("use", "use_arg_getter", "inject"),
}


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)


def test_every_name_of_vcrpys_cassette_is_there_or_known_to_be_about_the_file() -> None:
    theirs = {name for name in vars(VcrCassette("x", "y")) | vars(VcrCassette) if not name.startswith("_")}
    with sealtape.use_cassette("a") as cassette:
        missing = {name for name in theirs if not hasattr(cassette, name)}
    assert missing <= OF_THE_FILE


def test_what_is_recorded_is_seen_as_vcrpy_shows_it(http: Service) -> None:
    options: dict[str, Any] = {"filter_headers": ["x-secret"], "filter_post_data_parameters": ["pin"]}
    with sealtape.use_cassette("a", **options) as cassette:
        assert (len(cassette), cassette.dirty, cassette.all_played) == (0, False, True)
        requests.post(http.url + "/echo", data={"pin": "1", "kept": "2"}, headers={"X-Secret": "x", **FORM})
        ((request, response),) = cassette.data
        assert isinstance(request, Request)
        assert (request.method, request.uri, request.body) == ("POST", http.url + "/echo", b"kept=2")
        assert "x-secret" not in request.headers
        assert response["status"] == {"code": 200, "message": "OK"}
        assert response["body"]["string"] == b"pin=1&kept=2"
        assert all(isinstance(values, list) for values in response["headers"].values())
        assert (len(cassette), cassette.dirty) == (1, True)
        assert (cassette.play_count, cassette.all_played) == (0, False)
    # vcrpy leaves bodies as text once it has written them.
    assert cassette.responses[0]["body"]["string"] == "pin=1&kept=2"


def test_what_is_played_is_seen_with_what_the_code_sent(http: Service) -> None:
    def ask() -> None:
        requests.get(http.url + "/json", headers={"Cookie": "session=0c9f1d7ab26e"})

    with sealtape.use_cassette("a"):
        ask()
    with sealtape.use_cassette("a", record_mode="none") as cassette:
        assert "0c9f1d7ab26e" not in cassette.requests[0].headers["Cookie"], "a stand-in, before"
        ask()
        assert cassette.requests[0].headers["Cookie"] == "session=0c9f1d7ab26e"
        assert (cassette.play_count, dict(cassette.play_counts), cassette.all_played) == (1, {0: 1}, True)
        assert cassette.responses_of(cassette.requests[0]) == cassette.responses


def test_a_failure_is_recorded_and_not_seen(http: Service) -> None:
    with sealtape.use_cassette("a") as cassette:
        with pytest.raises(requests.ConnectionError):
            requests.get("http://127.0.0.1:9/")
        assert (len(cassette), cassette.dirty) == (0, True)


def test_a_cassette_is_rewound(http: Service) -> None:
    with sealtape.use_cassette("a"):
        requests.get(http.url + "/count")
        requests.get(http.url + "/count")
    with sealtape.use_cassette("a", record_mode="none") as cassette:
        counts = [requests.get(http.url + "/count").json()["count"] for _ in range(2)]
        cassette.rewind()
        assert cassette.play_count == 0
        assert [requests.get(http.url + "/count").json()["count"] for _ in range(2)] == counts


@pytest.mark.parametrize(("mode", "asked"), [("once", 1), ("new_episodes", 1), ("all", 2)])
def test_what_was_just_recorded_answers_again_where_repeats_are_allowed(
    http: Service, mode: str, asked: int
) -> None:
    with sealtape.use_cassette("a", record_mode=mode, allow_playback_repeats=True) as cassette:
        first = requests.get(http.url + "/count").json()
        again = requests.get(http.url + "/count").json()
        assert (first == again) is (asked == 1)
        assert (len(cassette), cassette.play_count) == (asked, 2 - asked)
    assert len(http.asked) == asked


def test_without_that_option_an_equal_request_is_recorded_again(http: Service) -> None:
    with sealtape.use_cassette("a", repeats="last") as cassette:
        assert requests.get(http.url + "/count").json() != requests.get(http.url + "/count").json()
        assert len(cassette) == 2


def test_a_decorated_function_is_given_the_cassette_where_it_asks_for_it(http: Service) -> None:
    @sealtape.use_cassette("a", inject_cassette=True)
    def work(cassette: Any, path: str) -> int:
        requests.get(http.url + path)
        return len(cassette)

    assert work("/json") == 1  # type: ignore[call-arg]  # the decorator gives the other

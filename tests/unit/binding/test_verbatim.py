"""Requests that are looked up as they are: the answers are those that a look at everything would give."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.capture.asking import ask
from sealtape.cassette import Cassette
from sealtape.errors import Miss
from sealtape.interaction import HttpRequest, Response
from sealtape.modes import NEW_EPISODES
from tests.unit.binding.cassettes import answered, cassette, fetched, opened, scrubber

PLAIN = (("Accept", "*/*"),)


def get(path: str, *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("GET", f"https://api.example.com{path}", (*PLAIN, *headers))


def body(tape: Cassette, request: HttpRequest) -> str:
    """Return what a client gets."""
    asked = ask(tape, request)
    assert asked is not None
    assert isinstance(asked.outcome, Response)
    return asked.outcome.body.decode()


def looked_up(tape: Cassette, request: HttpRequest) -> str | None:
    """Return what is found without a look at everything."""
    outcome = tape.verbatim(request)
    return outcome.body.decode() if isinstance(outcome, Response) else None


def test_what_was_recorded_as_it_is_is_looked_up_once_its_header_fields_are_known() -> None:
    tape = cassette(*(answered(get("/a"), str(n)) for n in range(3)), answered(get("/b"), "b"))
    assert looked_up(tape, get("/a")) is None
    assert body(tape, get("/a")) == "0"
    assert [looked_up(tape, get("/a")) for _ in range(3)] == ["1", "2", None]
    assert looked_up(tape, get("/c")) is None
    assert [left.interaction.request for left in tape.unplayed()] == [get("/b")]


@given(st.lists(st.sampled_from(["/a", "/b", "/a?x=1&y=2", "/a?y=2&x=1", "/c"]), max_size=12))
def test_it_is_answered_as_by_a_look_at_everything(paths: Sequence[str]) -> None:
    recorded = scrubber().scrub([answered(get(path), f"{n} {path}") for n, path in enumerate(paths)])
    quick, slow = opened(recorded), opened(recorded)
    for path in reversed(paths):
        request = get(path)
        expected = slow.answer(request)
        assert isinstance(expected, Response)
        assert body(quick, request) == expected.body.decode()
    assert quick.unplayed() == slow.unplayed() == []


def test_a_secret_that_a_header_field_holds_comes_back_though_the_url_is_as_recorded() -> None:
    token = "tk" + "9fK2mQ7xW4vB1nZ8"
    tape = cassette(
        answered(get("/a"), "a"), answered(get("/me", ("X-Api-Key", token)), f"your key is {token}")
    )
    assert body(tape, get("/a")) == "a"
    assert body(tape, get("/me", ("X-Api-Key", token))) == f"your key is {token}"


def test_a_name_that_stands_for_another_is_not_looked_up_as_it_is() -> None:
    one, two, other = (str(uuid.UUID(int=n * 7**30, version=4)) for n in (3, 5, 9))
    tape = cassette(
        answered(get("/a"), "a"),
        answered(fetched("PUT", f"https://api.example.com/{one}", {"is": "one"}), "made"),
        answered(fetched("PUT", f"https://api.example.com/{two}", {"is": "two"}), "made"),
        answered(get(f"/{one}"), "one"),
        answered(get(f"/{two}"), "two"),
    )
    assert body(tape, get("/a")) == "a"
    assert body(tape, fetched("PUT", f"https://api.example.com/{other}", {"is": "two"})) == "made"
    # What was the first one's name is now the second's.
    assert looked_up(tape, get(f"/{one}")) is None
    assert body(tape, get(f"/{other}")) == "two"


def test_a_body_is_compared_as_what_it_is() -> None:
    url = "https://api.example.com/a"
    tape = cassette(answered(get("/a"), "got"), answered(fetched("POST", url, {"x": 1}), "posted"))
    assert body(tape, get("/a")) == "got"
    assert looked_up(tape, HttpRequest("POST", url, PLAIN)) is None
    with pytest.raises(Miss):
        tape.answer(HttpRequest("POST", url, PLAIN))
    assert body(tape, fetched("POST", url, {"x": 1})) == "posted"
    tape = cassette(answered(get("/b"), "got"), answered(HttpRequest("POST", url, PLAIN), "posted"))
    assert body(tape, get("/b")) == "got"
    assert looked_up(tape, HttpRequest("POST", url, PLAIN, b"x")) is None


def test_of_what_may_be_recorded_nothing_is_looked_up() -> None:
    recorded = scrubber().scrub([answered(get("/a"), str(n)) for n in range(2)])
    tape = opened(recorded, mode=NEW_EPISODES)
    assert body(tape, get("/a")) == "0"
    assert looked_up(tape, get("/a")) is None

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
from sealtape.interaction import AwsRequest, HttpRequest, Request, Response
from sealtape.modes import NEW_EPISODES
from tests.unit.binding.cassettes import answered, asked, cassette, fetched, opened, scrubber, text

PLAIN = (("Accept", "*/*"),)


def get(path: str, *headers: tuple[str, str]) -> HttpRequest:
    return HttpRequest("GET", f"https://api.example.com{path}", (*PLAIN, *headers))


def body(tape: Cassette, request: HttpRequest) -> str:
    """Return what a client gets."""
    asked = ask(tape, request)
    assert asked is not None
    assert isinstance(asked.outcome, Response)
    return asked.outcome.body.decode()


def looked_up(tape: Cassette, request: Request) -> str | None:
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


KEY_ID = "AKIA" + "Q7XW4VB1NZ8M2K9F"


def called(
    key: str = "a", caller: str = KEY_ID, region: str = "eu-west-1", body: bytes | None = None
) -> Request:
    return AwsRequest("s3", "GetObject", {"Bucket": "example", "Key": key}, body, region, caller, "rest-xml")


def test_a_call_that_was_recorded_as_it_is_is_looked_up_whoever_calls_from_wherever() -> None:
    recorded = scrubber().scrub([answered(called(), str(n)) for n in range(2)])
    tape = opened(recorded)
    assert [looked_up(tape, called()) for _ in range(3)] == ["0", "1", None]
    tape = opened(recorded)
    other = called(caller="AKIA" + "2222222222222222", region="us-east-1")
    assert [looked_up(tape, other) for _ in range(3)] == ["0", "1", None]


def test_two_callers_do_not_answer_for_each_other() -> None:
    other = "AKIA" + "B1NZ8M2K9FQ7XW4V"
    tape = cassette(answered(called(), "mine"), answered(called(caller=other), "yours"))
    assert looked_up(tape, called(caller=other)) == "yours"
    assert looked_up(tape, called(caller=other)) is None
    assert looked_up(tape, called()) == "mine"


def test_who_calls_gets_the_own_key_back() -> None:
    tape = cassette(answered(called(), f"made by {KEY_ID}"))
    assert looked_up(tape, called()) == f"made by {KEY_ID}"


def test_another_key_or_payload_is_looked_into() -> None:
    tape = cassette(answered(called(body=b"x"), "x"))
    assert looked_up(tape, called(key="b", body=b"x")) is None
    assert looked_up(tape, called(body=b"y")) is None
    assert looked_up(tape, called(body=b"x")) == "x"


def test_a_call_that_names_an_account_or_holds_a_secret_is_looked_into() -> None:
    arn = "arn:aws:sns:eu-west-1:{}:news".format
    password = "hunter" + "2-Zx81-Qw72"
    there, here = (
        asked("sns.Publish", TopicArn=arn("210987654321")),
        asked("sns.Publish", TopicArn=arn("1098" * 3)),
    )
    changed = asked("rds.ModifyDBInstance", MasterUserPassword=password)
    tape = cassette(answered(there, arn("210987654321")), answered(changed, f"is {password}"))
    assert looked_up(tape, here) is None
    assert "210987654321" not in text(tape, here)
    assert looked_up(tape, changed) is None
    assert text(tape, changed) == f"is {password}"

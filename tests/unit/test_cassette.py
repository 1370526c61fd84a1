"""One open cassette: playing, recording, and explaining what it cannot answer."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sealtape.capture.current import entered
from sealtape.capture.sandbox import Sandbox
from sealtape.cassette import Cassette, expect_miss
from sealtape.errors import Miss, SandboxRefused, Unplayed
from sealtape.interaction import (
    AwsRequest,
    Captured,
    HttpRequest,
    Interaction,
    Recording,
    Request,
    Response,
    Scrubbed,
)
from sealtape.modes import NEW_EPISODES, NONE, ONCE, Mode
from sealtape.scrub.scrubber import Scrubber
from sealtape.settings import SandboxSettings, ScrubSettings

KEY = bytes(range(32))


def call(
    operation: str = "ListQueues", region: str = "eu-west-1", caller: str = "", **parameters: Any
) -> AwsRequest:
    return AwsRequest("sqs", operation, parameters, region=region, caller=caller)


def answered(request: Request, body: bytes) -> Captured:
    return Captured(Interaction(request, Response(200, "OK", (), body)))


def scrubber(recording: Sequence[Scrubbed] = ()) -> Scrubber:
    removals = [removal for scrubbed in recording for removal in scrubbed.removals]
    return Scrubber(ScrubSettings(), KEY, removals=removals, environ={})


def cassette(*captured: Captured, mode: Mode = NONE, repeats: str = "miss") -> Cassette:
    """Open a cassette that holds ``captured``, scrubbed."""
    scrubbed = scrubber().scrub(captured)
    recording = Recording("00" * 16, "name", scrubbed) if captured else None
    return Cassette(
        recording,
        where="a.tape",
        mode=mode,
        scrubber=lambda: scrubber(scrubbed),
        sandbox=Sandbox(SandboxSettings()),
        repeats=repeats,
    )


def body(tape: Cassette, request: Request) -> bytes:
    outcome = tape.answer(request)
    assert isinstance(outcome, Response)
    return outcome.body


def test_equal_requests_are_answered_in_recorded_order() -> None:
    tape = cassette(*(answered(call(), str(n).encode()) for n in range(3)))
    assert [body(tape, call()) for _ in range(3)] == [b"0", b"1", b"2"]


def test_different_requests_are_answered_in_any_order() -> None:
    tape = cassette(answered(call(Prefix="aa"), b"a"), answered(call(Prefix="bb"), b"b"))
    assert body(tape, call(Prefix="bb")) == b"b"
    assert body(tape, call(Prefix="aa")) == b"a"


def test_two_regions_never_answer_for_each_other() -> None:
    tape = cassette(answered(call(region="eu-west-1"), b"eu"), answered(call(region="us-east-1"), b"us"))
    assert body(tape, call(region="us-east-1")) == b"us"
    with pytest.raises(Miss, match=r"recorded for another region \(us-east-1 here, eu-west-1 recorded\)"):
        tape.answer(call(region="us-east-1"))
    assert body(tape, call(region="eu-west-1")) == b"eu"


def test_two_callers_never_answer_for_each_other() -> None:
    first, second = "AKIA" + "A" * 16, "AKIA" + "B" * 16
    tape = cassette(answered(call(caller=first), b"1"), answered(call(caller=second), b"2"))
    assert body(tape, call(caller=second)) == b"2"
    assert body(tape, call(caller=first)) == b"1"


def test_one_other_region_and_caller_for_all_calls_match() -> None:
    here = "AKIA" + "A" * 16
    tape = cassette(
        answered(call(caller=here, Arn="arn:aws:sqs:eu-west-1:210987654321:q"), b"1"),
        answered(call(caller=here, Prefix="bb"), b"2"),
    )
    arn = "arn:aws:sqs:ap-south-1:876543210987:q"
    there = "AKIA" + "Z" * 16
    assert body(tape, call(caller=there, region="ap-south-1", Arn=arn)) == b"1"
    assert body(tape, call(caller=there, region="ap-south-1", Prefix="bb")) == b"2"


def test_a_played_out_request_is_a_miss_that_counts() -> None:
    tape = cassette(answered(call(), b"1"))
    tape.answer(call())
    with pytest.raises(Miss, match="is played out: it was recorded once"):
        tape.answer(call())


@pytest.mark.parametrize(("repeats", "bodies"), [("last", b"1222"), ("cycle", b"1212")])
def test_repeats_answer_what_is_played_out(repeats: str, bodies: bytes) -> None:
    tape = cassette(answered(call(), b"1"), answered(call(), b"2"), repeats=repeats)
    assert b"".join(body(tape, call()) for _ in range(4)) == bodies


def test_without_a_file_the_miss_says_how_to_record() -> None:
    with pytest.raises(Miss, match=r"never recorded: there is no such cassette\nhint: .*--record-mode=once"):
        cassette().answer(call())


def test_a_miss_is_kept_until_somebody_was_told() -> None:
    tape = cassette()
    with pytest.raises(Miss):
        tape.answer(call())
    assert len(tape.take_misses()) == 1
    assert tape.take_misses() == []


def test_once_without_a_file_records_and_with_one_does_not() -> None:
    assert cassette(mode=ONCE).answer(call()) is None
    with pytest.raises(Miss):
        cassette(answered(call(), b"1"), mode=ONCE).answer(call(Prefix="new"))


def test_new_episodes_plays_what_it_has_and_sends_the_rest() -> None:
    tape = cassette(answered(call(), b"1"), mode=NEW_EPISODES)
    assert body(tape, call()) == b"1"
    assert tape.answer(call()) is None


def test_a_stand_in_is_never_sent_to_a_real_provider() -> None:
    token = "tok-" + "5f0c9c1be7a84d25b3a1"
    login = HttpRequest("POST", "http://127.0.0.1/login")
    tape = cassette(answered(login, b'{"access_token": "%s"}' % token.encode()), mode=NEW_EPISODES)
    outcome = tape.answer(login)
    assert isinstance(outcome, Response)
    stand_in = outcome.body.split(b'"')[3].decode()
    assert stand_in != token
    headers = (("Authorization", f"Bearer {stand_in}"),)
    with pytest.raises(SandboxRefused, match="is a stand-in"):
        tape.answer(HttpRequest("GET", "http://127.0.0.1/new", headers))


def test_a_secret_learned_late_is_gone_from_earlier_interactions() -> None:
    secret = "s3cret-" + "value-0001"
    tape = cassette(mode=ONCE)
    request = HttpRequest("POST", "http://127.0.0.1/note", (("Content-Type", "text/plain"),), secret.encode())
    tape.record(request, lambda: Response(200, "OK"))
    tape.learn(secret, "registered-value")
    (scrubbed,) = tape.finished()
    assert secret.encode() not in scrubbed.interaction.request.body  # type: ignore[operator]


def test_unplayed_interactions_are_named() -> None:
    tape = cassette(answered(call(), b"1"), answered(call("GetQueueUrl"), b"2"))
    tape.answer(call())
    with pytest.raises(Unplayed, match=r"1 of 2 .* no longer makes sqs\.GetQueueUrl"):
        tape.check_unplayed()


def test_vcrpys_names_say_the_same_things() -> None:
    tape = cassette(answered(call(), b"1"), answered(call(), b"2"))
    tape.answer(call())
    assert (tape.play_count, tape.all_played, len(tape)) == (1, False, 2)
    tape.answer(call())
    assert tape.all_played
    assert tape.requests == [call(), call()]


def test_threads_get_each_answer_once() -> None:
    tape = cassette(*(answered(call(), b"%d" % n) for n in range(200)))
    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(lambda _: body(tape, call()), range(200)))
    assert sorted(bodies, key=int) == [b"%d" % n for n in range(200)]


def test_expect_miss_needs_a_cassette() -> None:
    with pytest.raises(AssertionError, match="needs an open cassette"), expect_miss():
        pass


def test_expect_miss_lets_other_errors_pass() -> None:
    with entered(cassette()), pytest.raises(ZeroDivisionError), expect_miss():
        _ = 1 / 0


class TestWhatACallerHolds:
    """Secrets that a request shows, wherever it shows them."""

    def test_a_secret_of_the_headers_alone_comes_back_in_the_response(self) -> None:
        token = "tok-" + "8fK2mQ9xW4" * 3
        header = ("Authorization", f"Bearer {token}")
        me = HttpRequest("GET", "http://example.com/me", (header,), b"")
        tape = cassette(answered(me, b'{"you_sent": "' + token.encode() + b'"}'))
        outcome = tape.answer(me)
        assert isinstance(outcome, Response)
        assert token.encode() in outcome.body

    def test_an_account_in_a_request_comes_back_in_the_response(self) -> None:
        caller, arn = "AKIA" + "EXAMPLEEXAMPLE00", "arn:aws:sqs:eu-west-1:210987654321:jobs"
        describe = call("Describe", caller=caller, Arn=arn)
        tape = cassette(answered(call(caller=caller), b"{}"), answered(describe, arn.encode()))
        tape.answer(call(caller=caller))
        outcome = tape.answer(describe)
        assert isinstance(outcome, Response)
        assert outcome.body.decode() == arn

    def test_callers_of_equal_requests_keep_their_answers(self) -> None:
        one, other = "AKIA" + "EXAMPLEEXAMPLE01", "AKIA" + "EXAMPLEEXAMPLE02"
        calls = [call(caller=who) for who in (one, other, one, other)]
        tape = cassette(*(answered(made, str(n).encode()) for n, made in enumerate(calls)))
        told = [tape.answer(call(caller=who)) for who in (one, other, other, one)]
        assert [outcome.body for outcome in told if isinstance(outcome, Response)] == [b"0", b"1", b"3", b"2"]

    def test_a_cookie_that_a_query_asks_for_comes_back(self) -> None:
        url = "http://example.com/response-headers?set-cookie=bird%3Dval_1%3B%20Path%3D/"
        asked = HttpRequest("GET", url, (), b"")
        seen = Response(200, "OK", (("Set-Cookie", "bird=val_1; Path=/"),), b"")
        outcome = cassette(Captured(Interaction(asked, seen))).answer(asked)
        assert isinstance(outcome, Response)
        assert outcome.headers == seen.headers

    def test_what_records_more_learns_the_secrets_of_what_it_plays(self) -> None:
        token = "blue-heron-over-the-harbour-42"
        one, other = (HttpRequest("GET", f"http://example.com/{path}", (), b"") for path in ("a", "b"))
        tape = cassette(answered(one, b"{}"), mode=NEW_EPISODES)
        assert tape.answer(HttpRequest("GET", one.url, (("Authorization", f"Bearer {token}"),), b""))
        assert tape.answer(other) is None
        tape.record(other, lambda: Response(200, "OK", (), f"hello {token}".encode()))
        assert token not in repr([scrubbed.interaction.outcome.body for scrubbed in tape.finished()])  # type: ignore[union-attr]

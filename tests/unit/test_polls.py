"""Of a wait the distinct states are kept, and a replay asks for them as often as it likes."""

from __future__ import annotations

import json
import uuid

import pytest

from sealtape.capture.options import vcr_options
from sealtape.errors import Miss
from sealtape.interaction import Captured, Failure, Interaction, Recording, Response
from sealtape.polls import collapsed
from sealtape.seal.format import seal, unseal
from sealtape.seal.keyring import new_key
from tests.unit.binding.cassettes import answered, asked, cassette, fetched, opened, scrubber, text

WAIT = asked("rds.DescribeDBInstances", DBInstanceIdentifier="db")
STOP = asked("rds.StopDBInstance", DBInstanceIdentifier="db")


def waited(*states: str) -> list[Captured]:
    """Return a wait whose every answer has a date and an id of its own."""
    return [
        answered(
            WAIT,
            f"<Status>{state}</Status><RequestId>{uuid.uuid4()}</RequestId>",
            ("Date", f"Sat, 31 Jan 2026 12:00:{second:02} GMT"),
        )
        for second, state in enumerate(states)
    ]


def states(*captured: Captured) -> list[str]:
    """Return the answers that are kept of ``captured``, each with ``+`` if it stays."""
    kept = collapsed(scrubber().scrub(captured))
    outcomes = [one.interaction.outcome for one in kept]
    assert all(isinstance(outcome, Response) for outcome in outcomes)
    return [
        f"{o.body.decode().partition('<Req')[0]}{'+' * o.stays}" for o in outcomes if isinstance(o, Response)
    ]


def test_the_distinct_states_are_kept_in_order_and_the_last_one_stays() -> None:
    assert states(*waited("creating", "creating", "backing-up", "creating", "available", "available")) == [
        "<Status>creating</Status>",
        "<Status>backing-up</Status>",
        "<Status>creating</Status>",
        "<Status>available</Status>+",
    ]


def test_one_request_alone_is_no_wait() -> None:
    assert states(*waited("available")) == ["<Status>available</Status>"]


def test_what_is_asked_in_between_ends_a_wait() -> None:
    first, second = waited("available", "available")
    assert len(states(first, answered(STOP, "<a/>"), second)) == 3


def test_writes_that_are_equal_are_all_kept() -> None:
    assert states(answered(STOP, "1"), answered(STOP, "1")) == ["1", "1"]
    take = asked("sqs.ReceiveMessage", QueueUrl="https://sqs.example.com/jobs")
    assert states(answered(take, "1"), answered(take, "1")) == ["1", "1"]
    posted = fetched("POST", "https://api.example.com/jobs")
    assert states(answered(posted, "1"), answered(posted, "1")) == ["1", "1"]


def test_an_id_that_something_else_says_makes_another_state() -> None:
    one, other = (str(uuid.uuid4()) for _ in range(2))
    listed = fetched("GET", "https://api.example.com/jobs")
    used = answered(fetched("GET", f"https://api.example.com/jobs/{one}"), "")
    assert len(states(answered(listed, one), answered(listed, other))) == 1
    assert len(states(answered(listed, one), answered(listed, other), used)) == 3


def test_a_time_in_an_answer_makes_another_state() -> None:
    listed = fetched("GET", "https://api.example.com/jobs")
    assert len(states(*(answered(listed, f'{{"at": "2026-01-31T12:00:0{n}Z"}}') for n in range(2)))) == 2


def test_a_wait_that_ends_without_a_response_does_not_stay() -> None:
    failed = Captured(Interaction(WAIT, Failure("ConnectionError")))
    *_, last = collapsed(scrubber().scrub((*waited("creating", "creating"), failed)))
    assert last.interaction.outcome == Failure("ConnectionError")


@pytest.mark.parametrize("times", [2, 3, 20])
def test_a_replay_takes_as_many_calls_as_it_takes(times: int) -> None:
    kept = collapsed(scrubber().scrub(waited("creating", "creating", "available")))
    tape = opened(kept)
    asked_for = [text(tape, WAIT).partition("<Req")[0] for _ in range(times)]
    assert asked_for == ["<Status>creating</Status>"] + ["<Status>available</Status>"] * (times - 1)
    assert tape.all_played


def test_the_next_wait_begins_when_what_lies_between_was_asked() -> None:
    captured = [*waited("starting", "available", "available"), answered(STOP, "<a/>")]
    captured += waited("stopping", "stopped", "stopped")
    tape = opened(collapsed(scrubber().scrub(captured)))
    told = [text(tape, WAIT) for _ in range(4)]
    assert ["starting" in told[0], *("available" in one for one in told[1:])] == [True] * 4
    text(tape, STOP)
    told = [text(tape, WAIT) for _ in range(4)]
    assert ["stopping" in told[0], *("stopped" in one for one in told[1:])] == [True] * 4


def test_without_it_a_wait_that_asks_more_often_is_a_miss() -> None:
    tape = cassette(*waited("creating", "available"))
    for _ in range(2):
        tape.answer(WAIT)
    with pytest.raises(Miss, match="played out"):
        tape.answer(WAIT)


def test_another_request_is_not_answered_by_a_state_that_stays() -> None:
    tape = opened(collapsed(scrubber().scrub(waited("available", "available"))))
    tape.answer(WAIT)
    with pytest.raises(Miss):
        tape.answer(asked("rds.DescribeDBInstances", DBInstanceIdentifier="other"))


def test_a_wait_that_is_matched_as_vcrpy_matches_takes_as_many_calls_as_it_takes() -> None:
    wait = fetched("GET", "http://example.com/job")
    kept = collapsed(scrubber().scrub([answered(wait, state) for state in ("new", "done", "done")]))
    tape = opened(kept, options=vcr_options({"match_on": ["method", "uri"]}))
    assert [text(tape, wait) for _ in range(4)] == ["new", "done", "done", "done"]


def test_that_a_state_stays_is_sealed_with_it_and_survives_recording_more() -> None:
    key = new_key()
    kept = collapsed(scrubber().scrub(waited("creating", "available", "available")))
    read = unseal(seal(Recording("00" * 16, "a", kept), key).data, key, where="a.tape", name="a").interactions
    assert read == kept
    assert (
        json.dumps([bool(getattr(one.interaction.outcome, "stays", None)) for one in read]) == "[false, true]"
    )
    assert scrubber(read).scrub(read)[-1].interaction.outcome == kept[-1].interaction.outcome

"""An interaction whose outcome is read when it is asked for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import threading

import pytest

from sealtape.interaction import AwsRequest, Interaction, Outcome, Response

REQUEST = AwsRequest("sts", "GetCallerIdentity", {})
RESPONSE = Response(200, "OK", (("Content-Type", "text/xml"),), b"<Arn/>")


def read() -> Outcome:
    return RESPONSE


class TestDeferred:
    def test_an_outcome_is_read_when_it_is_asked_for_and_then_kept(self) -> None:
        asked: list[int] = []

        def counted() -> Outcome:
            asked.append(len(asked))
            return Response(200, body=b"%d" % len(asked))

        interaction = Interaction.deferred(REQUEST, counted)
        assert interaction.track == "aws"
        assert asked == []
        assert interaction.outcome is interaction.outcome
        assert asked == [0]

    def test_what_reads_it_is_let_go_of(self) -> None:
        interaction = Interaction.deferred(REQUEST, read)
        assert interaction.outcome == RESPONSE
        assert interaction._read is None

    def test_it_is_the_value_that_it_would_be_had_it_been_read_at_once(self) -> None:
        plain = Interaction(REQUEST, RESPONSE)
        assert Interaction.deferred(REQUEST, read) == plain
        assert repr(Interaction.deferred(REQUEST, read)) == repr(plain)
        assert copy.copy(Interaction.deferred(REQUEST, read)) == plain
        assert pickle.loads(pickle.dumps(Interaction.deferred(REQUEST, read))) == plain
        other = Response(404)
        assert dataclasses.replace(Interaction.deferred(REQUEST, read), outcome=other).outcome == other

    def test_threads_that_ask_at_once_all_get_it(self) -> None:
        both = threading.Barrier(2, timeout=10)

        def slow() -> Outcome:
            both.wait()
            return RESPONSE

        interaction = Interaction.deferred(REQUEST, slow)
        got: list[Outcome] = []
        threads = [threading.Thread(target=lambda: got.append(interaction.outcome)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)
        assert got == [RESPONSE, RESPONSE]

    def test_no_other_attribute_is_made_up(self) -> None:
        with pytest.raises(AttributeError, match="answer"):
            _ = Interaction.deferred(REQUEST, read).answer  # type: ignore[attr-defined]

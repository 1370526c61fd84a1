"""What goes wrong on the way is recorded as it went, and goes wrong the same way on replay."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
    WaiterError,
)

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.interaction import Failure, Response
from tests.unit.capture.conversations import Memory
from tests.unit.capture.streams import streamer

DEAD = "http://127.0.0.1:9"
THROTTLED = b'{"__type": "ThrottlingException", "message": "slow down"}'
MODES = ["legacy", "standard", "adaptive"]


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


def client(url: str, mode: str, attempts: int, **config: Any) -> Any:
    retries = {"mode": mode, "total_max_attempts": attempts}
    return boto3.client(
        "dynamodb",
        "eu-west-1",
        endpoint_url=url,
        aws_access_key_id="a" * 16,
        aws_secret_access_key="b" * 40,
        config=Config(retries=retries, **config),
    )


def attempt(url: str, mode: str, attempts: int, **config: Any) -> tuple[str, int]:
    """Make a call that fails; return the exception's class and how often it was tried again."""
    with pytest.raises((BotoCoreError, ClientError)) as caught:
        client(url, mode, attempts, **config).list_tables()
    answer = getattr(caught.value, "response", None) or {"ResponseMetadata": {}}
    return type(caught.value).__name__, answer["ResponseMetadata"].get("RetryAttempts", -1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("status", "body"), [(503, b"{}"), (400, THROTTLED)], ids=["5xx", "throttled"])
def test_retries_replay_with_their_history_and_without_sleeping(mode: str, status: int, body: bytes) -> None:
    recorder = Memory()
    with streamer([body], length=len(body), status=status) as service, entered(recorder):
        error, retries = attempt(service.url, mode, 2)
    assert retries == 1
    assert len(recorder.tape) == 2
    started = time.monotonic()
    with entered(Memory(recorder.tape[:1] * 8)):
        assert attempt(DEAD, mode, 8) == (error, 7)
    assert time.monotonic() - started < 10  # live, seven waits are half a minute


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("url", "error"),
    [
        (DEAD, EndpointConnectionError),
        ("http://no-such-host.invalid", EndpointConnectionError),
    ],
    ids=["refused", "dns"],
)
def test_a_failure_to_connect_is_retried_and_raised_again(url: str, error: type, mode: str) -> None:
    recorder = Memory()
    recorder.sandbox.permit_aws = lambda *_: None  # type: ignore[method-assign]  # it is not loopback
    with entered(recorder):
        live = attempt(url, mode, 2)
    assert live[0] == error.__name__
    assert [type(interaction.outcome) for interaction in recorder.tape] == [Failure, Failure]
    with entered(Memory(recorder.tape)):
        assert attempt("http://127.0.0.1:1", mode, 2) == live


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("ending", "error"),
    [
        ({"pieces": [], "cut": True, "hang_up": True}, ConnectionClosedError),
        ({"pieces": [b"{"], "stall": True}, ReadTimeoutError),
    ],
    ids=["reset", "timeout"],
)
def test_a_failure_to_read_is_retried_and_raised_again(
    ending: dict[str, Any], error: type, mode: str
) -> None:
    recorder = Memory()
    with streamer(**ending) as service:
        with entered(recorder):
            live = attempt(service.url, mode, 2, read_timeout=0.3)
        service.given()
        service.given()
    assert live[0] == error.__name__
    assert [type(interaction.outcome) for interaction in recorder.tape] == [Failure, Failure]
    with entered(Memory(recorder.tape)):
        assert attempt(DEAD, mode, 2) == live


def test_a_call_that_succeeds_in_the_end_tells_how_often_it_was_tried() -> None:
    """The recorded attempts answer one after another, whatever the first ones were."""
    recorder = Memory()
    with streamer([b"{}"], length=2, status=503) as service, entered(recorder):
        attempt(service.url, "standard", 1)
    with entered(recorder):
        attempt(DEAD, "standard", 1)
    with streamer([b'{"TableNames": ["t"]}'], length=21) as service, entered(recorder):
        client(service.url, "standard", 1).list_tables()
    assert [type(interaction.outcome) for interaction in recorder.tape] == [Response, Failure, Response]
    with entered(Memory(recorder.tape)):
        answer = client(DEAD, "standard", 5).list_tables()
    assert answer["TableNames"] == ["t"]
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_waiters_replay_whatever_their_delay() -> None:
    def work(url: str, delay: int) -> str:
        keys = {"aws_access_key_id": "a" * 16, "aws_secret_access_key": "b" * 40}
        s3 = boto3.client("s3", "us-east-1", endpoint_url=url, **keys)
        with pytest.raises(WaiterError) as caught:
            s3.get_waiter("bucket_exists").wait(Bucket="b", WaiterConfig={"Delay": delay, "MaxAttempts": 9})
        return str(caught.value)

    recorder = Memory()
    with streamer([], length=0, status=404) as service, entered(recorder):
        live = work(service.url, 0)
    assert len(recorder.tape) == 9
    started = time.monotonic()
    with entered(Memory(recorder.tape)):
        assert work(DEAD, 60) == live
    assert time.monotonic() - started < 60

"""Recording and replaying aiobotocore, against moto's server and streaming ones."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session
from botocore import UNSIGNED
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    EventStreamError,
    ReadTimeoutError,
    WaiterError,
)

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.capture.environment import replaying
from sealtape.capture.http import patched
from sealtape.errors import Miss, SandboxRefused
from sealtape.interaction import UNREAD, AwsRequest, Failure, Interaction, Response
from sealtape.settings import SandboxSettings
from tests.unit.capture.conversations import Memory
from tests.unit.capture.streams import frame, streamer

DEAD = "http://127.0.0.1:9"
ONCE = {"mode": "standard", "total_max_attempts": 1}
PATHS = {"addressing_style": "path"}
THROTTLED = b'{"__type": "ThrottlingException", "message": "slow down"}'


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


def client(service: str, url: str | None, region: str = "eu-west-1", **config: Any) -> Any:
    """Return a client, to be entered, with its own invented credentials."""
    return get_session().create_client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="AKIA" + "EXAMPLEEXAMPLE00",
        aws_secret_access_key="x" * 40,
        config=AioConfig(**({"s3": PATHS, "retries": ONCE} | config)),
    )


def record(url: str, work: Callable[[str], Awaitable[Any]]) -> tuple[Any, list[Interaction]]:
    recorder = Memory()
    with patched(), entered(recorder):
        return asyncio.run(work(url)), recorder.tape  # type: ignore[arg-type]


def replay(tape: list[Interaction], work: Callable[[str], Awaitable[Any]]) -> Any:
    with patched(), entered(Memory(tape)):
        return asyncio.run(work(DEAD))  # type: ignore[arg-type]


def record_then_replay(url: str, work: Callable[[str], Awaitable[Any]]) -> tuple[Any, Any, list[Interaction]]:
    """Run ``work`` against the server, then again in another event loop with nothing listening."""
    live, tape = record(url, work)
    return live, replay(tape, work), tape


def broken(interaction: Interaction) -> str:
    assert isinstance(interaction.outcome, Response)
    return interaction.outcome.broken


def test_plain_calls_come_back_parsed_as_they_were(moto_url: str) -> None:
    async def work(url: str) -> Any:
        async with client("dynamodb", url) as ddb, client("sts", url) as sts, client("ec2", url) as ec2:
            await ddb.create_table(
                TableName="aio",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            await ddb.put_item(TableName="aio", Item={"id": {"S": "a"}, "blob": {"B": b"\x00\xff"}})
            item = await ddb.get_item(TableName="aio", Key={"id": {"S": "a"}})
            return item, await sts.get_caller_identity(), await ec2.describe_vpcs()

    live, replayed, tape = record_then_replay(moto_url, work)
    assert replayed == live
    assert [i.request.label for i in tape] == [
        "dynamodb.CreateTable",
        "dynamodb.PutItem",
        "dynamodb.GetItem",
        "sts.GetCallerIdentity",
        "ec2.DescribeVpcs",
    ]


def test_modelled_errors_are_raised_as_their_own_class(moto_url: str) -> None:
    async def work(url: str) -> str:
        async with client("dynamodb", url) as ddb:
            with pytest.raises(ddb.exceptions.ResourceNotFoundException) as caught:
                await ddb.get_item(TableName="no-such-table", Key={"id": {"S": "a"}})
            return str(caught.value)

    live, replayed, _ = record_then_replay(moto_url, work)
    assert replayed == live


async def whole(body: Any) -> Any:
    return await body.read(), await body.read()


async def in_chunks(body: Any) -> Any:
    return [chunk async for chunk in body.iter_chunks(5)]


async def in_lines(body: Any) -> Any:
    return [line async for line in body.iter_lines()]


async def iterated(body: Any) -> Any:
    return [chunk async for chunk in body]


async def entered_and_read(body: Any) -> Any:
    async with body as stream:
        return await stream.read()


async def raw_chunks(body: Any) -> Any:
    raw = getattr(body, "_raw_stream", body)  # aiobotocore 2 has a proxy of it
    return b"".join([chunk async for chunk, _ in raw.content.iter_chunks()])


@pytest.mark.parametrize("read", [whole, in_chunks, in_lines, iterated, entered_and_read, raw_chunks])
def test_a_body_comes_back_however_it_is_read(moto_url: str, read: Callable[[Any], Awaitable[Any]]) -> None:
    async def work(url: str) -> Any:
        async with client("s3", url, "us-east-1") as s3:
            await s3.create_bucket(Bucket="aio-bodies")
            await s3.put_object(Bucket="aio-bodies", Key="k", Body=b"one\ntwo\nthree")
            got = await s3.get_object(Bucket="aio-bodies", Key="k")
            return got["ContentLength"], await read(got["Body"])

    live, replayed, tape = record_then_replay(moto_url, work)
    assert replayed == live
    assert [i.request.label for i in tape] == ["s3.CreateBucket", "s3.PutObject", "s3.GetObject"]
    assert broken(tape[-1]) == ""


@pytest.mark.parametrize(
    "body",
    [bytes, io.BytesIO, bytearray, lambda data: io.BufferedReader(io.BytesIO(data))],
    ids=["bytes", "file", "bytearray", "buffered"],
)
def test_uploads_match_by_content(moto_url: str, body: Callable[[bytes], Any]) -> None:
    async def work(url: str) -> Any:
        async with client("s3", url, "us-east-1") as s3:
            await s3.create_bucket(Bucket="aio-up")
            await s3.put_object(Bucket="aio-up", Key="k", Body=body(b"artifact" * 9))
            return await (await s3.get_object(Bucket="aio-up", Key="k"))["Body"].read()

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == b"artifact" * 9
    assert tape[1].request.body == b"artifact" * 9


class AsyncFile:
    """A file as aiofiles and its like have it: each read is awaited."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    async def read(self, size: int = -1) -> bytes:
        await asyncio.sleep(0)
        return self._file.read(size)


def test_files_whose_reads_are_awaited_are_uploaded_and_matched() -> None:
    """Unsigned, and without a checksum: aiobotocore can read such a file once, and not rewind it."""

    async def work(url: str) -> int:
        made = client("s3", url, signature_version=UNSIGNED, request_checksum_calculation="when_required")
        async with made as s3:
            body = AsyncFile(b"artifact" * 9)
            answer = await s3.put_object(Bucket="b", Key="k", Body=body, ContentLength=72)
            return int(answer["ResponseMetadata"]["HTTPStatusCode"])

    with streamer([], length=0) as service:
        live, replayed, tape = record_then_replay(service.url, work)
    assert live == replayed == 200
    assert service.bodies == [b"artifact" * 9]
    assert tape[0].request.body == b"artifact" * 9


def test_paginators_follow_recorded_tokens(moto_url: str) -> None:
    async def work(url: str) -> list[str]:
        async with client("ssm", url) as ssm:
            for number in range(5):
                await ssm.put_parameter(Name=f"/aio/{number}", Value="v", Type="String", Overwrite=True)
            pages = ssm.get_paginator("get_parameters_by_path").paginate(
                Path="/aio", PaginationConfig={"PageSize": 2}
            )
            return [p["Name"] async for page in pages for p in page["Parameters"]]

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == [f"/aio/{n}" for n in range(5)]
    assert sum(i.request.label == "ssm.GetParametersByPath" for i in tape) == 3


def test_waiters_do_not_sleep_on_replay(moto_url: str) -> None:
    async def work(url: str) -> str:
        async with client("s3", url) as s3:
            with pytest.raises(WaiterError) as caught:
                await s3.get_waiter("bucket_exists").wait(
                    Bucket="never-made", WaiterConfig={"Delay": 60 if url == DEAD else 0, "MaxAttempts": 3}
                )
            return str(caught.value)

    live, tape = record(moto_url, work)
    started = time.monotonic()
    assert replay(tape, work) == live
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize(("status", "body"), [(503, b"{}"), (400, THROTTLED)], ids=["5xx", "throttled"])
def test_retries_replay_with_their_history_and_without_sleeping(mode: str, status: int, body: bytes) -> None:
    async def work(url: str, attempts: int = 2) -> int:
        retries = {"mode": mode, "total_max_attempts": attempts}
        async with client("dynamodb", url, retries=retries) as ddb:
            with pytest.raises(ClientError) as caught:
                await ddb.list_tables()
            return int(caught.value.response["ResponseMetadata"]["RetryAttempts"])

    with streamer([body], length=len(body), status=status) as service:
        live, tape = record(service.url, work)
    assert live == 1
    assert len(tape) == 2
    started = time.monotonic()
    with patched(), entered(Memory(tape[:1] * 8)):
        assert asyncio.run(work(DEAD, 8)) == 7
    assert time.monotonic() - started < 10  # live, seven waits are half a minute


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
@pytest.mark.parametrize(
    ("url", "error"),
    [
        (DEAD, EndpointConnectionError),
        ("http://no-such-host.invalid", EndpointConnectionError),
    ],
    ids=["refused", "dns"],
)
def test_a_failure_to_connect_is_retried_and_raised_again(
    url: str, error: type[Exception], mode: str
) -> None:
    async def work(_: str) -> str:
        async with client("sqs", url, retries={"mode": mode, "total_max_attempts": 2}) as sqs:
            with pytest.raises(error) as caught:
                await sqs.list_queues()
            return type(caught.value).__name__

    recorder = Memory()
    recorder.sandbox.permit_aws = lambda *_: None  # type: ignore[method-assign]  # the host is not loopback
    with patched(), entered(recorder):
        live = asyncio.run(work(""))
    assert len(recorder.tape) == 2
    assert replay(recorder.tape, work) == live


@pytest.mark.parametrize(
    ("ending", "error"),
    [({"cut": True, "length": 100}, ConnectionClosedError), ({"stall": True}, ReadTimeoutError)],
    ids=["reset", "timeout"],
)
def test_a_failure_to_read_is_recorded_and_raised_again(
    ending: dict[str, Any], error: type[Exception]
) -> None:
    async def work(url: str) -> str:
        async with client("sqs", url, read_timeout=0.3) as sqs:
            with pytest.raises(error) as caught:
                await sqs.list_queues()
            return type(caught.value).__name__

    with streamer([b"{"], **ending) as service:
        live, replayed, tape = record_then_replay(service.url, work)
        service.given()
    assert live == replayed
    assert len(tape) == 1


# Event streams.

SAID = [b'{"contentBlockIndex": 0, "delta": {"text": "%s"}}' % word for word in (b"one", b"two", b"three")]
EVENTS = [frame("contentBlockDelta", said) for said in SAID]


async def conversed(runtime: Any) -> Any:
    said = [{"role": "user", "content": [{"text": "hello"}]}]
    return (await runtime.converse_stream(modelId="m", messages=said))["stream"]


def test_events_reach_the_code_while_they_are_recorded() -> None:
    with streamer(EVENTS) as service:

        async def work(url: str) -> list[Any]:
            events = []
            async with client("bedrock-runtime", url) as runtime:
                async for event in await conversed(runtime):
                    events.append(event)
                    service.given()
            return events

        live, replayed, tape = record_then_replay(service.url, work)
        assert not service.held_back
    assert len(live) == 3
    assert replayed == live
    assert broken(tape[0]) == ""


def test_a_stream_with_an_initial_response_comes_back() -> None:
    shard = frame("SubscribeToShardEvent", b'{"Records": [], "ContinuationSequenceNumber": "1"}')

    async def work(url: str) -> list[Any]:
        async with client("kinesis", url) as kinesis:
            answer = await kinesis.subscribe_to_shard(
                ConsumerARN="arn:aws:kinesis:eu-west-1:000000000000:stream/s/consumer/c:1",
                ShardId="shardId-000000000000",
                StartingPosition={"Type": "LATEST"},
            )
            return [event async for event in answer["EventStream"]]

    with streamer([frame("initial-response", b"{}") + shard]) as service:
        live, replayed, _ = record_then_replay(service.url, work)
    assert len(live) == 1
    assert replayed == live


def test_an_event_that_is_an_exception_is_raised_again() -> None:
    async def work(url: str) -> str:
        async with client("bedrock-runtime", url) as runtime:
            stream = await conversed(runtime)
            with pytest.raises(EventStreamError) as caught:
                [event async for event in stream]
            stream.close()
            return str(caught.value)

    error = frame("throttlingException", b'{"message": "slow down"}', kind="exception")
    with streamer([EVENTS[0] + error]) as service:
        live, replayed, _ = record_then_replay(service.url, work)
    assert live == replayed
    assert "slow down" in live


def test_a_stream_that_the_code_stops_reading_is_recorded_as_far_as_it_was_read() -> None:
    async def first(url: str) -> Any:
        async with client("bedrock-runtime", url) as runtime:
            stream = await conversed(runtime)
            event = await anext(aiter(stream))
            stream.close()
            return event

    async def all_of(url: str) -> list[Any]:
        async with client("bedrock-runtime", url) as runtime:
            return [event async for event in await conversed(runtime)]

    with streamer(EVENTS) as service:
        live, replayed, tape = record_then_replay(service.url, first)
        service.given()
        service.given()
    assert live == replayed
    assert broken(tape[0]) == UNREAD
    with pytest.raises(Miss, match="recorded only in part"):
        replay(tape, all_of)


@pytest.mark.parametrize("ending", [{"cut": True}, {"stall": True}], ids=["cut", "stall"])
def test_a_stream_that_breaks_breaks_there_again(ending: dict[str, bool]) -> None:
    async def work(url: str) -> tuple[list[Any], str]:
        events: list[Any] = []
        async with client("bedrock-runtime", url, read_timeout=0.3) as runtime:
            stream = await conversed(runtime)
            try:
                async for event in stream:
                    events.append(event)
            except (TimeoutError, aiohttp.ClientError) as error:
                return events, type(error).__name__
            finally:
                stream.close()
            return events, ""

    with streamer(EVENTS[:1], **ending) as service:
        live, replayed, _ = record_then_replay(service.url, work)
        service.given()
    assert live == replayed
    assert len(live[0]) == 1
    assert live[1]


@pytest.mark.parametrize("ending", [{"cut": True}, {"stall": True}], ids=["cut", "stall"])
def test_a_body_that_breaks_raises_what_it_raised(ending: dict[str, bool]) -> None:
    async def work(url: str) -> tuple[bytes, str]:
        async with client("s3", url, read_timeout=0.3) as s3:
            body = (await s3.get_object(Bucket="b", Key="k"))["Body"]
            got = await body.read(4)
            try:
                await body.read()
            except (BotoCoreError, aiohttp.ClientError) as error:
                return got, type(error).__name__
            finally:
                body.close()
            return got, ""

    with streamer([b"one\ntwo\n"], **ending) as service:
        live, replayed, _ = record_then_replay(service.url, work)
        service.given()
    assert live == replayed
    assert live[0] == b"one\n"
    assert live[1]


def test_a_call_that_is_cancelled_is_recorded_and_cancelled_again() -> None:
    async def work(url: str) -> str:
        async with client("sqs", url) as sqs:
            with pytest.raises(TimeoutError) as caught:
                await asyncio.wait_for(sqs.list_queues(), 1)
            return type(caught.value).__name__

    with streamer([b"{"], stall=True) as service:
        live, replayed, tape = record_then_replay(service.url, work)
        service.given()
    assert live == replayed
    assert isinstance(tape[0].outcome, Failure)
    assert tape[0].outcome.kind == "CancelledError"


def test_a_body_whose_reader_is_cancelled_is_recorded_up_to_there() -> None:
    async def work(url: str) -> tuple[bytes, str]:
        async with client("s3", url) as s3:
            body = (await s3.get_object(Bucket="b", Key="k"))["Body"]
            got = await body.read(4)
            try:
                async with asyncio.timeout(1):
                    await body.read(4)
                    await body.read()
            except TimeoutError:
                return got, "cancelled"
            finally:
                body.close()
            return got, ""

    with streamer([b"one\ntwo\n"], stall=True) as service:
        live, replayed, tape = record_then_replay(service.url, work)
        service.given()
    assert live == replayed == (b"one\n", "cancelled")
    assert broken(tape[0]) == "CancelledError"


def test_a_code_that_cancels_no_more_gets_a_miss_and_does_not_wait_forever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def work(url: str, timeout: float | None = 0.5) -> None:
        async with client("sqs", url) as sqs:
            await asyncio.wait_for(sqs.list_queues(), timeout)

    with streamer([b"{"], stall=True) as service:
        recorder = Memory()
        with patched(), entered(recorder), pytest.raises(TimeoutError):
            asyncio.run(work(service.url))
        service.given()
    monkeypatch.setattr("sealtape.capture.waiting._PATIENCE_SECONDS", 0.01)
    with patched(), entered(Memory(recorder.tape)), pytest.raises(Miss):
        asyncio.run(work(DEAD, None))


# Several at once, several loops, both kinds of client.


def test_gathered_calls_of_several_clients_are_recorded_in_the_order_of_requests(moto_url: str) -> None:
    async def work(url: str) -> list[str]:
        async with client("ssm", url) as west, client("ssm", url, "us-east-1") as east:

            async def put(number: int) -> str:
                ssm = west if number % 2 else east
                await ssm.put_parameter(Name=f"/g/{number}", Value=str(number), Type="String", Overwrite=True)
                return str((await ssm.get_parameter(Name=f"/g/{number}"))["Parameter"]["Value"])

            return list(await asyncio.gather(*(put(number) for number in range(12))))

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == [str(n) for n in range(12)]
    assert len(tape) == 24
    puts = [i.request for i in tape[:12]]
    assert [r.parameters["Name"] for r in puts if isinstance(r, AwsRequest)] == [f"/g/{n}" for n in range(12)]
    assert {(r.region, int(str(r.parameters["Value"])) % 2) for r in puts if isinstance(r, AwsRequest)} == {
        ("eu-west-1", 1),
        ("us-east-1", 0),
    }


def test_tasks_belong_to_the_conversation_that_they_were_started_in(moto_url: str) -> None:
    first, second = Memory(), Memory()

    async def ask(conversation: Memory, service: str) -> None:
        with entered(conversation):
            async with client(service, moto_url) as made:
                await asyncio.sleep(0)
                await (made.list_queues() if service == "sqs" else made.list_topics())

    async def both() -> None:
        await asyncio.gather(ask(first, "sqs"), ask(second, "sns"))

    with patched():
        asyncio.run(both())
    assert [i.request.label for i in first.tape] == ["sqs.ListQueues"]
    assert [i.request.label for i in second.tape] == ["sns.ListTopics"]


def test_a_recording_of_boto3_answers_aiobotocore_and_the_reverse(moto_url: str) -> None:
    import boto3

    def sync(url: str) -> tuple[str, bytes]:
        made = {"endpoint_url": url, "aws_access_key_id": "a" * 16, "aws_secret_access_key": "b" * 40}
        s3 = boto3.client("s3", "us-east-1", **made)
        s3.create_bucket(Bucket="both")
        s3.put_object(Bucket="both", Key="k", Body=b"bytes")
        got = s3.get_object(Bucket="both", Key="k")
        return got["ETag"], got["Body"].read()

    async def awaited(url: str) -> tuple[str, bytes]:
        async with client("s3", url, "us-east-1") as s3:
            await s3.create_bucket(Bucket="both")
            await s3.put_object(Bucket="both", Key="k", Body=b"bytes")
            got = await s3.get_object(Bucket="both", Key="k")
            return got["ETag"], await got["Body"].read()

    live, tape = record(moto_url, awaited)
    with entered(Memory(tape)):
        assert sync(DEAD) == live
    recorder = Memory()
    with entered(recorder):
        live = sync(moto_url)
    assert replay(recorder.tape, awaited) == live


def test_a_client_made_before_the_hook_is_reached(moto_url: str) -> None:
    async def work() -> tuple[str, str]:
        async with client("sts", moto_url) as early:
            await early.get_caller_identity()
            recorder = Memory()
            with entered(recorder):
                live = (await early.get_caller_identity())["Account"]
            with entered(Memory(recorder.tape)):
                return live, (await early.get_caller_identity())["Account"]

    live, replayed = asyncio.run(work())
    assert live == replayed


def test_a_replay_needs_no_credentials_and_signs_nothing(moto_url: str) -> None:
    async def ask(url: str) -> str:
        async with client("sts", url) as sts:
            return str((await sts.get_caller_identity())["Account"])

    async def ask_without(url: str) -> str:
        async with get_session().create_client("sts", region_name="eu-west-1", endpoint_url=url) as sts:
            return str((await sts.get_caller_identity())["Account"])

    live, tape = record(moto_url, ask)
    assert replay(tape, ask_without) == live


def test_a_role_is_assumed_outside_of_the_recording_and_not_at_all_on_replay(
    moto_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(url: str) -> Any:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        arns = []
        for name in ("one", "two"):
            session = AioSession(profile=name)
            async with session.create_client("sts", region_name="eu-west-1") as sts:
                arns.append((await sts.get_caller_identity())["Arn"])
        return arns

    roles = [
        f"[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{name}\nsource_profile = base\n"
        for name in ("one", "two")
    ]
    keys = f"aws_access_key_id = {'AKIA' + 'EXAMPLEEXAMPLE00'}\naws_secret_access_key = {'x' * 40}\n"
    (tmp_path / "config").write_text("".join([*roles, "[profile base]\n", keys]))
    with monkeypatch.context() as here:
        here.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
        live, tape = record(moto_url, ask)
    assert [i.request.label for i in tape] == ["sts.GetCallerIdentity"] * 2
    callers = [i.request.caller for i in tape if isinstance(i.request, AwsRequest)]
    assert len(set(callers)) == 2
    assert replay(tape, ask) == live, "and the profiles are not there"


def test_a_session_that_was_replayed_can_record(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ask() -> tuple[str, str]:
        session = get_session()
        async with session.create_client("sts", region_name="eu-west-1", endpoint_url=moto_url) as sts:
            with entered(Memory(tape)):
                replayed = (await sts.get_caller_identity())["Account"]
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA" + "EXAMPLEEXAMPLE00")
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x" * 40)
            return replayed, (await sts.get_caller_identity())["Account"]

    async def first(url: str) -> str:
        async with client("sts", url) as sts:
            return str((await sts.get_caller_identity())["Account"])

    live, tape = record(moto_url, first)
    with replaying():
        assert asyncio.run(ask()) == (live, live)


def test_credentials_in_use_are_learned_while_recording(moto_url: str) -> None:
    async def ask(url: str) -> None:
        async with client("sts", url) as sts:
            await sts.get_caller_identity()

    recorder = Memory()
    with patched(), entered(recorder):
        asyncio.run(ask(moto_url))
    assert {rule for _, rule in recorder.secrets} == {"access-key-id", "secret-access-key"}


def test_the_guard_refuses_another_account_before_anything_is_sent(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        async with client("ec2", None) as ec2:
            await ec2.describe_vpcs()

    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    recorder = Memory(sandbox=SandboxSettings(accounts=("999999999999",), regions=("eu-west-1",)))
    with patched(), entered(recorder), pytest.raises(SandboxRefused, match="ends in 9012"):
        asyncio.run(ask())
    assert recorder.tape == []


def test_a_miss_is_raised_at_the_call_and_not_retried() -> None:
    async def ask(url: str) -> None:
        async with client("sts", url) as sts:
            await sts.get_caller_identity()

    with pytest.raises(Miss, match=r"sts\.GetCallerIdentity"):
        replay([], ask)


def test_presigned_urls_are_still_signed_on_replay() -> None:
    async def presign(url: str) -> str:
        async with client("s3", url) as s3:
            return str(await s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"}))

    assert "Signature=" in replay([], presign)


@pytest.mark.filterwarnings("ignore:aiobotocore's httpx backend:DeprecationWarning")
def test_clients_that_use_httpx_are_recorded_too(moto_url: str) -> None:
    from aiobotocore.httpxsession import HttpxSession

    async def work(url: str) -> Any:
        async with client("s3", url, "us-east-1", http_session_cls=HttpxSession) as s3:
            await s3.create_bucket(Bucket="with-httpx")
            await s3.put_object(Bucket="with-httpx", Key="k", Body=b"bytes")
            return await (await s3.get_object(Bucket="with-httpx", Key="k"))["Body"].read()

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == b"bytes"
    assert [i.request.label for i in tape] == ["s3.CreateBucket", "s3.PutObject", "s3.GetObject"]

"""Streams reach the code while they are recorded, and come back as they were."""

from __future__ import annotations

import gc
import gzip
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import requests
import urllib3
from botocore.config import Config
from botocore.exceptions import (
    EventStreamError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.errors import Miss
from sealtape.interaction import UNREAD, Interaction, Response
from tests.servers import Service
from tests.unit.capture.conversations import Memory
from tests.unit.capture.streams import Streamer, frame, streamer

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


def client(service: str, url: str, **config: Any) -> Any:
    return boto3.client(
        service,
        "eu-west-1",
        endpoint_url=url,
        aws_access_key_id="a" * 16,
        aws_secret_access_key="b" * 40,
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **config),
    )


def record_then_replay(
    service: Streamer, work: Callable[[str, Callable[[], None]], Any]
) -> tuple[Any, Any, list[Interaction]]:
    """Run ``work(url, given)`` against the server, then again while nothing more reaches it."""
    recorder = Memory()
    with entered(recorder):
        live = work(service.url, service.given)
    assert not service.held_back, "the code had to wait for more than what was sent"
    tape, asked = recorder.tape, len(service.paths)
    with entered(Memory(tape)):
        replayed = work(service.url, lambda: None)
    assert len(service.paths) == asked, "a replay reached the server"
    return live, replayed, tape


def read_into(got: list[Any], stream: Any, given: Callable[[], None] = lambda: None) -> None:
    for item in stream:
        got.append(item)
        given()


def broken(interaction: Interaction) -> str:
    assert isinstance(interaction.outcome, Response)
    return interaction.outcome.broken


INITIAL = frame("initial-response", b"{}")


def shard_events(url: str, **config: Any) -> Any:
    answer = client("kinesis", url, **config).subscribe_to_shard(
        ConsumerARN="arn:aws:kinesis:eu-west-1:000000000000:stream/s/consumer/c:1",
        ShardId="shardId-000000000000",
        StartingPosition={"Type": "LATEST"},
    )
    return answer["EventStream"]


def shard_frames(count: int) -> list[bytes]:
    event = b'{"Records": [], "ContinuationSequenceNumber": "%d", "MillisBehindLatest": 0}'
    return [INITIAL + frame("SubscribeToShardEvent", event % 0)] + [
        frame("SubscribeToShardEvent", event % number) for number in range(1, count)
    ]


def selected(url: str) -> Any:
    return client("s3", url, s3={"addressing_style": "path"}).select_object_content(
        Bucket="b",
        Key="k",
        Expression="SELECT * FROM S3Object",
        ExpressionType="SQL",
        InputSerialization={"CSV": {}},
        OutputSerialization={"CSV": {}},
    )["Payload"]


def conversed(url: str) -> Any:
    said = [{"role": "user", "content": [{"text": "hello"}]}]
    return client("bedrock-runtime", url).converse_stream(modelId="m", messages=said)["stream"]


def invoked(url: str) -> Any:
    runtime = client("bedrock-runtime", url)
    return runtime.invoke_model_with_response_stream(modelId="m", body=b'{"prompt": "hello"}')["body"]


def called(url: str) -> Any:
    return client("lambda", url).invoke_with_response_stream(FunctionName="f", Payload=b"{}")["EventStream"]


SAID = [b'{"contentBlockIndex": 0, "delta": {"text": "%s"}}' % word for word in (b"one", b"two", b"three")]


@pytest.mark.parametrize(
    ("open_stream", "pieces"),
    [
        (shard_events, shard_frames(3)),
        (selected, [frame("Records", b"a,b\n"), frame("Records", b"c,d\n"), frame("End", b"")]),
        (conversed, [frame("contentBlockDelta", said) for said in SAID]),
        (invoked, [frame("chunk", b'{"bytes": "eyJhIjogMX0="}') for _ in range(3)]),
        (called, [frame("PayloadChunk", b"part") for _ in range(3)]),
    ],
    ids=["kinesis", "s3-select", "converse", "invoke-model", "lambda"],
)
def test_events_reach_the_code_while_they_are_recorded(
    open_stream: Callable[[str], Any], pieces: list[bytes]
) -> None:
    def work(url: str, given: Callable[[], None]) -> list[Any]:
        events: list[Any] = []
        read_into(events, open_stream(url), given)
        return events

    with streamer(pieces) as service:
        live, replayed, tape = record_then_replay(service, work)
    assert len(live) == 3
    assert replayed == live
    (interaction,) = tape
    assert isinstance(interaction.outcome, Response)
    assert interaction.outcome.body == b"".join(pieces)
    assert interaction.outcome.broken == ""


def test_an_event_that_is_an_exception_is_raised_again() -> None:
    def work(url: str, given: Callable[[], None]) -> tuple[int, str]:
        events: list[Any] = []
        stream = conversed(url)
        with pytest.raises(EventStreamError) as caught:
            read_into(events, stream, given)
        stream.close()
        return len(events), str(caught.value)

    error = frame("throttlingException", b'{"message": "slow down"}', kind="exception")
    with streamer([frame("contentBlockDelta", SAID[0]), error]) as service:
        live, replayed, _ = record_then_replay(service, work)
    assert live == replayed
    assert live[0] == 1
    assert "slow down" in live[1]


def test_a_stream_that_the_code_stops_reading_is_recorded_as_far_as_it_was_read() -> None:
    def work(url: str, given: Callable[[], None]) -> list[str]:
        events = []
        stream = shard_events(url)
        for event in stream:
            events.append(event["SubscribeToShardEvent"]["ContinuationSequenceNumber"])
            if len(events) == 2:
                break
            given()
        stream.close()
        return events

    with streamer(shard_frames(9)) as service:
        live, replayed, tape = record_then_replay(service, work)
    assert live == replayed == ["0", "1"]
    assert broken(tape[0]) == UNREAD


def test_reading_on_where_the_recorded_code_stopped_is_a_miss() -> None:
    recorder = Memory()
    with streamer(shard_frames(3)) as service, entered(recorder):
        stream = shard_events(service.url)
        first = next(iter(stream))
        stream.close()
    seen = []
    with entered(Memory(recorder.tape)), pytest.raises(Miss, match="recorded only in part"):
        seen.extend(shard_events(DEAD))
    with entered(Memory(recorder.tape)):
        stream = iter(shard_events(DEAD))
        assert next(stream) == first
        with pytest.raises(Miss, match="recorded only in part"):
            next(stream)


def test_a_stream_whose_connection_breaks_breaks_there_again() -> None:
    def work(url: str, given: Callable[[], None]) -> tuple[list[Any], str]:
        events: list[Any] = []
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            read_into(events, shard_events(url), given)
        return events, type(caught.value).__name__

    with streamer(shard_frames(2), cut=True) as service:
        live, replayed, tape = record_then_replay(service, work)
    assert live == replayed
    assert len(live[0]) == 2
    assert broken(tape[0]) == "ProtocolError"


def test_a_stream_that_falls_silent_times_out_again() -> None:
    def work(url: str, given: Callable[[], None]) -> tuple[list[Any], str]:
        events: list[Any] = []
        with pytest.raises(urllib3.exceptions.ReadTimeoutError) as caught:
            read_into(events, shard_events(url, read_timeout=0.3))
        return events, type(caught.value).__name__

    with streamer(shard_frames(1), stall=True) as service:
        live, replayed, tape = record_then_replay(service, work)
        service.given()
    assert live == replayed
    assert broken(tape[0]) == "ReadTimeoutError"


def test_interactions_are_in_the_order_of_requests_whichever_stream_ends_first() -> None:
    def work(url: str, given: Callable[[], None]) -> list[Any]:
        first, second = iter(conversed(url)), iter(invoked(url))
        return [next(first), next(second), *second, *first]

    for_both = frame("contentBlockDelta", SAID[0]) + frame("chunk", b'{"bytes": "eyJhIjogMX0="}')
    with streamer([for_both]) as service:
        live, replayed, tape = record_then_replay(service, work)
    assert live == replayed
    assert [interaction.request.label for interaction in tape] == [
        "bedrock-runtime.ConverseStream",
        "bedrock-runtime.InvokeModelWithResponseStream",
    ]


def test_a_stream_that_a_thread_still_reads_is_recorded_as_far_as_it_was_read() -> None:
    recorder = Memory()
    has_one, may_go_on, events = threading.Event(), threading.Event(), []

    def read(stream: Any) -> None:
        for event in stream:
            events.append(event)
            has_one.set()
            may_go_on.wait(5)

    with streamer(shard_frames(3)) as service:
        with entered(recorder):
            thread = threading.Thread(target=read, args=(shard_events(service.url),))
            thread.start()
            assert has_one.wait(5)
        tape = recorder.tape
        for _ in range(2):
            service.given()
        may_go_on.set()
        thread.join(5)
    assert len(events) == 3, "the stream went on for the code"
    assert broken(tape[0]) == UNREAD
    assert isinstance(tape[0].outcome, Response)
    assert tape[0].outcome.body == shard_frames(1)[0]


# Streaming bodies.

LINES = [b"one\ntwo\n", b"three\nfo", b"ur\n"]
WHOLE = b"".join(LINES)


def body_of(url: str) -> Any:
    return client("s3", url, s3={"addressing_style": "path"}).get_object(Bucket="b", Key="k")["Body"]


def in_chunks(body: Any) -> Iterator[bytes]:
    yield from body.iter_chunks(8)


def into_buffers(body: Any) -> Iterator[bytes]:
    if not hasattr(body, "readinto"):  # botocore before 1.37
        yield from in_chunks(body)
        return
    buffer = bytearray(8)
    while size := body.readinto(buffer):
        yield bytes(buffer[:size])


def as_raw(body: Any) -> Iterator[bytes]:
    with body as raw:
        while data := raw.read(8):
            yield data


@pytest.mark.parametrize("read", [in_chunks, into_buffers, as_raw])
def test_chunks_of_a_body_reach_the_code_as_they_come(read: Callable[[Any], Iterator[bytes]]) -> None:
    def work(url: str, given: Callable[[], None]) -> list[bytes]:
        chunks: list[bytes] = []
        read_into(chunks, read(body_of(url)), given)
        return chunks

    with streamer(LINES, length=len(WHOLE)) as service:
        live, replayed, tape = record_then_replay(service, work)
    assert live == replayed == LINES
    assert broken(tape[0]) == ""


@pytest.mark.parametrize("length", [None, len(WHOLE)], ids=["chunked", "length"])
@pytest.mark.parametrize(
    "read",
    [
        lambda body: (body.read(), body.read()),
        lambda body: (body.read(5), body.read()),
        lambda body: (body.read(len(WHOLE)),),
        lambda body: list(body.iter_lines()),
        lambda body: list(body.iter_lines(4, keepends=True)),
        lambda body: list(body),
        lambda body: body.readlines(),
        lambda body: (body.read(0), body.tell(), body.read(3), body.tell()),
        lambda body: (body.read(3), body.close()),
    ],
    ids=["whole-twice", "in-two", "exactly", "lines", "keepends", "iterated", "readlines", "tell", "closed"],
)
def test_a_body_comes_back_however_it_is_read(length: int | None, read: Callable[[Any], Any]) -> None:
    with streamer([WHOLE], length=length) as service:
        live, replayed, _ = record_then_replay(service, lambda url, _: read(body_of(url)))
    assert replayed == live


def test_a_body_that_is_read_in_half_and_dropped_is_recorded_in_half() -> None:
    with streamer([WHOLE], length=len(WHOLE)) as service:
        live, replayed, tape = record_then_replay(service, lambda url, _: body_of(url).read(5))
    gc.collect()
    assert live == replayed == WHOLE[:5]
    assert broken(tape[0]) == UNREAD
    with entered(Memory(tape)), pytest.raises(Miss, match=r"s3\.GetObject was recorded only in part"):
        body_of(DEAD).read()


def test_a_body_that_nobody_reads_holds_no_connection() -> None:
    """A dropped response closes its connection, as it does without a recorder."""
    with streamer([WHOLE], length=len(WHOLE)) as service:
        http = urllib3.PoolManager(maxsize=1)
        recorder = Memory()
        with entered(recorder):
            response = http.request("GET", service.url, preload_content=False)
            connection = response.connection
            del response
        assert connection is not None
        assert connection.is_closed
    assert broken(recorder.tape[0]) == UNREAD


def test_a_body_cut_short_of_its_length_is_cut_there_again() -> None:
    def work(url: str, given: Callable[[], None]) -> tuple[bytes, str]:
        got: list[bytes] = []
        # Older versions of botocore leave it to urllib3 to compare lengths.
        with pytest.raises((IncompleteReadError, ResponseStreamingError)) as caught:
            read_into(got, body_of(url))
        return b"".join(got), type(caught.value).__name__

    with streamer([WHOLE], length=100, cut=True) as service:
        live, replayed, _ = record_then_replay(service, work)
    assert live == replayed
    assert live[0] == WHOLE


@pytest.mark.parametrize(
    ("ending", "error"),
    [({"cut": True}, ResponseStreamingError), ({"stall": True}, ReadTimeoutError)],
    ids=["cut", "stall"],
)
def test_a_body_that_breaks_raises_what_it_raised(ending: dict[str, bool], error: type[Exception]) -> None:
    def work(url: str, given: Callable[[], None]) -> tuple[bytes, str]:
        s3 = client("s3", url, s3={"addressing_style": "path"}, read_timeout=0.3)
        body = s3.get_object(Bucket="b", Key="k")["Body"]
        got = body.read(4)
        with pytest.raises(error) as caught:
            body.read()
        return got, type(caught.value).__name__

    with streamer([WHOLE], **ending) as service:
        live, replayed, _ = record_then_replay(service, work)
        service.given()
    assert live == replayed
    assert live[0] == WHOLE[:4]


# The same for requests and urllib3, which share the pool.


def test_server_sent_events_reach_the_code_while_they_are_recorded() -> None:
    def work(url: str, given: Callable[[], None]) -> list[bytes]:
        lines = []
        with requests.get(url, stream=True, timeout=6) as response:
            for line in response.iter_lines(chunk_size=1):
                lines.append(line)
                if not line:
                    given()
        return lines

    events = [b"data: %d\n\n" % number for number in range(3)]
    with streamer(events, headers=[("Content-Type", "text/event-stream")]) as service:
        live, replayed, tape = record_then_replay(service, work)
    assert live == replayed == [b"data: 0", b"", b"data: 1", b"", b"data: 2", b""]
    assert broken(tape[0]) == ""


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_chunked_body_that_is_dropped_in_the_middle_comes_back_to_there(coding: str) -> None:
    def work(url: str, given: Callable[[], None]) -> bytes:
        with requests.get(url, stream=True, timeout=6) as response:
            return next(response.iter_content(None))

    pieces = [gzip.compress(line, mtime=0) if coding else line for line in LINES]
    with streamer(pieces, headers=[("Content-Encoding", coding)] if coding else ()) as service:
        live, replayed, tape = record_then_replay(service, work)
        service.given()
        service.given()
    assert live == replayed == LINES[0]
    assert broken(tape[0]) == UNREAD


def test_a_chunked_body_cut_in_the_middle_gives_all_that_came_before(http: Service) -> None:
    def work(url: str, given: Callable[[], None]) -> tuple[bytes, str]:
        got: list[bytes] = []
        response = requests.get(url, stream=True, timeout=6)
        with pytest.raises(requests.exceptions.ChunkedEncodingError) as caught:
            read_into(got, response.iter_content(4096), given)
        return b"".join(got), type(caught.value).__name__

    with streamer(LINES, cut=True) as service:
        live, replayed, _ = record_then_replay(service, work)
    assert live == replayed == (WHOLE, "ChunkedEncodingError")


def test_a_response_that_is_read_to_its_end_gives_its_connection_back(http: Service) -> None:
    recorder = Memory()
    with entered(recorder), urllib3.PoolManager(maxsize=1, block=True, timeout=2) as manager:
        for _ in range(3):
            response = manager.request("GET", http.url + "/chunked", preload_content=False)
            assert b"".join(response.stream()) == b"one two three"
    assert len(recorder.tape) == 3

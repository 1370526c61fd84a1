"""Recording and replaying AWS calls through botocore, against moto's server over a socket."""

from __future__ import annotations

import gzip
import io
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, WaiterError

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.errors import Miss
from sealtape.interaction import AwsRequest, Failure, Interaction, Response
from tests.unit.capture.conversations import Memory

DEAD = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


def client(service: str, url: str, **options: Any) -> Any:
    """Return a client with its own invented credentials."""
    given = {"aws_access_key_id": "AKIA" + "EXAMPLEEXAMPLE00", "aws_secret_access_key": "x" * 40}
    return boto3.client(service, endpoint_url=url, region_name="eu-west-1", **(given | options))


def record_then_replay(url: str, work: Callable[[str], Any]) -> tuple[Any, Any, list[Interaction]]:
    """Run ``work`` against the server, then again with nothing listening; return both results."""
    recorder = Memory()
    with entered(recorder):
        live = work(url)
    tape = list(recorder.tape)
    with entered(Memory(tape)):
        return live, work(DEAD), tape


def test_json_protocol_comes_back_parsed_as_it_was(moto_url: str) -> None:
    def work(url: str) -> Any:
        table = {
            "TableName": "locks-json",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        ddb = client("dynamodb", url)
        ddb.create_table(**table)
        ddb.put_item(TableName="locks-json", Item={"id": {"S": "a"}, "blob": {"B": b"\x00\xff"}})
        return ddb.get_item(TableName="locks-json", Key={"id": {"S": "a"}})

    live, replayed, tape = record_then_replay(moto_url, work)
    assert replayed == live
    assert [i.request.label for i in tape] == ["dynamodb.CreateTable", "dynamodb.PutItem", "dynamodb.GetItem"]


def test_query_and_ec2_protocols_come_back(moto_url: str) -> None:
    def work(url: str) -> Any:
        role = client("sts", url).get_caller_identity()
        reservation = client("ec2", url).run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
        return role, reservation["Instances"][0]["InstanceId"]

    live, replayed, _ = record_then_replay(moto_url, work)
    assert replayed[1] == live[1]
    assert replayed[0]["Account"] == live[0]["Account"]


def test_rest_xml_and_rest_json_protocols_come_back(moto_url: str) -> None:
    def work(url: str) -> Any:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="rest-xml", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        names = [b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"] == "rest-xml"]
        return names, client("lambda", url).list_functions()["Functions"]

    live, replayed, _ = record_then_replay(moto_url, work)
    assert replayed == live == (["rest-xml"], [])


def test_modelled_errors_are_raised_as_their_own_class(moto_url: str) -> None:
    def work(url: str) -> str:
        ddb = client("dynamodb", url)
        with pytest.raises(ddb.exceptions.ResourceNotFoundException) as caught:
            ddb.get_item(TableName="no-such-table", Key={"id": {"S": "a"}})
        return str(caught.value)

    live, replayed, _ = record_then_replay(moto_url, work)
    assert replayed == live


@pytest.mark.parametrize(
    ("body", "extra"),
    [
        (b"plain text", {}),
        (bytes(range(256)) * 10, {}),
        (b"", {}),
        (gzip.compress(b"inner" * 100, mtime=0), {"ContentEncoding": "gzip"}),
    ],
    ids=["text", "binary", "empty", "gzip"],
)
def test_s3_bodies_come_back_byte_for_byte(moto_url: str, body: bytes, extra: dict[str, str]) -> None:
    def work(url: str) -> tuple[Any, ...]:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="bodies", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="bodies", Key="k", Body=body, **extra)
        head = s3.head_object(Bucket="bodies", Key="k")
        got = s3.get_object(Bucket="bodies", Key="k")
        s3.delete_object(Bucket="bodies", Key="k")
        s3.delete_bucket(Bucket="bodies")
        return head["ContentLength"], got["ContentLength"], got["Body"].read(), got["Body"].read()

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == (len(body), len(body), body, b"")
    assert len(tape) == 6  # nothing twice: the pool below does not record the same exchange


def test_a_streaming_body_can_be_read_in_lines_and_chunks(moto_url: str) -> None:
    def work(url: str) -> Any:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="lines", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="lines", Key="k", Body=b"one\ntwo\nthree")
        lines = list(s3.get_object(Bucket="lines", Key="k")["Body"].iter_lines())
        chunks = list(s3.get_object(Bucket="lines", Key="k")["Body"].iter_chunks(5))
        return lines, chunks

    live, replayed, _ = record_then_replay(moto_url, work)
    assert live == replayed == ([b"one", b"two", b"three"], [b"one\nt", b"wo\nth", b"ree"])


def test_uploads_from_files_and_transfers_match_by_content(moto_url: str, tmp_path: Any) -> None:
    source = tmp_path / "artifact.bin"
    source.write_bytes(b"artifact" * 1000)

    def work(url: str) -> bytes:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.upload_file(str(source), "files", "a")
        s3.upload_fileobj(io.BytesIO(b"in memory"), "files", "b")
        with source.open("rb") as file:
            s3.put_object(Bucket="files", Key="c", Body=file)
        target = io.BytesIO()
        s3.download_fileobj("files", "a", target)
        return target.getvalue()

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == source.read_bytes()
    put = [i.request for i in tape if i.request.label == "s3.PutObject"]
    assert sorted(r.body or b"" for r in put if isinstance(r, AwsRequest)) == sorted(
        [source.read_bytes(), b"in memory", source.read_bytes()]
    )


def test_upload_progress_is_reported_once_while_recording_and_once_on_replay(moto_url: str) -> None:
    def work(url: str) -> int:
        s3 = client("s3", url)
        s3.create_bucket(Bucket="progress", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        seen: list[int] = []
        s3.upload_fileobj(io.BytesIO(b"x" * 5000), "progress", "k", Callback=seen.append)
        return sum(seen)

    live, replayed, _ = record_then_replay(moto_url, work)
    assert live == replayed == 5000


def test_paginators_follow_recorded_tokens(moto_url: str) -> None:
    def work(url: str) -> list[str]:
        ssm = client("ssm", url)
        for number in range(5):
            ssm.put_parameter(Name=f"/page/{number}", Value="v", Type="String", Overwrite=True)
        pages = ssm.get_paginator("get_parameters_by_path").paginate(
            Path="/page", PaginationConfig={"PageSize": 2}
        )
        return [p["Name"] for page in pages for p in page["Parameters"]]

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == [f"/page/{n}" for n in range(5)]
    assert sum(i.request.label == "ssm.GetParametersByPath" for i in tape) == 3


def test_waiters_do_not_sleep_on_replay(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(url: str) -> str:
        s3 = client("s3", url)
        waiter = s3.get_waiter("bucket_exists")
        with pytest.raises(WaiterError) as caught:
            waiter.wait(Bucket="never-made", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
        return str(caught.value)

    recorder = Memory()
    with entered(recorder):
        live = work(moto_url)
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with entered(Memory(recorder.tape)):
        assert work(DEAD) == live
    assert slept == []


def test_every_retried_attempt_is_recorded_and_replayed_without_sleeping(
    http: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(url: str) -> int:
        sqs = client("sqs", url + "/status/503" if url != DEAD else DEAD, config=retries)
        with pytest.raises(ClientError) as caught:
            sqs.list_queues()
        return int(caught.value.response["ResponseMetadata"]["RetryAttempts"])

    retries = Config(retries={"mode": "standard", "total_max_attempts": 3})
    recorder = Memory()
    with entered(recorder):
        live = work(http.url)
    assert live == 2
    assert len(recorder.tape) == 3
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    with entered(Memory(recorder.tape)):
        assert work(DEAD) == 2
    assert slept == []


def test_a_refused_connection_is_recorded_and_raised_again() -> None:
    def work() -> str:
        quick = Config(retries={"mode": "standard", "total_max_attempts": 1})
        with pytest.raises(EndpointConnectionError) as caught:
            client("sqs", DEAD, config=quick).list_queues()
        return type(caught.value).__name__

    recorder = Memory()
    with entered(recorder):
        work()
    assert isinstance(recorder.tape[0].outcome, Failure)
    with entered(Memory(recorder.tape)):
        assert work() == "EndpointConnectionError"


def test_clients_made_before_the_hook_are_reached(moto_url: str) -> None:
    early = client("sts", moto_url)
    early.get_caller_identity()  # its handlers are long registered
    recorder = Memory()
    with entered(recorder):
        account = early.get_caller_identity()["Account"]
    with entered(Memory(recorder.tape)):
        assert early.get_caller_identity()["Account"] == account


def test_resources_match_by_what_the_caller_wrote(moto_url: str) -> None:
    from decimal import Decimal

    from boto3.dynamodb.conditions import Key

    def work(url: str) -> Any:
        session = boto3.Session("AKIA" + "EXAMPLEEXAMPLE00", "x" * 40, region_name="eu-west-1")
        table = session.resource("dynamodb", endpoint_url=url).create_table(
            TableName="resource",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        table.put_item(Item={"id": "a", "n": Decimal("1.5"), "tags": {"x", "y"}})
        return table.query(KeyConditionExpression=Key("id").eq("a"))["Items"]

    live, replayed, _ = record_then_replay(moto_url, work)
    assert replayed == live == [{"id": "a", "n": Decimal("1.5"), "tags": {"x", "y"}}]


def test_calls_on_threads_are_all_recorded_and_replayed(moto_url: str) -> None:
    def work(url: str) -> list[str]:
        ssm = client("ssm", url, config=Config(max_pool_connections=8))

        def put(number: int) -> str:
            ssm.put_parameter(Name=f"/t/{number}", Value=str(number), Type="String", Overwrite=True)
            return str(ssm.get_parameter(Name=f"/t/{number}")["Parameter"]["Value"])

        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(put, range(20)))

    live, replayed, tape = record_then_replay(moto_url, work)
    assert live == replayed == [str(n) for n in range(20)]
    assert len(tape) == 40


def test_a_replayed_request_is_not_signed_and_credentials_are_not_refreshed(moto_url: str) -> None:
    from botocore.credentials import RefreshableCredentials
    from botocore.session import Session

    recorder = Memory()
    with entered(recorder):
        client("sts", moto_url).get_caller_identity()
    refreshed = threading.Event()

    def refresh() -> dict[str, str]:
        refreshed.set()
        raise AssertionError("a replay must not refresh credentials")

    session = Session()
    session._credentials = RefreshableCredentials(
        None, None, None, None, refresh_using=refresh, method="test"
    )
    with entered(Memory(recorder.tape)):
        session.create_client("sts", region_name="eu-west-1").get_caller_identity()
    assert not refreshed.is_set()


def test_credentials_in_use_are_learned_while_recording(moto_url: str) -> None:
    recorder = Memory()
    with entered(recorder):
        client("sts", moto_url, aws_session_token="s" * 60).get_caller_identity()
    assert {rule for _, rule in recorder.secrets} == {"access-key-id", "secret-access-key", "session-token"}
    request = recorder.tape[0].request
    assert isinstance(request, AwsRequest)
    assert request.caller == "AKIA" + "EXAMPLEEXAMPLE00"


def test_a_generated_idempotency_token_takes_no_part(moto_url: str) -> None:
    recorder = Memory()
    with entered(recorder):
        client("secretsmanager", moto_url).create_secret(Name="idempotent", SecretString="s")
    request = recorder.tape[0].request
    assert isinstance(request, AwsRequest)
    assert set(request.parameters) == {"Name", "SecretString"}


def test_moto_in_process_can_be_the_provider() -> None:
    from moto import mock_aws

    def work() -> Any:
        s3 = boto3.client("s3", "us-east-1", aws_access_key_id="a" * 16, aws_secret_access_key="b" * 40)
        s3.create_bucket(Bucket="inside")
        s3.put_object(Bucket="inside", Key="k", Body=b"bytes")
        return s3.get_object(Bucket="inside", Key="k")["Body"].read()

    recorder = Memory()
    with mock_aws(), entered(recorder):
        assert work() == b"bytes"
    assert [i.request.label for i in recorder.tape] == ["s3.CreateBucket", "s3.PutObject", "s3.GetObject"]
    with entered(Memory(recorder.tape)):
        assert work() == b"bytes"


def test_a_miss_is_raised_at_the_call_and_not_retried(moto_url: str) -> None:
    with entered(Memory([])), pytest.raises(Miss, match=r"sts\.GetCallerIdentity"):
        client("sts", DEAD).get_caller_identity()


def test_presigned_urls_are_still_signed_on_replay() -> None:
    with entered(Memory([])):
        url = client("s3", DEAD).generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "k"})
    assert "Signature=" in url


def test_headers_come_back_as_they_came(moto_url: str) -> None:
    recorder = Memory()
    with entered(recorder):
        client("sts", moto_url).get_caller_identity()
    outcome = recorder.tape[0].outcome
    assert isinstance(outcome, Response)
    names = [name for name, _ in outcome.headers]
    assert "Content-Type" in names  # in the server's own case
    with entered(Memory(recorder.tape)):
        replayed = client("sts", DEAD).get_caller_identity()
    headers = replayed["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-type"] == dict(outcome.headers)["Content-Type"]

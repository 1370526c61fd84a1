from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from sealtape.capture import aws, pool
from sealtape.capture.current import entered
from sealtape.capture.sandbox import Sandbox, is_loopback
from sealtape.errors import SandboxExhausted, SandboxRefused
from sealtape.interaction import AwsRequest, HttpRequest
from sealtape.settings import SandboxSettings
from tests.unit.capture.conversations import Memory

REAL = "https://sqs.eu-west-1.amazonaws.com/"
HERE = "http://127.0.0.1:5000/"


@pytest.fixture(autouse=True)
def _hooked() -> None:
    aws.install()
    pool.install()


def request(operation: str = "ListQueues", region: str = "eu-west-1") -> AwsRequest:
    return AwsRequest("sqs", operation, {}, region=region, caller="AKIA" + "EXAMPLEEXAMPLE00")


def sts_client(url: str) -> Any:
    return boto3.client(
        "sts", "eu-west-1", endpoint_url=url, aws_access_key_id="a" * 16, aws_secret_access_key="b" * 40
    )


def test_a_real_endpoint_is_refused_unless_accounts_and_regions_are_named() -> None:
    with pytest.raises(SandboxRefused, match="regions are not set"):
        Sandbox(SandboxSettings()).permit_aws(None, request(), REAL)
    with pytest.raises(SandboxRefused, match="accounts is not set"):
        Sandbox(SandboxSettings(regions=("eu-west-1",))).permit_aws(None, request(), REAL)


def test_another_region_is_refused() -> None:
    sandbox = Sandbox(SandboxSettings(accounts=("1",), regions=("eu-west-1",)))
    with pytest.raises(SandboxRefused, match="may not be recorded in us-east-1"):
        sandbox.permit_aws(None, request(region="us-east-1"), REAL)


def test_the_account_is_asked_of_sts_once_per_credentials(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    allowed = Sandbox(SandboxSettings(accounts=("123456789012",), regions=("eu-west-1",)))
    recorder = Memory()
    with entered(recorder):
        allowed.permit_aws(sts_client(moto_url), request(), REAL)
        allowed.permit_aws(None, request(), REAL)  # no client: it may not be asked again
    assert recorder.tape == []


def test_the_wrong_account_is_refused_without_printing_it(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    sandbox = Sandbox(SandboxSettings(accounts=("999999999999",), regions=("eu-west-1",)))
    with pytest.raises(SandboxRefused, match="ends in 9012") as caught:
        sandbox.permit_aws(sts_client(moto_url), request(), REAL)
    assert "123456789012" not in str(caught.value)


def test_the_guard_can_ask_sts_while_a_call_is_being_recorded(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question is a call inside of a call, and belongs to no recording."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto_url)
    recorder = Memory(sandbox=SandboxSettings(accounts=("999999999999",), regions=("eu-west-1",)))
    client = boto3.client("ec2", "eu-west-1", aws_access_key_id="a" * 16, aws_secret_access_key="b" * 40)
    with entered(recorder), pytest.raises(SandboxRefused, match="ends in 9012"):
        client.describe_vpcs()
    assert recorder.tape == []


def test_a_refused_call_is_neither_sent_nor_recorded() -> None:
    recorder = Memory()
    client = boto3.client("sqs", "eu-west-1", aws_access_key_id="a" * 16, aws_secret_access_key="b" * 40)
    with entered(recorder), pytest.raises(SandboxRefused, match=r"sqs\.ListQueues"):
        client.list_queues()
    assert recorder.tape == []


def test_loopback_needs_no_permission() -> None:
    sandbox = Sandbox(SandboxSettings())
    sandbox.permit_aws(None, request("DeleteQueue"), HERE)
    sandbox.permit_http(HttpRequest("DELETE", HERE))
    assert sandbox.calls == 2


@pytest.mark.parametrize("operation", ["DeleteQueue", "ReceiveMessage", "GetSessionToken", "AssumeRole"])
def test_read_only_refuses_what_is_not_a_read_even_on_loopback(operation: str) -> None:
    with pytest.raises(SandboxRefused, match="is not a read"):
        Sandbox(SandboxSettings(read_only=True)).permit_aws(None, request(operation), HERE)


def test_read_only_lets_reads_pass() -> None:
    sandbox = Sandbox(SandboxSettings(read_only=True))
    for operation in ("ListQueues", "DescribeInstances", "GetObject", "HeadObject", "BatchGetItem"):
        sandbox.permit_aws(None, request(operation), HERE)
    sandbox.permit_http(HttpRequest("GET", HERE))
    with pytest.raises(SandboxRefused):
        sandbox.permit_http(HttpRequest("POST", HERE))


def test_hosts_are_patterns_without_regard_to_case() -> None:
    sandbox = Sandbox(SandboxSettings(hosts=("*.Example.com",)))
    sandbox.permit_http(HttpRequest("GET", "https://API.example.com/x"))
    with pytest.raises(SandboxRefused, match=r'add hosts = \["example\.org"\]'):
        sandbox.permit_http(HttpRequest("GET", "https://example.org/x"))


def test_the_budget_is_for_all_calls_together() -> None:
    sandbox = Sandbox(SandboxSettings(max_calls=2))
    sandbox.permit_aws(None, request(), HERE)
    sandbox.permit_http(HttpRequest("GET", HERE))
    with pytest.raises(SandboxExhausted, match="budget of 2 recorded calls"):
        sandbox.permit_aws(None, request(), HERE)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "s3.localhost"])
def test_loopback_is_known_by_name_and_number(host: str) -> None:
    assert is_loopback(f"http://{host}:80/x")


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example.com", "localhost.example.com", "10.0.0.1", "127.example.com"]
)
def test_hosts_that_only_look_like_loopback_are_not(host: str) -> None:
    assert not is_loopback(f"http://{host}/x")


def test_who_records_without_credentials_is_told_how_to_have_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with entered(Memory()), pytest.raises(NoCredentialsError) as raised:
        Session().create_client("sqs", "eu-west-1").list_queues()
    assert "--sandbox=embedded" in raised.value.__notes__[0]


def test_whose_credentials_cannot_be_asked_is_the_sandboxs_refusal_and_not_the_codes_error(
    moto_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    sandbox = Sandbox(SandboxSettings(accounts=("210987654321",), regions=("eu-west-1",)))
    with pytest.raises(SandboxRefused, match="sts:GetCallerIdentity: EndpointConnectionError"):
        sandbox.permit_aws(sts_client(moto_url), request(), REAL)

"""Replays what was recorded once against moto's server and a real HTTP service."""

from __future__ import annotations

import json

import boto3
import httpx
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

pytestmark = pytest.mark.vcr


def test_an_object_and_its_lock() -> None:
    s3, ddb = boto3.client("s3"), boto3.client("dynamodb")
    s3.create_bucket(Bucket="example-own")
    s3.put_object(Bucket="example-own", Key="a.bin", Body=bytes(range(256)))
    assert s3.get_object(Bucket="example-own", Key="a.bin")["Body"].read() == bytes(range(256))
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="example-own", Key="missing")
    with pytest.raises(ddb.exceptions.ResourceNotFoundException):
        ddb.get_item(TableName="no-such-table", Key={"id": {"S": "a"}})


def test_credentials_of_an_assumed_role_can_be_used() -> None:
    iam = boto3.client("iam")
    policy = {"Version": "2012-10-17", "Statement": []}
    role = iam.create_role(RoleName="example-own", AssumeRolePolicyDocument=json.dumps(policy))["Role"]
    assumed = boto3.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="own")["Credentials"]
    sts = boto3.client(
        "sts",
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    identity = sts.get_caller_identity()
    assert identity["Arn"].endswith("assumed-role/example-own/own")
    assert role["Arn"].split(":")[4] == identity["Account"]


def test_a_token_is_sent_back_where_it_came_from(service_url: str) -> None:
    token = requests.post(f"{service_url}/token", timeout=5).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.get(f"{service_url}/gzip", headers=headers, timeout=5).text.startswith('{"answer": 42}')
    cookies = httpx.get(f"{service_url}/cookie", headers=headers).cookies
    assert sorted(cookies.keys()) == ["a", "b"]


def test_a_service_that_is_unavailable_is_asked_three_times(service_url: str) -> None:
    retries = Config(retries={"mode": "standard", "total_max_attempts": 3})
    sqs = boto3.client("sqs", endpoint_url=f"{service_url}/status/503", config=retries)
    with pytest.raises(ClientError) as caught:
        sqs.list_queues()
    assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == 2

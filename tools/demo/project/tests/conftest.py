from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import pytest
import requests

ANNOUNCE_URL = os.environ.get("ANNOUNCE_URL", "http://127.0.0.1:8642")


@pytest.fixture(scope="session")
def announce_token() -> str:
    """Log in once; the traffic of a session fixture has a cassette of its own."""
    login = {"username": "release-bot", "password": "correct horse battery staple"}
    response = requests.post(f"{ANNOUNCE_URL}/login", json=login, timeout=10)
    response.raise_for_status()
    return str(response.json()["access_token"])


@pytest.fixture
def bucket() -> Iterator[str]:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="example-artifacts")
    yield "example-artifacts"
    for stored in s3.list_objects_v2(Bucket="example-artifacts").get("Contents", []):
        s3.delete_object(Bucket="example-artifacts", Key=stored["Key"])
    s3.delete_bucket(Bucket="example-artifacts")


@pytest.fixture
def lock_table() -> Iterator[str]:
    ddb = boto3.client("dynamodb")
    ddb.create_table(
        TableName="example-locks",
        KeySchema=[{"AttributeName": "lock", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "lock", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    ddb.get_waiter("table_exists").wait(TableName="example-locks")
    yield "example-locks"
    ddb.delete_table(TableName="example-locks")


@pytest.fixture
def queue_url() -> Iterator[str]:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="example-releases")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def user() -> Iterator[str]:
    iam = boto3.client("iam")
    iam.create_user(UserName="deployer")
    yield "deployer"
    for key in iam.list_access_keys(UserName="deployer")["AccessKeyMetadata"]:
        iam.delete_access_key(UserName="deployer", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="deployer")


@pytest.fixture
def secret_id() -> Iterator[str]:
    secrets = boto3.client("secretsmanager")
    secrets.create_secret(Name="deployer-key", SecretString="{}")
    yield "deployer-key"
    secrets.delete_secret(SecretId="deployer-key", ForceDeleteWithoutRecovery=True)

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from conftest import ANNOUNCE_URL
from releases import Locked, Target, publish

pytestmark = pytest.mark.vcr


@pytest.fixture
def artifact(tmp_path: Path) -> Path:
    path = tmp_path / "service.whl"
    path.write_bytes(b"PK\x03\x04 a build artifact " * 100)
    return path


@pytest.fixture
def target(bucket: str, lock_table: str, queue_url: str, announce_token: str) -> Target:
    return Target(bucket, lock_table, queue_url, ANNOUNCE_URL, announce_token)


def test_the_artifact_arrives_whole(artifact: Path, target: Target) -> None:
    assert publish(artifact, "1.4.0", target, "ci-17") == "s3://example-artifacts/releases/1.4.0/service.whl"
    stored = boto3.client("s3").get_object(Bucket=target.bucket, Key="releases/1.4.0/service.whl")
    assert stored["Body"].read() == artifact.read_bytes()
    assert stored["Metadata"]["sha256"] == hashlib.sha256(artifact.read_bytes()).hexdigest()


def test_the_queue_hears_of_the_release(artifact: Path, target: Target) -> None:
    publish(artifact, "1.4.1", target, "ci-18")
    received = boto3.client("sqs").receive_message(QueueUrl=target.queue_url)["Messages"]
    assert json.loads(received[0]["Body"])["version"] == "1.4.1"


def test_a_second_publisher_is_told_who_holds_the_lock(artifact: Path, target: Target) -> None:
    item = {"lock": {"S": "publish"}, "owner": {"S": "ci-19"}}
    boto3.client("dynamodb").put_item(TableName=target.lock_table, Item=item)
    with pytest.raises(Locked, match="ci-19 is publishing"):
        publish(artifact, "1.4.2", target, "ci-20")


def test_a_refused_announcement_releases_the_lock(artifact: Path, target: Target) -> None:
    with pytest.raises(requests.HTTPError, match="409"):
        publish(artifact, "0.0.0-withdrawn", target, "ci-21")
    left = boto3.client("dynamodb").scan(TableName=target.lock_table)
    assert left["Count"] == 0


def test_a_missing_bucket_is_not_announced(artifact: Path, target: Target) -> None:
    elsewhere = replace(target, bucket="example-nowhere")
    with pytest.raises((ClientError, boto3.exceptions.S3UploadFailedError), match="NoSuchBucket"):
        publish(artifact, "1.4.3", elsewhere, "ci-22")
    assert "Messages" not in boto3.client("sqs").receive_message(QueueUrl=target.queue_url)

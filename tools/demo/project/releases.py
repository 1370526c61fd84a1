"""Publish a build artifact: to S3 under a lock in DynamoDB, then tell SQS and the announcement service."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import requests


class Locked(Exception):
    """Somebody else is publishing."""


@dataclass(frozen=True)
class Target:
    """Where releases go."""

    bucket: str
    lock_table: str
    queue_url: str
    announce_url: str
    announce_token: str


def publish(artifact: Path, version: str, target: Target, owner: str) -> str:
    """Publish ``artifact`` as ``version`` and return its S3 URL."""
    s3 = boto3.client("s3")
    key = f"releases/{version}/{artifact.name}"
    with _lock(target.lock_table, "publish", owner):
        digest = hashlib.sha256(artifact.read_bytes()).hexdigest()
        s3.upload_file(str(artifact), target.bucket, key, ExtraArgs={"Metadata": {"sha256": digest}})
        stored = s3.head_object(Bucket=target.bucket, Key=key)
        if stored["ContentLength"] != artifact.stat().st_size:
            raise RuntimeError(f"{key} arrived with {stored['ContentLength']} bytes")
        _announce(target, version, key, digest)
    return f"s3://{target.bucket}/{key}"


@contextmanager
def _lock(table: str, name: str, owner: str) -> Iterator[None]:
    ddb = boto3.client("dynamodb")
    try:
        ddb.put_item(
            TableName=table,
            Item={"lock": {"S": name}, "owner": {"S": owner}},
            ConditionExpression="attribute_not_exists(#l)",
            ExpressionAttributeNames={"#l": "lock"},
        )
    except ddb.exceptions.ConditionalCheckFailedException:
        held = ddb.get_item(TableName=table, Key={"lock": {"S": name}})
        raise Locked(f"{held['Item']['owner']['S']} is publishing") from None
    try:
        yield
    finally:
        ddb.delete_item(TableName=table, Key={"lock": {"S": name}})


def _announce(target: Target, version: str, key: str, digest: str) -> None:
    message: dict[str, Any] = {"version": version, "key": key, "sha256": digest}
    boto3.client("sqs").send_message(QueueUrl=target.queue_url, MessageBody=json.dumps(message))
    response = requests.post(
        f"{target.announce_url}/announcements",
        json=message,
        headers={"Authorization": f"Bearer {target.announce_token}"},
        timeout=10,
    )
    response.raise_for_status()

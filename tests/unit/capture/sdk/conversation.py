"""What the frozen cassettes beside this file hold, and how they were made.

In an environment with the botocore that a new one is to be named after, and with a Python that has the
newest moto::

    PYTHONPATH=src:. python -m tests.unit.capture.sdk.conversation /path/to/python-with-moto

An existing one is never made again: what older versions recorded stays readable.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

import sealtape

FOLDER = Path(__file__).parent
KEY = (FOLDER.parents[3] / "cassettes" / "SAMPLE_KEY").read_text(encoding="ascii").strip()


def client(service: str, url: str) -> Any:
    keys = {"aws_access_key_id": "AKIA" + "EXAMPLEEXAMPLE00", "aws_secret_access_key": "x" * 40}
    config = Config(s3={"addressing_style": "path"})
    return boto3.client(service, "eu-west-1", endpoint_url=url, config=config, **keys)


def converse(url: str) -> dict[str, Any]:
    """Say something in each protocol; return what the code makes of the answers, as JSON has it."""
    return {
        "json": _json(url),
        "query": client("sts", url).get_caller_identity()["Account"],
        "ec2": _subnets(url),
        "rest-xml": _objects(url),
        "rest-json": _layers(url),
    }


def _json(url: str) -> Any:
    sqs = client("sqs", url)
    queue = sqs.create_queue(QueueName="frozen", Attributes={"VisibilityTimeout": "7"})["QueueUrl"]
    sent = sqs.send_message(QueueUrl=queue, MessageBody="hello")["MD5OfMessageBody"]
    received = sqs.receive_message(QueueUrl=queue)["Messages"]
    try:
        sqs.get_queue_url(QueueName="never-made")
    except sqs.exceptions.QueueDoesNotExist as error:
        code = error.response["Error"]["Code"]
    return sent, [message["Body"] for message in received], code


def _subnets(url: str) -> Any:
    found = client("ec2", url).describe_subnets()["Subnets"]
    return sorted((subnet["CidrBlock"], subnet["State"]) for subnet in found)


def _objects(url: str) -> Any:
    s3 = client("s3", url)
    s3.create_bucket(Bucket="frozen", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="frozen", Key="a/b", Body=b"bytes")
    listed = s3.list_objects_v2(Bucket="frozen")["Contents"]
    try:
        s3.head_object(Bucket="frozen", Key="none")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    body = s3.get_object(Bucket="frozen", Key="a/b")["Body"].read().decode()
    return [item["Key"] for item in listed], status, body


def _layers(url: str) -> Any:
    return client("lambda", url).list_layers()["Layers"]


def watch(url: str) -> list[str]:
    """Talk to CloudWatch, which went from one protocol to another."""
    cloudwatch = client("cloudwatch", url)
    cloudwatch.put_metric_data(Namespace="Frozen", MetricData=[{"MetricName": "m", "Value": 1.5}])
    return [metric["MetricName"] for metric in cloudwatch.list_metrics(Namespace="Frozen")["Metrics"]]


@contextmanager
def frozen(name: str, mode: str = "none") -> Iterator[Any]:
    """Open the frozen cassette called ``name``."""
    os.environ["SEALTAPE_KEY"] = KEY
    with sealtape.use_cassette(FOLDER / name, record_mode=mode) as cassette:
        yield cassette


def main(python: str) -> None:
    """Record with the botocore at hand."""
    from sealtape.capture.embedded import embedded_sandbox

    name = f"botocore-{botocore.__version__}"
    with embedded_sandbox(python) as url:
        with frozen(name, "once"):
            said = converse(url)
        with frozen(f"{name}-cloudwatch", "once"):
            watch(url)
    (FOLDER / f"{name}.json").write_text(json.dumps(said, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main(sys.argv[1])

"""AWS calls that vcrpy recorded below botocore, replayed through boto3."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import vcr

import sealtape
from sealtape.errors import Miss
from sealtape.importing.sealing import seal_into
from sealtape.importing.sources import read, tape_of
from sealtape.library import Library

CREDENTIALS = {
    "aws_access_key_id": "AKIA" + "EXAMPLEEXAMPLE00",
    "aws_secret_access_key": "notAReal/secret+" + "0123456789abcdefghijklmn",
    "region_name": "eu-west-1",
}


def client(service: str, url: str) -> Any:
    return boto3.client(service, endpoint_url=url, **CREDENTIALS)


def query(url: str) -> list[Any]:
    sts = client("sts", url)
    role = sts.assume_role(RoleArn="arn:aws:iam::210987654321:role/deploy", RoleSessionName="session")
    return [role["AssumedRoleUser"]["Arn"], sts.get_caller_identity()["Arn"]]


def json_rpc(url: str) -> list[Any]:
    dynamodb = client("dynamodb", url)
    dynamodb.create_table(
        TableName="example",
        KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    item = {"k": {"S": "x"}, "b": {"B": b"\x00\xff"}}
    dynamodb.put_item(TableName="example", Item=item)
    found = dynamodb.get_item(TableName="example", Key={"k": {"S": "x"}})["Item"]
    dynamodb.delete_table(TableName="example")
    return [found]


def rest_xml(url: str) -> list[Any]:
    s3 = client("s3", url)
    where = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket="example", CreateBucketConfiguration=where)
    s3.put_object(Bucket="example", Key="a b", Body=b"content \xff")
    body = s3.get_object(Bucket="example", Key="a b")["Body"].read()
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket="example")["Contents"]]
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="example", Key="none")
    s3.delete_object(Bucket="example", Key="a b")
    s3.delete_bucket(Bucket="example")
    return [body, keys]


@pytest.mark.parametrize("calls", [query, json_rpc, rest_xml])
def test_calls_recorded_by_vcrpy_are_answered_as_it_answered_them(
    calls: Callable[[str], list[Any]], moto_url: str, tmp_path: Path, library: Library
) -> None:
    plain = tmp_path / "a.yaml"
    with vcr.use_cassette(str(plain), record_mode="all"):
        calls(moto_url)
    with vcr.use_cassette(str(plain), record_mode="none"):
        expected = calls(moto_url)
    seal_into(tape_of(plain), read(plain, "a").interactions, library, "a")
    with sealtape.use_cassette(tape_of(plain), record_mode="none") as cassette:
        told = calls(moto_url)
    assert told == expected
    assert cassette.all_played


def test_a_call_that_vcrpy_did_not_record_like_this_is_a_miss_and_says_how(
    moto_url: str, tmp_path: Path, library: Library
) -> None:
    plain = tmp_path / "a.yaml"
    with vcr.use_cassette(str(plain), record_mode="all"):
        client("sts", moto_url).assume_role(RoleArn="arn:aws:iam::210987654321:role/a", RoleSessionName="one")
    seal_into(tape_of(plain), read(plain, "a").interactions, library, "a")
    with (
        pytest.raises(Miss, match="RoleSessionName"),
        sealtape.use_cassette(tape_of(plain), record_mode="none"),
    ):
        client("sts", moto_url).assume_role(RoleArn="arn:aws:iam::210987654321:role/a", RoleSessionName="two")

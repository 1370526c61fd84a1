from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.awsrequest import AWSResponse

import sealtape
from sealtape.errors import CassetteMalformed
from sealtape.importing.placebo import is_one
from sealtape.importing.sealing import seal_into
from sealtape.importing.sources import read, tape_of
from sealtape.interaction import ANYTHING, AwsRequest, Response
from sealtape.library import Library

FOLDER = Path(__file__).with_name("placebo")
"""Files that placebo 0.10 wrote, of calls to moto's server."""


def write(folder: Path, name: str, data: dict[str, Any], status: int = 200) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps({"status_code": status, "data": data}))
    return folder


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> list[bytes]:
        return [self.read()]


def answered(response: Response, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    """Return what a real client makes of ``response``, without its metadata."""
    client = botocore.session.Session().create_client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="x",
        aws_secret_access_key="y",
    )

    def answer(request: Any, **_: Any) -> AWSResponse:
        return AWSResponse(request.url, response.status, dict(response.headers), _Raw(response.body))

    client.meta.events.register("before-send.*.*", answer)
    parsed: dict[str, Any] = client._make_api_call(operation, parameters)
    del parsed["ResponseMetadata"]
    return parsed


def response(folder: Path, label: str) -> Response:
    found = next(i.outcome for i in read(folder, "x").interactions if i.request.label == label)
    assert isinstance(found, Response)
    return found


def test_a_folder_is_one_recording_of_which_only_operation_and_order_are_known() -> None:
    source = read(FOLDER, "placebo")
    assert source.tool == "placebo"
    assert len(source.files) == len(source.interactions) == 11
    first = source.interactions[0].request
    assert first == AwsRequest("dynamodb", "GetItem", ANYTHING, protocol=first.protocol)  # type: ignore[union-attr]
    assert [i.request.label for i in source.interactions[:2]] == ["dynamodb.GetItem"] * 2
    assert "kept no parameters" in source.notes[0]


def test_clients_get_what_was_recorded_in_each_protocol() -> None:
    vpcs = answered(response(FOLDER, "ec2.DescribeVpcs"), "ec2", "DescribeVpcs")
    role = answered(response(FOLDER, "iam.GetRole"), "iam", "GetRole", RoleName="r")["Role"]
    listed = answered(response(FOLDER, "s3.ListObjectsV2"), "s3", "ListObjectsV2", Bucket="b-example")
    stored = answered(response(FOLDER, "s3.GetObject"), "s3", "GetObject", Bucket="b-example", Key="k")
    queue = "https://sqs.eu-west-1.amazonaws.com/1/q"
    message = answered(response(FOLDER, "sqs.ReceiveMessage"), "sqs", "ReceiveMessage", QueueUrl=queue)
    item = answered(response(FOLDER, "dynamodb.GetItem"), "dynamodb", "GetItem", TableName="t", Key={})
    assert vpcs["Vpcs"][0]["IsDefault"] is True
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Effect"] == "Allow"
    assert role["CreateDate"] == datetime(2026, 11, 20, 10, 4, 27, 716495, UTC)
    assert [entry["Key"] for entry in listed["Contents"]] == ["k"]
    assert (stored["Body"].read(), stored["Metadata"], stored["ContentLength"]) == (b"hello", {"a": "b"}, 5)
    assert message["Messages"][0]["Body"] == "hi"
    assert item["Item"] == {"k": {"S": "x"}, "b": {"B": b"\x00\xff"}}


def test_services_that_share_a_prefix_are_told_apart_by_what_they_answer() -> None:
    labels = {i.request.label for i in read(FOLDER, "placebo").interactions}
    assert "elbv2.DescribeLoadBalancers" in labels


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("iam.GetNothing_1.json", {}, "iam has no operation GetNothing"),
        ("nowhere.GetIt_1.json", {}, "botocore knows no service nowhere"),
        ("sts.GetCallerIdentity_1.json", {"Acount": "1"}, "parses to its Acount was found"),
        ("s3.GetBucketLocation_1.json", {}, "placebo does not keep what GetBucketLocation answers"),
        ("sts.GetCallerIdentity_1.json", {"Account": {"__class__": "datetime", "year": "x"}}, "cannot be"),
        ("iam.ListUsers_1.json", {"Users": "none"}, "ListUsers"),
    ],
)
def test_a_response_for_which_none_is_found_on_the_wire_is_refused_by_name(
    tmp_path: Path, name: str, data: dict[str, Any], said: str
) -> None:
    with pytest.raises(CassetteMalformed) as caught:
        read(write(tmp_path / "x", name, data), "x")
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"x/{name}: ")


def test_responses_of_two_pills_in_one_folder_are_not_mixed(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", "sts.GetCallerIdentity_1.json", {"Account": "1"})
    write(folder, "other.sts.GetCallerIdentity_1.json", {"Account": "2"})
    with pytest.raises(CassetteMalformed, match="two pills"):
        read(folder, "x")


def test_the_responses_of_a_pill_with_a_prefix_are_read(tmp_path: Path) -> None:
    folder = write(tmp_path / "x", "mine.sts.GetCallerIdentity_1.json", {"Account": "1"})
    assert [i.request.label for i in read(folder, "x").interactions] == ["sts.GetCallerIdentity"]


def test_a_folder_of_other_documents_is_none_of_placebos(tmp_path: Path) -> None:
    (tmp_path / "data.v1.Schema_2.json").write_text('{"title": "x"}')
    assert not is_one(tmp_path)
    assert is_one(FOLDER)


def test_a_folder_becomes_the_cassette_beside_it(tmp_path: Path, library: Library) -> None:
    source = read(FOLDER, "placebo")
    imported = seal_into(tmp_path / "placebo.tape", source.interactions, library, "placebo")
    assert len(imported.interactions) == 11
    assert library.read(tmp_path / "placebo.tape").interactions == imported.interactions
    assert tape_of(FOLDER) == FOLDER.parent / "placebo.tape"


def client(service: str) -> Any:
    return boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id="AKIA" + "EXAMPLEEXAMPLE00",
        aws_secret_access_key="notAReal/secret+" + "0123456789abcdefghijklmn",
    )


def test_calls_are_answered_by_operation_in_turn_and_then_missed(tmp_path: Path, library: Library) -> None:
    target = tmp_path / "placebo.tape"
    seal_into(target, read(FOLDER, "placebo").interactions, library, "placebo")
    with sealtape.use_cassette(target, record_mode="none"):
        dynamodb = client("dynamodb")
        whatever = {"TableName": "whatever", "Key": {"k": {"S": "other"}}}
        assert dynamodb.get_item(**whatever)["Item"]["b"]["B"] == b"\x00\xff"
        with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.get_item(**whatever)
        assert client("s3").get_object(Bucket="any", Key="any")["Body"].read() == b"hello"
        ec2 = client("ec2")
        ec2.describe_vpcs()
        with sealtape.expect_miss() as misses:
            ec2.describe_vpcs()
    assert "ec2.DescribeVpcs is played out: it was recorded once" in str(misses[0])


def test_calls_are_answered_from_the_first_again_if_asked(tmp_path: Path, library: Library) -> None:
    target = tmp_path / "placebo.tape"
    seal_into(target, read(FOLDER, "placebo").interactions, library, "placebo")
    with sealtape.use_cassette(target, record_mode="none", repeats="cycle"):
        told = [client("ec2").describe_vpcs()["Vpcs"] for _ in range(3)]
    assert told[0] == told[1] == told[2]

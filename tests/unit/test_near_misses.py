"""A request that is nearly a recorded one is another request.

Every leaf of every request of real recordings is changed to other plausible values of its kind, one at a
time. What somebody chose may never match when it was changed; what the test drew may, and does.
"""

from __future__ import annotations

import base64
import io
import json
import random
import re
import string
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

import sealtape
from sealtape.capture.embedded import ENVIRONMENT
from sealtape.cassette import Cassette
from sealtape.errors import Miss
from sealtape.interaction import AwsRequest, Recording, Request
from sealtape.library import Library
from sealtape.matching import canonical
from sealtape.seal.keyring import new_key
from sealtape.settings import load_settings
from tests.servers import http_service
from tests.unit.binding.cassettes import opened

CASSETTES = Path(__file__).parents[2] / "cassettes"


# Recordings -----------------------------------------------------------------------------------------------


class Scene:
    """A test's worth of calls whose every value is chosen, but for ``names``, which it draws."""

    def __init__(self, session: boto3.Session, url: str | None, service: str) -> None:
        self.session, self.url, self.service = session, url, service
        self.names = [
            str(uuid.uuid4()),
            uuid.uuid4().hex,
            "".join(random.choices(string.hexdigits[:16], k=40)),
        ]

    def client(self, name: str) -> Any:
        return self.session.client(name, endpoint_url=self.url)

    def play(self) -> None:
        for part in (self.storage, self.tables, self.messages, self.identity, self.machines, self.functions):
            part()
        self.logs()
        self.web()

    def storage(self) -> None:
        s3, drawn = self.client("s3"), f"example-{self.names[0]}"
        for bucket in ("example-artifacts", drawn):
            s3.create_bucket(Bucket=bucket, ACL="private")
        tags = {"TagSet": [{"Key": "team", "Value": "storage"}, {"Key": "stage", "Value": "test"}]}
        s3.put_bucket_tagging(Bucket="example-artifacts", Tagging=tags)
        statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Principal": "*"}
        statement["Resource"] = f"arn:aws:s3:::{drawn}/public/*"
        s3.put_bucket_policy(
            Bucket=drawn, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        )
        s3.put_object(Bucket=drawn, Key="builds/1.0.3/notes.txt", Body=b"first", Metadata={"branch": "main"})
        s3.put_object(Bucket="example-artifacts", Key="a.zip", Body=packed({"main.py": "pass", "b.txt": "b"}))
        s3.get_object(Bucket=drawn, Key="builds/1.0.3/notes.txt", Range="bytes=0-2")
        s3.list_objects_v2(Bucket=drawn, Prefix="builds/", MaxKeys=100)

    def tables(self) -> None:
        ddb = self.client("dynamodb")
        ddb.create_table(
            TableName="locks",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        ddb.put_item(
            TableName="locks", Item={"k": {"S": self.names[1]}, "n": {"N": "42"}, "b": {"BOOL": True}}
        )
        ddb.get_item(TableName="locks", Key={"k": {"S": self.names[1]}}, ConsistentRead=True)
        ddb.query(
            TableName="locks",
            KeyConditionExpression="k = :k",
            ExpressionAttributeValues={":k": {"S": "main"}},
            Limit=3,
        )

    def messages(self) -> None:
        sqs, sns = self.client("sqs"), self.client("sns")
        queue = sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        sqs.send_message(
            QueueUrl=queue, MessageBody=json.dumps({"job": self.names[2], "user": "ada", "tries": 3})
        )
        sqs.send_message(QueueUrl=queue, MessageBody=base64.b64encode(b"hello from ada, the first").decode())
        topic = sns.create_topic(Name="news")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="ada@example.com")
        sns.publish(TopicArn=topic, Message="hello", Subject="for ada")

    def identity(self) -> None:
        iam, ssm = self.client("iam"), self.client("ssm")
        for user in ("ada", "grace"):
            iam.create_user(UserName=user, Path="/people/")
        iam.create_group(GroupName="admins")
        iam.add_user_to_group(UserName="ada", GroupName="admins")
        iam.create_role(
            RoleName="deploy", AssumeRolePolicyDocument='{"Statement":[]}', MaxSessionDuration=7200
        )
        iam.delete_user(UserName="grace")
        ssm.put_parameter(Name="/example/limit", Value="250", Type="String", Overwrite=False)
        ssm.get_parameters_by_path(Path="/example", Recursive=True)

    def machines(self) -> None:
        ec2 = self.client("ec2")
        network = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=network, CidrBlock="10.1.0.0/24", AvailabilityZone="us-east-1a")
        group = ec2.create_security_group(GroupName="web", Description="for the web", VpcId=network)[
            "GroupId"
        ]
        ec2.authorize_security_group_ingress(
            GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="192.0.2.0/24"
        )
        ec2.run_instances(ImageId="ami-12c6146b", InstanceType="t3.micro", MinCount=1, MaxCount=2)

    def functions(self) -> None:
        role = self.client("iam").create_role(RoleName="run", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.client("lambda").create_function(
            FunctionName="resize",
            Runtime="python3.12",
            Role=role,
            Handler="main.handler",
            Timeout=30,
            Code={"ZipFile": packed({"main.py": "def handler(event, context): pass"})},
        )
        self.client("lambda").get_function(FunctionName="resize")

    def logs(self) -> None:
        logs, watch = self.client("logs"), self.client("cloudwatch")
        logs.create_log_group(logGroupName="/example/web", tags={"owner": "ada"})
        logs.put_retention_policy(logGroupName="/example/web", retentionInDays=30)
        watch.put_metric_data(
            Namespace="example",
            MetricData=[{"MetricName": "errors", "Value": 1.5, "Timestamp": datetime(2026, 1, 31, 12, 30)}],
        )
        watch.get_metric_statistics(
            Namespace="example",
            MetricName="errors",
            StartTime=datetime(2026, 1, 1),
            EndTime=datetime(2026, 2, 1),
            Period=60,
            Statistics=["Sum", "Maximum"],
        )

    def web(self) -> None:
        url = f"{self.service}/echo"
        requests.get(f"{url}/users/ada?page=2&size=50", timeout=5)
        requests.get(f"{url}/jobs/{self.names[2]}", timeout=5)
        body: Any = {"name": "ada", "id": self.names[0], "roles": ["admin", "user"], "age": 36, "on": True}
        requests.post(f"{url}/users", json=body, timeout=5)
        requests.post(f"{url}/login", data={"user": "ada", "scope": "read write"}, timeout=5)


def packed(files: Mapping[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


@pytest.fixture(scope="module")
def scene(moto_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scene, Recording]]:
    """A scene, and what was recorded of it."""
    path = tmp_path_factory.mktemp("near") / "scene.tape"
    session = boto3.Session(
        ENVIRONMENT["AWS_ACCESS_KEY_ID"], ENVIRONMENT["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1"
    )
    with pytest.MonkeyPatch.context() as patch, http_service() as service:
        patch.setenv("SEALTAPE_KEY", new_key().text)
        played = Scene(session, moto_url, service.url)
        with sealtape.use_cassette(path, record_mode="once", draws="real", clock="real"):
            played.play()
        yield played, Library(load_settings(path.parent)).read(path)


# Neighbours -----------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"\d+")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.+-]+")


def neighbours(value: Any, others: list[str]) -> Iterator[Any]:
    """Yield other plausible values of the kind of ``value``; ``others`` are what else the recording says."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, value * 10, value + 3600)
    elif isinstance(value, float):
        yield from (value + 1, value / 2)
    elif isinstance(value, bytes):
        yield from _other_data(value)
    elif isinstance(value, str):
        yield from _other_texts(value, others)
    elif isinstance(value, Mapping):
        for name in value:
            yield {n: v for n, v in value.items() if n != name}
        yield {**value, "Another": "member"}
    elif isinstance(value, list):
        yield from (value[1:], [*value, *value[:1]], value[::-1])


def _other_texts(text: str, others: list[str]) -> Iterator[str]:
    if text[:1] in "{[" and text.strip():
        document = json.loads(text)
        for changed in changes(document, others):
            yield json.dumps(changed)
        return
    if _DATE.fullmatch(text):
        for step in (timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=365)):
            yield (datetime.fromisoformat(text) + step).isoformat()
        return
    yield from others
    yield from (text + "2", "other-" + text, text[::-1], text[:-1] + ("a" if text[-1:] != "a" else "b"))
    yield text.translate(_ROTATED)
    for number in _NUMBER.finditer(text):
        for counted in (int(number[0]) + 1, int(number[0]) * 2 + 1):
            yield text[: number.start()] + str(counted).zfill(len(number[0])) + text[number.end() :]
    try:
        inner = base64.b64decode(text, validate=True).decode()
    except ValueError:
        return
    for other in _other_texts(inner, []):
        yield base64.b64encode(other.encode()).decode()


_ROTATED = str.maketrans(
    string.ascii_letters + string.digits,
    string.ascii_lowercase[1:] + "a" + string.ascii_uppercase[1:] + "A" + string.digits[1:] + "0",
)
"""Another word of the same shape."""


def _other_data(data: bytes) -> Iterator[bytes]:
    yield from (data + b"!", data[:-1], data[::-1], random.Random(1).randbytes(len(data)))
    if data[:2] == b"PK":
        yield packed({"main.py": "import os", "b.txt": "b"})
        yield packed({"other.py": "pass", "b.txt": "b"})
        return
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    for other in _other_texts(text, []):
        yield other.encode()


def changes(
    tree: Any, others: list[str], drawn: Callable[[Any], bool] = lambda value: False
) -> Iterator[Any]:
    """Yield ``tree`` with one value in it changed, each to each of its neighbours, but what was ``drawn``."""
    for path, value in leaves(tree):
        if not drawn(value):
            for other in neighbours(value, others):
                if other != value:
                    yield changed(tree, path, other)


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, tree
    inner = (
        tree.items()
        if isinstance(tree, Mapping)
        else enumerate(tree)
        if isinstance(tree, (list, tuple))
        else ()
    )
    for step, value in inner:
        yield from leaves(value, (*path, step))


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = dict(tree) if isinstance(tree, Mapping) else list(tree)
    copied[path[0]] = changed(copied[path[0]], path[1:], value)
    return copied


def near(request: Request, others: list[str], drawn: Callable[[Any], bool]) -> Iterator[Request]:
    """Yield requests that differ from ``request`` in one value that somebody chose."""
    if isinstance(request, AwsRequest):
        for parameters in changes(request.parameters, others, drawn):
            if isinstance(parameters, dict):
                yield replace(request, parameters=parameters)
        for body in neighbours(request.body, []) if not drawn(request.body) else ():
            yield replace(request, body=body)
        yield replace(request, operation=f"{request.operation}s")
        return
    where, _, query = request.url.partition("?")
    yield replace(request, method="DELETE")
    base, at, path = where[:10] + where[10:].partition("/")[0], "/", where[10:].partition("/")[2]
    steps = path.split("/")
    for index, step in enumerate(steps):
        for other in neighbours(step, ["robin"]) if not drawn(step) else ():
            yield replace(request, url=base + at + "/".join([*steps[:index], other, *steps[index + 1 :]]))
    fields = [field.partition("=") for field in query.split("&")] if query else []
    for index, (name, _, value) in enumerate(fields):
        for other in neighbours(value, ["robin"]):
            told = [f"{n}={other if i == index else v}" for i, (n, _, v) in enumerate(fields)]
            yield replace(request, url=f"{where}?{'&'.join(told)}")
        yield replace(
            request, url=f"{where}?{'&'.join(f'{n}x={v}' if n == name else f'{n}={v}' for n, _, v in fields)}"
        )
    if request.body[:1] == b"{":
        for body in changes(json.loads(request.body), others, drawn):
            yield replace(request, body=json.dumps(body).encode())
    elif b"=" in request.body:
        for field in request.body.decode().split("&"):
            for other in neighbours(field.partition("=")[2], ["robin"]):
                yield replace(
                    request,
                    body=request.body.replace(field.encode(), f"{field.partition('=')[0]}={other}".encode()),
                )


# Tests ----------------------------------------------------------------------------------------------------


def require_misses(recording: Recording, drawn: Callable[[Any], bool]) -> int:
    """Ask for every neighbour of every request, as the first and in its turn; return how many there were."""
    recorded = recording.interactions
    known = {canonical(scrubbed.interaction.request) for scrubbed in recorded}
    # An account or a caller that is another one throughout is the same test elsewhere.
    asked = {one.key for one in known}
    texts = sorted(
        {v for s in recorded for _, v in leaves(_tree(s.interaction.request)) if isinstance(v, str)}
    )
    fresh, turn = (opened(recorded, start=recording.start) for _ in range(2))
    count = 0
    for scrubbed in recorded:
        request = scrubbed.interaction.request
        others = [text for text in texts if len(text) < 80 and not drawn(text)]
        for wrong in near(request, others, drawn):
            if canonical(wrong).key in asked:
                continue
            count += 1
            for tape in (fresh, turn):
                require_miss(tape, wrong)
        turn.answer(request)
    assert fresh.renamed == turn.renamed == {}
    return count


def require_miss(tape: Cassette, wrong: Request) -> None:
    try:
        tape.answer(wrong)
    except Miss:
        return
    told = wrong.parameters if isinstance(wrong, AwsRequest) else (wrong.url, wrong.body)
    pytest.fail(f"{wrong.label} was answered: {told}")


def _tree(request: Request) -> Any:
    return request.parameters if isinstance(request, AwsRequest) else request.url.split("/")


def test_nothing_that_was_chosen_may_be_another(scene: tuple[Scene, Recording]) -> None:
    played, recording = scene

    def drawn(value: Any) -> bool:
        text = (
            value if isinstance(value, str) else value.decode("latin-1") if isinstance(value, bytes) else ""
        )
        return any(name in text for name in played.names)

    assert require_misses(recording, drawn) > 2000


@pytest.mark.parametrize("path", sorted(CASSETTES.glob("*.tape")), ids=lambda path: path.stem)
def test_nothing_that_was_chosen_in_our_own_cassettes_may_be_another(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALTAPE_KEY", (CASSETTES / "SAMPLE_KEY").read_text().strip())
    recording = Library(load_settings(path.parent)).read(path)
    assert require_misses(recording, lambda value: False) > 5


def test_drawn_names_may_differ_by_more_than_a_digit_only(scene: tuple[Scene, Recording]) -> None:
    played, recording = scene
    tape = opened(recording.interactions)
    for scrubbed in recording.interactions:
        request = scrubbed.interaction.request
        for name in played.names:
            for other in (name[:-1] + ("0" if name[-1] != "0" else "1"), name + "0", name[:-1], name.upper()):
                wrong = renamed(request, {name: other})
                if wrong != request:
                    require_miss(tape, wrong)


def test_a_name_that_was_said_is_no_other_one_in_what_follows(scene: tuple[Scene, Recording]) -> None:
    played, recording = scene
    tape = opened(recording.interactions)
    said: set[str] = set()
    for scrubbed in recording.interactions:
        request = scrubbed.interaction.request
        names = {name for name in played.names if renamed(request, {name: ""}) != request}
        for name in names & said:
            other = Scene(played.session, None, played.service).names[played.names.index(name)]
            require_miss(tape, renamed(request, {name: other}))
        tape.answer(request)
        said |= names
    assert said == set(played.names)


def test_all_of_it_replays_under_other_drawn_names(scene: tuple[Scene, Recording]) -> None:
    played, recording = scene
    fresh = Scene(played.session, None, played.service)
    names = dict(zip(played.names, fresh.names, strict=True))
    tape = opened(recording.interactions)
    for scrubbed in recording.interactions:
        tape.answer(renamed(scrubbed.interaction.request, names))
    assert tape.renamed.items() >= names.items()
    assert tape.all_played


def renamed(request: Request, names: Mapping[str, str]) -> Request:
    """Return a request with other names in it, in every form in which a caller sends them."""

    def told(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in names.items():
                value = value.replace(old, new)
            return value
        if isinstance(value, bytes):
            return told(value.decode("latin-1")).encode("latin-1")
        if isinstance(value, Mapping):
            return {told(name): told(inner) for name, inner in value.items()}
        return [told(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    if isinstance(request, AwsRequest):
        return replace(request, parameters=told(request.parameters), body=told(request.body))
    return replace(request, url=told(request.url), body=told(request.body))

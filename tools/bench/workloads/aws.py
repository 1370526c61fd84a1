"""Calls of AWS: one service for each protocol, S3's streamed bodies, and one client in eight threads.

moto's server answers them while they are recorded and live; nothing does while they are replayed.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from bench.workloads.base import NAME_CHARS, Answer, Site, Workload, in_turn, name_of, text_of

TABLE = "example-inventory"
BUCKET = "example-parts"
REGION = "us-east-1"
_BATCH = 25
"""How many items BatchWriteItem takes."""
_THREADS = 8
_LISTED = 5


def _client(service: str) -> Callable[..., Any]:
    def make(site: Site, session: Any = None, **options: Any) -> Any:
        import boto3

        session = session or boto3.Session()
        return session.client(service, region_name=REGION, endpoint_url=site.aws_url, **options)

    return make


class _Body(BytesIO):
    """As much of urllib3's response as botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


def _canned(service: str, answer_of: str) -> Callable[..., Any]:
    def make(site: Site, session: Any = None, *, signed: bool = False) -> Any:
        from botocore import UNSIGNED
        from botocore.awsrequest import AWSResponse
        from botocore.config import Config

        options = {} if signed else {"config": Config(signature_version=UNSIGNED)}
        client = _client(service)(site, session, **options)
        answer = site.answer(answer_of)
        headers = dict(answer.headers)

        def say(request: Any, **_: Any) -> Any:
            return AWSResponse(request.url, answer.status, headers, _Body(answer.body))

        client.meta.events.register("before-send.*.*", say)
        return client

    return make


def _keep_answer(workload: str, client: Any, site: Site, call: Callable[[Any, Site, int], Any]) -> None:
    """Make call number 0 and keep what comes off the wire."""
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    def fetch(request: Any, **_: Any) -> Any:
        live = URLLib3Session().send(request)
        answer = Answer(live.status_code, list(live.headers.items()), live.content)
        site.keep_answer(workload, answer)
        return AWSResponse(request.url, answer.status, dict(answer.headers), _Body(answer.body))

    client.meta.events.register("before-send.*.*", fetch)
    call(client, site, 0)


# The calls.


def get_item(client: Any, _: Site, index: int) -> str:
    """Read one item: the json protocol."""
    answer = client.get_item(TableName=TABLE, Key=key_of(index), ConsistentRead=True)
    return str(answer["Item"]["name"]["S"])


def key_of(index: int) -> dict[str, Any]:
    """Return the key of item number ``index``."""
    return {"id": {"S": f"item-{index:05}"}}


def item_of(index: int) -> dict[str, Any]:
    """Return item number ``index``, of some 200 bytes."""
    return key_of(index) | {
        "name": {"S": name_of(index)},
        "count": {"N": str(index)},
        "tags": {"L": [{"S": "spare"}, {"S": "example"}]},
        "sizes": {"M": {"width": {"N": "120"}, "height": {"N": "80"}}},
        "active": {"BOOL": True},
    }


def fill_table(client: Any, n: int) -> None:
    """Make the table, if it is not there, and put ``n`` items into it."""
    if TABLE not in client.list_tables()["TableNames"]:
        client.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    for start in range(0, n, _BATCH):
        puts = [{"PutRequest": {"Item": item_of(i)}} for i in range(start, min(start + _BATCH, n))]
        client.batch_write_item(RequestItems={TABLE: puts})


def _create_topic(client: Any, _: Site, index: int) -> str:
    arn = client.create_topic(Name=name_of(index).replace(" ", "-"))["TopicArn"]
    return str(arn)[-NAME_CHARS:].replace("-", " ")


def _list_objects(client: Any, _: Site, index: int) -> str:
    answer = client.list_objects_v2(Bucket=BUCKET, Prefix="lists/", StartAfter=f"lists/{name_of(index)}")
    assert len(answer["Contents"]) == _LISTED
    return str(answer["StartAfter"]).removeprefix("lists/")


def _fill_list(client: Any, _: int) -> None:
    client.create_bucket(Bucket=BUCKET)
    for number in range(_LISTED):
        client.put_object(Bucket=BUCKET, Key=f"lists/size {number}", Body=b"spare")


def _get_object(size: int) -> Callable[[Any, Site, int], str]:
    def call(client: Any, _: Site, index: int) -> str:
        body = client.get_object(Bucket=BUCKET, Key=f"{size}/{index:05}")["Body"].read()
        return str(body[:NAME_CHARS].decode())

    return call


def _fill_objects(size: int) -> Callable[[Any, int], None]:
    def fill(client: Any, n: int) -> None:
        client.create_bucket(Bucket=BUCKET)
        for index in range(n):
            key = f"{size}/{index:05}"
            client.put_object(Bucket=BUCKET, Key=key, Body=text_of(index, size), ContentType="text/plain")

    return fill


def _in_threads(call: Callable[[Any, Site, int], str]) -> Callable[[Any, Site, int], str]:
    def play(client: Any, site: Site, n: int) -> str:
        with ThreadPoolExecutor(_THREADS) as pool:
            *_, name = pool.map(functools.partial(call, client, site), range(n))
        return name

    return play


def _workload(
    name: str,
    title: str,
    service: str,
    call: Callable[[Any, Site, int], str],
    fill: Callable[[Any, int], None],
    *,
    play: Callable[[Any, Site, int], str] | None = None,
    body: int = 200,
    most: int = 1500,
) -> Workload:
    def prepare(site: Site, n: int) -> None:
        client = _client(service)(site)
        fill(client, n)
        _keep_answer(name, client, site, call)

    return Workload(
        name, title, "aws", _client(service), _canned(service, name), call, play or in_turn(call), prepare,
        body=body, most=most,
    )  # fmt: skip


def _nothing(_: Any, __: int) -> None:
    """Fill nothing: the call makes what it answers with."""


DYNAMODB = _workload("dynamodb", "AWS json: dynamodb.get_item", "dynamodb", get_item, fill_table, most=10_000)

WORKLOADS = (
    DYNAMODB,
    _workload(
        "threads", "AWS json: dynamodb.get_item, 8 threads on one client", "dynamodb", get_item, fill_table,
        play=_in_threads(get_item),
    ),
    _workload("sns", "AWS query: sns.create_topic", "sns", _create_topic, _nothing),
    _workload("s3-list", "AWS rest-xml: s3.list_objects_v2", "s3", _list_objects, _fill_list, body=1500),
    *(
        _workload(
            f"s3-{label}", f"S3 streamed: s3.get_object of {title}", "s3", _get_object(size),
            _fill_objects(size), body=size, most=most,
        )
        for label, title, size, most in (
            ("200B", "200 B", 200, 300), ("20KB", "20 KB", 20_000, 300), ("2MB", "2 MB", 2_000_000, 24),
        )
    ),
)  # fmt: skip

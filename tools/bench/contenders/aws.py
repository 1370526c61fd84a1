"""Who answers the AWS workload, and its floors."""

from __future__ import annotations

import contextlib
import importlib
import json
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

from bench.contenders.base import Cassetter, Contender, Sealtape, Vcrpy
from bench.workloads import TABLE, Site, aws_client, fill_table, item_of, key_of


class AwsSealtape(Sealtape):
    """sealtape under botocore."""

    track = "aws"


class AwsVcrpy(Vcrpy):
    """vcrpy under botocore."""

    track = "aws"


class AwsCassetter(Cassetter):
    """cassetter under botocore."""

    track = "aws"


class _Body(BytesIO):
    """As much of urllib3's response as botocore reads."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        while chunk := self.read():
            yield chunk


class SignedFloor(Contender):
    """One answer from ``before-send``; botocore looks up credentials and signs."""

    name = "canned, signed"
    track = "aws"
    with_floor = True
    is_canned = True

    @contextlib.contextmanager
    def replayed(self, client: Any, site: Site, n: int) -> Iterator[None]:
        from botocore.awsrequest import AWSResponse

        body = json.dumps({"Item": item_of(0)}).encode()
        headers = {  # what moto's server sends, for botocore reads some of it and checks the sum
            "Server": "amazon.com",
            "Date": "Sat, 31 Jan 2026 00:00:00 GMT",
            "Content-Type": "application/x-amz-json-1.0",
            "x-amzn-requestid": "EXAMPLE0000000000000000000000000000000000000000000000",
            "x-amz-crc32": str(zlib.crc32(body)),
            "Content-Length": str(len(body)),
            "Connection": "close",
        }

        def answer(request: Any, **_: Any) -> Any:
            return AWSResponse(request.url, 200, headers, _Body(body))

        client.meta.events.register("before-send.*.*", answer, unique_id="bench")
        try:
            yield
        finally:
            client.meta.events.unregister("before-send.*.*", unique_id="bench")


class UnsignedFloor(SignedFloor):
    """One answer from ``before-send``, unsigned: all that is left is botocore itself."""

    name = "canned, unsigned"
    is_floor = True

    def client(self, site: Site, n: int) -> Any:
        from botocore import UNSIGNED
        from botocore.config import Config

        if self._client is None:
            self._client = aws_client(site, config=Config(signature_version=UNSIGNED))
        return self._client


class Stubber(Contender):
    """botocore's Stubber with a parsed answer and the expected parameters for each call."""

    name = "Stubber"
    track = "aws"

    @contextlib.contextmanager
    def replayed(self, client: Any, site: Site, n: int) -> Iterator[None]:
        from botocore.stub import Stubber

        stubber = Stubber(client)
        for index in range(n):
            expected = {"TableName": TABLE, "Key": key_of(index), "ConsistentRead": True}
            stubber.add_response("get_item", {"Item": item_of(index)}, expected)
        with stubber:
            yield


class Placebo(Contender):
    """placebo: parsed answers from JSON files, in order, whatever is asked."""

    name = "placebo"
    track = "aws"
    records = True
    is_peer = True

    def client(self, site: Site, n: int) -> Any:
        import boto3

        session = boto3.Session()
        placebo: Any = importlib.import_module("placebo")
        folder = site.recording(self.name, self.track, n)
        folder.mkdir(exist_ok=True)
        self._pill = placebo.attach(session, data_path=str(folder))
        return aws_client(site, session)

    @contextlib.contextmanager
    def recorded(self, client: Any, site: Site, n: int) -> Iterator[None]:
        self._pill.record()
        yield
        self._pill.stop()

    @contextlib.contextmanager
    def replayed(self, client: Any, site: Site, n: int) -> Iterator[None]:
        self._pill.playback()
        yield
        self._pill.stop()


class Moto(Contender):
    """moto in process: not a recording but a simulation, filled with the items first."""

    name = "moto in process"
    track = "aws"

    def client(self, site: Site, n: int) -> Any:
        importlib.import_module("moto")  # its handlers reach the clients made after it was imported
        if self._client is None:
            # moto knows AWS by its host names.
            self._client = aws_client(Site(site.folder, "https://dynamodb.us-east-1.amazonaws.com", ""))
        return self._client

    def replayed(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._filled(client, n)

    @contextlib.contextmanager
    def _filled(self, client: Any, n: int) -> Iterator[None]:
        moto: Any = importlib.import_module("moto")
        with moto.mock_aws():
            fill_table(client, n)
            yield


CONTENDERS: tuple[Contender, ...] = (
    UnsignedFloor(),
    SignedFloor(),
    AwsSealtape(),
    AwsCassetter(),
    AwsVcrpy(),
    Stubber(),
    Placebo(),
    Moto(),
)

"""Who answers without a recording."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bench.contenders.base import Contender
from bench.workloads import Site, Workload
from bench.workloads.aws import TABLE, fill_table, item_of, key_of
from bench.workloads.http import part_of, part_url


class Stubber(Contender):
    """botocore's Stubber with a parsed answer and the expected parameters for each call."""

    name = "Stubber"
    workloads = frozenset({"dynamodb"})

    @contextlib.contextmanager
    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> Iterator[None]:
        from botocore.stub import Stubber

        stubber = Stubber(client)
        for index in range(n):
            expected = {"TableName": TABLE, "Key": key_of(index), "ConsistentRead": True}
            stubber.add_response("get_item", {"Item": item_of(index)}, expected)
        with stubber:
            yield


class Moto(Contender):
    """moto in process: not a recording but a simulation, filled with the items first."""

    name = "moto in process"
    workloads = frozenset({"dynamodb"})

    def _made(self, workload: Workload, site: Site) -> Any:
        importlib.import_module("moto")  # its handlers reach the clients made after it was imported
        # moto knows AWS by its host names.
        return workload.client(replace(site, aws_url="https://dynamodb.us-east-1.amazonaws.com"))

    @contextlib.contextmanager
    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> Iterator[None]:
        moto: Any = importlib.import_module("moto")
        with moto.mock_aws():
            fill_table(client, n)
            yield


class Responses(Contender):
    """responses, with one registered answer for each call."""

    name = "responses"
    workloads = frozenset({"requests"})
    is_peer = True

    @contextlib.contextmanager
    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> Iterator[None]:
        responses: Any = importlib.import_module("responses")
        with responses.RequestsMock() as mock:
            for index in range(n):
                mock.get(part_url(site, index), part_of(index), content_type="application/json")
            yield

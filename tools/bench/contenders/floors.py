"""What the client libraries cost by themselves, around an answer that is always the same."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

from bench.contenders.base import Contender
from bench.workloads import Site, Workload


class Floor(Contender):
    """The least code in the place where sealtape answers; an AWS call is not signed."""

    name = "floor"
    is_floor = True
    is_canned = True

    def _made(self, workload: Workload, site: Site) -> Any:
        return workload.canned(site)

    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return contextlib.nullcontext()


class SignedFloor(Floor):
    """The same, and botocore looks up credentials and signs."""

    name = "signed floor"
    workloads = frozenset({"dynamodb"})
    is_floor = False

    def _made(self, workload: Workload, site: Site) -> Any:
        return workload.canned(site, signed=True)

"""What every contender has: a client, a way to record, a way to replay."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from bench.workloads import Site, Workload


class Contender:
    """One way to answer workloads without the provider.

    ``workloads``: the names of those it is measured with, empty for all. ``is_floor``: ratios are to this
    one. ``is_peer``: it lives in the peers' environment. ``is_canned``: it gives one answer to every call.
    ``records``: it needs a recording.
    """

    name: ClassVar[str]
    workloads: ClassVar[frozenset[str]] = frozenset()
    is_floor: ClassVar[bool] = False
    is_peer: ClassVar[bool] = False
    is_canned: ClassVar[bool] = False
    records: ClassVar[bool] = False

    def __init__(self) -> None:
        self._clients: dict[str, Any] = {}

    def takes(self, workload: Workload) -> bool:
        """Whether it is measured with a workload."""
        return not self.workloads or workload.name in self.workloads

    def client(self, workload: Workload, site: Site, n: int) -> Any:
        """Return the client for one round, made outside of what is timed.

        An AWS client serves all rounds, so that none of them pays for its first call; a session is made
        anew, as its connections belong to the cassette they were made under.
        """
        if workload.track == "http":
            return self._made(workload, site)
        if workload.name not in self._clients:
            self._clients[workload.name] = self._made(workload, site)
        return self._clients[workload.name]

    def _made(self, workload: Workload, site: Site) -> Any:
        return workload.client(site)

    def recorded(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        """Record what ``client`` does inside the block."""
        return contextlib.nullcontext()

    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        """Answer what ``client`` does inside the block. Entering it is the opening that is timed."""
        raise LookupError(f"{self.name} has nothing to replay")

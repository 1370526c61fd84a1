"""Who records and replays."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from bench.contenders.base import Contender
from bench.workloads import Site, Workload


class Sealtape(Contender):
    """A sealed cassette: unsealing, scrubbing of live requests and matching included."""

    name = "sealtape"
    records = True

    def recorded(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        # A first recording: there is nothing yet to be opened and kept.
        site.recording(self.name, workload.name, n).with_suffix(".tape").unlink(missing_ok=True)
        return self._used(workload, site, n, "once")

    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(workload, site, n, "none")

    def _used(self, workload: Workload, site: Site, n: int, mode: str) -> AbstractContextManager[Any]:
        import sealtape

        return sealtape.use_cassette(site.recording(self.name, workload.name, n), record_mode=mode)


class Vcrpy(Contender):
    """A YAML cassette of vcrpy, matched as it matches by default."""

    name = "vcrpy"
    workloads = frozenset({"dynamodb", "requests"})
    records = True

    def client(self, workload: Workload, site: Site, n: int) -> Any:
        # Its connections stay in the client's pool and go on playing the cassette of the round before.
        return workload.client(site)

    def recorded(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        # Matching while recording only makes it quadratic; the file is the same without.
        return self._used(workload, site, n, "all", match_on=[])

    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(workload, site, n, "none")

    def _used(
        self, workload: Workload, site: Site, n: int, mode: str, **options: Any
    ) -> AbstractContextManager[Any]:
        vcr: Any = importlib.import_module("vcr")
        path = site.recording(self.name, workload.name, n).with_suffix(".yaml")
        used: AbstractContextManager[Any] = vcr.use_cassette(str(path), record_mode=mode, **options)
        return used


class Cassetter(Contender):
    """A YAML cassette of cassetter, whose core is compiled, matched as it matches by default."""

    name = "cassetter"
    workloads = frozenset({"dynamodb", "requests"})
    records = True
    is_peer = True

    def recorded(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(workload, site, n, "all")

    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(workload, site, n, "none")

    def _used(self, workload: Workload, site: Site, n: int, mode: str) -> AbstractContextManager[Any]:
        cassetter: Any = importlib.import_module("cassetter")
        path = site.recording(self.name, workload.name, n).with_suffix(".yaml")
        used: AbstractContextManager[Any] = cassetter.use_cassette(str(path), record_mode=mode)
        return used


class Placebo(Contender):
    """placebo: parsed answers from JSON files, in order, whatever is asked."""

    name = "placebo"
    workloads = frozenset({"dynamodb"})
    records = True
    is_peer = True

    def client(self, workload: Workload, site: Site, n: int) -> Any:
        import boto3

        session = boto3.Session()
        placebo: Any = importlib.import_module("placebo")
        folder = site.recording(self.name, workload.name, n)
        folder.mkdir(exist_ok=True)
        self._pill = placebo.attach(session, data_path=str(folder))
        return workload.client(site, session)

    @contextlib.contextmanager
    def recorded(self, workload: Workload, client: Any, site: Site, n: int) -> Iterator[None]:
        self._pill.record()
        yield
        self._pill.stop()

    @contextlib.contextmanager
    def replayed(self, workload: Workload, client: Any, site: Site, n: int) -> Iterator[None]:
        self._pill.playback()
        yield
        self._pill.stop()

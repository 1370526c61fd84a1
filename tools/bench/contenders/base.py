"""What every contender has: a client, a way to record, a way to replay."""

from __future__ import annotations

import contextlib
import importlib
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from bench.workloads import Site, Track, aws_client, http_session


class Contender:
    """One way to answer a workload without the provider.

    ``is_floor``: the ratios of its track are to this one. ``with_floor``: it is measured in the process
    that also measures the floors, in turn with them. ``is_peer``: it lives in the peers' environment.
    ``is_canned``: it gives one answer to every call. ``records``: it needs a recording.
    """

    name: ClassVar[str]
    track: ClassVar[Track]
    is_floor: ClassVar[bool] = False
    with_floor: ClassVar[bool] = False
    is_peer: ClassVar[bool] = False
    is_canned: ClassVar[bool] = False
    records: ClassVar[bool] = False

    def __init__(self) -> None:
        self._client: Any = None

    @property
    def id(self) -> str:
        """Its name and track, as results carry it."""
        return f"{self.track}/{self.name}"

    def client(self, site: Site, n: int) -> Any:
        """Return the client for one round, made outside of what is timed.

        An AWS client serves all rounds, so that none of them pays for its first call; a session is made
        anew, as its connections belong to the cassette they were made under.
        """
        if self.track == "http":
            return http_session(site)
        if self._client is None:
            self._client = aws_client(site)
        return self._client

    def recorded(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        """Record what ``client`` does inside the block."""
        return contextlib.nullcontext()

    def replayed(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        """Answer what ``client`` does inside the block. Entering it is the opening that is timed."""
        raise LookupError(f"{self.id} has nothing to replay")


class Sealtape(Contender):
    """A sealed cassette: unsealing, scrubbing of live requests and matching included."""

    name = "sealtape"
    with_floor = True
    records = True

    def recorded(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        # A first recording: there is nothing yet to be opened and kept.
        site.recording(self.name, self.track, n).with_suffix(".tape").unlink(missing_ok=True)
        return self._used(site, n, "once")

    def replayed(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(site, n, "none")

    def _used(self, site: Site, n: int, mode: str) -> AbstractContextManager[Any]:
        import sealtape

        return sealtape.use_cassette(site.recording(self.name, self.track, n), record_mode=mode)


class Vcrpy(Contender):
    """A YAML cassette of vcrpy, matched as it matches by default."""

    name = "vcrpy"
    records = True

    def client(self, site: Site, n: int) -> Any:
        # Its connections stay in the client's pool and go on playing the cassette of the round before.
        return http_session(site) if self.track == "http" else aws_client(site)

    def recorded(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        # Matching while recording only makes it quadratic; the file is the same without.
        return self._used(site, n, "all", match_on=[])

    def replayed(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(site, n, "none")

    def _used(self, site: Site, n: int, mode: str, **options: Any) -> AbstractContextManager[Any]:
        vcr: Any = importlib.import_module("vcr")
        path = site.recording(self.name, self.track, n).with_suffix(".yaml")
        used: AbstractContextManager[Any] = vcr.use_cassette(str(path), record_mode=mode, **options)
        return used


class Cassetter(Contender):
    """A YAML cassette of cassetter, whose core is compiled, matched as it matches by default."""

    name = "cassetter"
    records = True
    is_peer = True

    def recorded(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(site, n, "all")

    def replayed(self, client: Any, site: Site, n: int) -> AbstractContextManager[Any]:
        return self._used(site, n, "none")

    def _used(self, site: Site, n: int, mode: str) -> AbstractContextManager[Any]:
        cassetter: Any = importlib.import_module("cassetter")
        path = site.recording(self.name, self.track, n).with_suffix(".yaml")
        used: AbstractContextManager[Any] = cassetter.use_cassette(str(path), record_mode=mode)
        return used

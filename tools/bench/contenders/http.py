"""Who answers the HTTP workload, and its floor."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from bench.contenders.base import Cassetter, Contender, Sealtape, Vcrpy
from bench.workloads import Site, part_of, part_url


class HttpSealtape(Sealtape):
    """sealtape under requests."""

    track = "http"


class HttpVcrpy(Vcrpy):
    """vcrpy under requests."""

    track = "http"


class HttpCassetter(Cassetter):
    """cassetter under requests."""

    track = "http"


class CannedAdapter(Contender):
    """One answer from an adapter: all that is left is requests itself, and urllib3's response."""

    name = "canned adapter"
    track = "http"
    is_floor = True
    with_floor = True
    is_canned = True

    @contextlib.contextmanager
    def replayed(self, client: Any, site: Site, n: int) -> Iterator[None]:
        from requests.adapters import HTTPAdapter
        from urllib3 import HTTPResponse

        body = part_of(0)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}

        class Canned(HTTPAdapter):
            def send(self, request: Any, *_: Any, **__: Any) -> Any:
                answer = HTTPResponse(BytesIO(body), headers, 200, preload_content=False)
                return self.build_response(request, answer)

        client.mount("http://", Canned())
        yield


class Responses(Contender):
    """responses, with one registered answer for each call."""

    name = "responses"
    track = "http"
    is_peer = True

    @contextlib.contextmanager
    def replayed(self, client: Any, site: Site, n: int) -> Iterator[None]:
        responses: Any = importlib.import_module("responses")
        with responses.RequestsMock() as mock:
            for index in range(n):
                mock.get(part_url(site, index), part_of(index), content_type="application/json")
            yield


CONTENDERS: tuple[Contender, ...] = (
    CannedAdapter(),
    HttpSealtape(),
    HttpCassetter(),
    HttpVcrpy(),
    Responses(),
)

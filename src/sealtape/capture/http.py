"""The bridge to vcrpy: its patch points, its request model and its filters.

urllib3 (and so requests and botocore) has a seam of its own in `sealtape.capture.pool`. httpx, aiohttp,
http.client, httplib2 and tornado are patched by vcrpy's stubs, which believe that they talk to one of
vcrpy's cassettes. The patches are worked out once; opening a cassette only puts them in place.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from vcr import VCR
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.patch import CassettePatcherBuilder
from vcr.request import Request as VcrRequest

from sealtape.capture.current import current
from sealtape.capture.pool import serves_credentials
from sealtape.capture.wire import header_text
from sealtape.errors import Miss
from sealtape.interaction import Failure, Headers, HttpRequest, Outcome, Response

Hook = Callable[[Any], Any]


class RecordedMiss(Miss, CannotOverwriteExistingCassetteException):  # type: ignore[misc]
    """A miss that ``pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException)`` also catches.

    vcrpy is not typed; its exception is an ordinary ``Exception`` whose initialiser wants a cassette.
    """


@dataclass(frozen=True)
class VcrOptions:
    """What a user's ``vcr_config`` and markers ask of vcrpy, resolved by vcrpy itself.

    ``matchers`` is None unless ``match_on`` was given: sealtape's own matching then applies.
    """

    before_record_request: Hook | None = None
    before_record_response: Hook | None = None
    matchers: tuple[tuple[str, Callable[[Any, Any], Any]], ...] | None = None
    custom_patches: tuple[Any, ...] = ()
    allow_playback_repeats: bool = False

    def filter_request(self, request: HttpRequest) -> HttpRequest | None:
        """Apply vcrpy's request filters; None means: neither play nor record this one."""
        if self.before_record_request is None:
            return request
        filtered = self.before_record_request(vcr_request(request))
        return None if filtered is None else http_request(filtered)

    def filter_response(self, response: Response) -> Response | None:
        """Apply vcrpy's response filters; None means: do not record this one."""
        if self.before_record_response is None:
            return response
        filtered = self.before_record_response(vcr_response(response))
        return None if filtered is None else http_response(filtered)

    def differences(self, live: HttpRequest, recorded: HttpRequest) -> list[str]:
        """Name the matchers that tell two requests apart."""
        from vcr.matchers import get_matchers_results

        functions = [function for _, function in self.matchers or ()]
        _, failed = get_matchers_results(vcr_request(live), vcr_request(recorded), functions)
        return [name for name, _ in failed]


def vcr_options(given: Mapping[str, Any], configure: Callable[[VCR], object] | None = None) -> VcrOptions:
    """Resolve ``given`` (``vcr_config`` with the markers over it) as vcrpy would.

    ``configure`` is handed the ``VCR`` first: what it changes there counts as given too.
    """
    vcr = VCR()
    if configure is not None:
        configure(vcr)
    known = {name: value for name, value in given.items() if name not in ("record_mode", "allowed_hosts")}
    merged = vcr.get_merged_config(**known)
    matched = "match_on" in given or "additional_matchers" in given
    default = VCR().match_on
    names = tuple(given.get("match_on", vcr.match_on)) + tuple(given.get("additional_matchers", ()))
    if not matched and tuple(vcr.match_on) == tuple(default):
        matchers = None
    else:
        matchers = tuple(zip(names, merged["match_on"], strict=True))
    return VcrOptions(
        merged["before_record_request"],
        merged["before_record_response"],
        matchers,
        tuple(merged["custom_patches"]),
        bool(merged["allow_playback_repeats"]),
    )


def vcr_request(request: HttpRequest) -> VcrRequest:
    """Return ``request`` in vcrpy's model."""
    return VcrRequest(request.method, request.url, request.body or None, dict(request.headers))


def http_request(request: Any) -> HttpRequest:
    """Return a request of vcrpy's model as a value."""
    return HttpRequest(request.method, request.uri, _flat(request.headers), _body_bytes(request.body))


def vcr_response(response: Response) -> dict[str, Any]:
    """Return ``response`` as the dictionary that vcrpy's hooks and stubs know."""
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": response.status, "message": response.reason},
        "headers": headers,
        "body": {"string": response.body},
    }


def http_response(response: Mapping[str, Any]) -> Response:
    """Return vcrpy's dictionary as a value."""
    status, body = response["status"], response.get("body") or {}
    data = body.get("string") or b""
    return Response(
        status["code"],
        status.get("message") or "",
        _flat(response.get("headers") or {}),
        data.encode() if isinstance(data, str) else bytes(data),
    )


def _flat(headers: Mapping[Any, Any]) -> Headers:
    return tuple(
        (header_text(name), header_text(value)) for name, values in headers.items() for value in _each(values)
    )


def _each(values: Any) -> Iterable[Any]:
    return values if isinstance(values, (list, tuple)) else (values,)


def _body_bytes(body: Any) -> bytes:
    """Return the body of one of vcrpy's requests: bytes, a file, an iterator, or aiohttp's data."""
    if body is None:
        return b""
    if isinstance(body, (bytes, bytearray)):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _body_bytes(body.read())
    if isinstance(body, (dict, list)):
        import json

        # aiohttp's stub passes json= and data= on as they were given.
        return json.dumps(body, sort_keys=True, default=str).encode()
    if isinstance(body, Iterable):
        return b"".join(_body_bytes(part) for part in body)
    return str(body).encode()


class _Bridge:
    """What vcrpy's stubs take for a cassette: the conversation of the moment."""

    _path = "sealtape"
    record_mode = "once"
    custom_patches: tuple[Any, ...] = ()
    skip_patchers: tuple[str, ...] = ()
    write_protected = False

    def can_play_response_for(self, request: VcrRequest) -> bool:
        """Ask the conversation, once per request: the stubs ask more than once."""
        asked = vars(request)
        if "_sealtape_outcome" not in asked:
            asked["_sealtape_filtered"], asked["_sealtape_outcome"] = self._ask(request)
        return asked["_sealtape_outcome"] is not None

    @staticmethod
    def _ask(request: VcrRequest) -> tuple[HttpRequest | None, Outcome | None]:
        conversation = current()
        if conversation is None:
            return None, None
        if serves_credentials(request.host or ""):
            if conversation.offline:
                raise TimeoutError(f"no credentials from {request.host} in a replay")
            return None, None
        live = http_request(request)
        filtered = conversation.filter_request(live)
        if filtered is None:
            return None, None
        outcome = conversation.answer(filtered)
        if outcome is None:
            conversation.sandbox.permit_http(live)
        return filtered, outcome

    def play_response(self, request: VcrRequest) -> dict[str, Any]:
        """Return what was recorded; raise if that was a failure to connect."""
        if not self.can_play_response_for(request):
            raise KeyError(request)
        outcome = vars(request).pop("_sealtape_outcome")
        if isinstance(outcome, Failure):
            raise ConnectionError(outcome.message)
        return vcr_response(outcome)

    def append(self, request: VcrRequest, response: dict[str, Any]) -> None:
        """Record what a stub got from the real server."""
        conversation = current()
        if conversation is None:
            return
        asked = vars(request)
        asked.pop("_sealtape_outcome", None)
        if "_sealtape_filtered" in asked:
            filtered = asked.pop("_sealtape_filtered")
        else:
            # A hop of a redirect, which aiohttp followed by itself: its stub tells of it only now.
            filtered = conversation.filter_request(http_request(request))
        if filtered is None:
            return
        kept = conversation.filter_response(http_response(response))
        if kept is not None:
            conversation.record(filtered, lambda: kept)

    def filter_request(self, request: VcrRequest) -> VcrRequest | None:
        """Return the request as the user's filters leave it, None if it is not recorded."""
        conversation = current()
        if conversation is None:
            # aiohttp's stub reads the whole body of every response for whose request this is not None.
            return None
        filtered = conversation.filter_request(http_request(request))
        return None if filtered is None else vcr_request(filtered)

    def find_requests_with_most_matches(self, request: VcrRequest) -> list[Any]:
        """Return the request itself: aiohttp's stub asks for the next hop of a redirect."""
        return [(request, [], [])]


class _Patches:
    """vcrpy's patches for this process, worked out once for the clients that are loaded."""

    # Present in every supported vcrpy; httpx2 came later.
    _GROUPS = ("_httplib", "_httplib2", "_tornado", "_aiohttp", "_httpx", "_httpx2")
    _CLIENTS = ("httpx", "aiohttp", "tornado.simple_httpclient", "httplib2", "httpx2")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bridge = _Bridge()
        self._for: frozenset[str] = frozenset()
        self._triples: list[tuple[Any, str, Any]] = []
        self._depth = 0
        self._originals: list[tuple[Any, str, Any]] = []

    def _build(self) -> list[tuple[Any, str, Any]]:
        loaded = frozenset(name for name in self._CLIENTS if name in sys.modules)
        if not self._triples or loaded != self._for:
            builder = CassettePatcherBuilder(self._bridge)
            patchers = [
                patcher
                for group in self._GROUPS
                if hasattr(builder, group)
                for patcher in getattr(builder, group)()
            ]
            self._triples = [(patcher.getter(), patcher.attribute, patcher.new) for patcher in patchers]
            self._for = loaded
        return self._triples

    def enter(self) -> None:
        """Put the patches in place; nested calls only count."""
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                self._originals = [(target, name, vars(target)[name]) for target, name, _ in self._build()]
                for target, name, new in self._triples:
                    setattr(target, name, new)

    def leave(self) -> None:
        """Take the patches away with the last call."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                for target, name, original in self._originals:
                    setattr(target, name, original)


_patches = _Patches()


@contextmanager
def patched(custom_patches: tuple[Any, ...] = ()) -> Iterator[None]:
    """Route the traffic of vcrpy's clients to the conversation of the moment."""
    from unittest import mock

    _patches.enter()
    extra = [mock.patch.object(target, name, new) for target, name, new in custom_patches]
    for patch in extra:
        patch.start()
    try:
        yield
    finally:
        for patch in reversed(extra):
            patch.stop()
        _patches.leave()

"""Recorded requests sent to a simulator: a server that is to answer as the provider did.

It is not recorded: the answers are handed back as they came off the wire, unscrubbed and unparsed.
Requests carry stand-ins, so they go to this machine or to a host that was named for it, and never to AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import urllib3

from sealtape.capture.current import passing
from sealtape.capture.embedded import ENVIRONMENT, answers
from sealtape.capture.sandbox import is_loopback
from sealtape.capture.wire import header_items
from sealtape.errors import SandboxRefused, SandboxUnreachable, UsageError
from sealtape.interaction import (
    UNSENDABLE,
    AwsRequest,
    Failure,
    HttpRequest,
    Interaction,
    Outcome,
    Request,
    Response,
    Tree,
)
from sealtape.settings import SandboxSettings

_CONNECT_SECONDS, _READ_SECONDS = 5.0, 60.0
_PROVIDERS = ("*.amazonaws.com", "*.amazonaws.com.cn", "*.api.aws", "*.aws.amazon.com")
_OF_CONNECTION = frozenset(("host", "content-length", "transfer-encoding", "connection"))


def require_simulator(url: str, sandbox: SandboxSettings) -> str:
    """Return ``url``, without a slash at its end, if recorded requests may go there and something answers.

    It may hold the credentials that the simulator insists on, ``http://KEY:SECRET@127.0.0.1:9000``, which
    no error names. Raise `UsageError`, `SandboxRefused` for a host that was not named, or
    `SandboxUnreachable`.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(
            f"{_bare(url)!r} is not the URL of a server",
            hint="sealtape diff … --against http://127.0.0.1:5000",
        )
    if any(fnmatchcase(host, pattern) for pattern in _PROVIDERS):
        raise SandboxRefused(
            f"{host} is the provider itself",
            where="--against",
            why="recorded requests carry stand-ins, which no real provider may see, so nothing was sent",
            hint="sealtape refresh",
        )
    if not is_loopback(url) and not any(fnmatchcase(host, name.lower()) for name in sandbox.hosts):
        raise SandboxRefused(
            f"{host} was not named",
            where="--against",
            why="no pattern in hosts matches it, so nothing was sent",
            hint=f'add hosts = ["{host}"] to [tool.sealtape.sandbox] in pyproject.toml',
        )
    if not answers(_bare(url)):
        raise SandboxUnreachable(
            f"nothing answers at {_bare(url)}",
            where="--against",
            why="so nothing was compared",
            hint="start it",
        )
    return url.rstrip("/")


def _bare(url: str) -> str:
    """Return ``url`` without the credentials in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Simulator:
    """A server at ``url`` that recorded requests are sent to, one after the other."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url = _bare(url)
        self._key_id = unquote(parts.username or ENVIRONMENT["AWS_ACCESS_KEY_ID"])
        self._key = unquote(parts.password or ENVIRONMENT["AWS_SECRET_ACCESS_KEY"])
        self._clients: dict[tuple[str, str], Any] = {}
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
        self._pool = urllib3.PoolManager(timeout=timeout, retries=False)

    def reset(self, path: str) -> None:
        """Let the server forget what it holds, by a POST to ``path``; raise `SandboxUnreachable`."""
        url = f"{self._url}/{path.lstrip('/')}"
        with passing():
            try:
                status = self._pool.request("POST", url).status
            except urllib3.exceptions.HTTPError as error:
                status, why = 0, type(error).__name__
        if not 200 <= status < 300:
            raise SandboxUnreachable(
                "the server was not reset", where=url, why=f"it answered {status}" if status else why
            )

    def answer(self, request: Request) -> Interaction:
        """Return ``request``, in the protocol that it is sent in now, with what the server answers."""
        with passing():
            if isinstance(request, HttpRequest):
                return Interaction(request, self._http(request))
            return self._aws(request)

    def _http(self, request: HttpRequest) -> Outcome:
        base, parts = urlsplit(self._url), urlsplit(request.url)
        url = urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + parts.path, parts.query, ""))
        headers = {name: value for name, value in request.headers if name.lower() not in _OF_CONNECTION}
        try:
            answer = self._pool.request(
                request.method,
                url,
                body=request.body or None,
                headers=headers,
                redirect=False,
                decode_content=False,
            )
        except urllib3.exceptions.HTTPError as error:
            return Failure(type(error).__name__, str(error))
        return Response(answer.status, answer.reason or "", header_items(answer.headers), answer.data)

    def _aws(self, request: AwsRequest) -> Interaction:
        from botocore.exceptions import HTTPClientError

        got: list[Response] = []
        outcome: Outcome = Failure(UNSENDABLE, "nothing was sent")
        try:
            client = self._client(request.service, request.region, got)
            model = client.meta.service_model
            spoken = getattr(model, "resolved_protocol", model.protocol)
            request = replace(request, protocol=spoken) if request.protocol else request
            parameters = {name: _given(value, request.body) for name, value in request.parameters.items()}
            getattr(client, "_make_api_call")(request.operation, parameters)  # noqa: B009
        except Exception as error:
            # An error that the answer says, or that a parser has with it, is an answer: it was kept before.
            kind = type(error).__name__ if isinstance(error, HTTPClientError) else UNSENDABLE
            outcome = Failure(kind, str(error))
        return Interaction(request, got[0] if got else outcome)

    def _client(self, service: str, region: str, got: list[Response]) -> Any:
        """Return a client for the simulator whose first raw answer is put into ``got``."""
        from botocore.config import Config
        from botocore.httpsession import URLLib3Session
        from botocore.session import Session

        key = service, region
        if key not in self._clients:
            config = Config(
                retries={"total_max_attempts": 1},
                parameter_validation=False,
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                s3={"addressing_style": "path"},
            )
            self._clients[key] = Session().create_client(
                service,
                region_name=region or ENVIRONMENT["AWS_DEFAULT_REGION"],
                endpoint_url=self._url,
                aws_access_key_id=self._key_id,
                aws_secret_access_key=self._key,
                config=config,
            )
        client = self._clients[key]
        session = URLLib3Session(timeout=(_CONNECT_SECONDS, _READ_SECONDS))

        def send(request: Any, **_: Any) -> Any:
            request.stream_output = False
            answer = session.send(request)
            reason = str(getattr(answer.raw, "reason", None) or "")
            got.append(Response(answer.status_code, reason, header_items(answer.raw.headers), answer.content))
            return answer

        client.meta.events.unregister("before-send", unique_id="sealtape-simulator")
        client.meta.events.register_first("before-send", send, unique_id="sealtape-simulator")
        return client


class _Unsendable(Exception):
    """A parameter was an object of which only the kind was recorded."""


def _given(value: Tree, body: bytes | None) -> Any:
    """Return a recorded parameter as botocore takes it."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            ((tag, inner),) = value.items()
            match tag:
                case "$stream":
                    return body or b""
                case "$time":
                    return datetime.fromisoformat(str(inner))
                case "$decimal":
                    return Decimal(str(inner))
                case "$blob":
                    return inner
                case "$set" if isinstance(inner, (list, tuple)):
                    return {_given(item, body) for item in inner}
                case "$type" | "$condition" | "$attribute" | "$any":
                    raise _Unsendable(f"the recording holds only the kind of a parameter: {tag[1:]}")
        return {name: _given(inner, body) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_given(item, body) for item in value]
    return value

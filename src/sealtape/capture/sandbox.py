"""What may be recorded: accounts, regions, hosts, operations, and how many calls.

Nothing is sent before the rules have passed. Loopback is always allowed; everything else only by name,
because a recording that reaches the wrong account does its damage before anyone reads a report.
"""

from __future__ import annotations

import ipaddress
import threading
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sealtape.capture.current import passing
from sealtape.errors import SandboxExhausted, SandboxRefused
from sealtape.interaction import AwsRequest, HttpRequest, Request
from sealtape.settings import SandboxSettings

# First words of operation names that only read. An operation that begins otherwise is taken for a
# write: refusing a harmless call costs a line of settings, letting a harmful one pass costs more.
_READS = (
    "Get", "List", "Describe", "Head", "BatchGet", "Query", "Scan", "Search", "Lookup", "Select",
    "Preview", "Simulate", "Estimate", "Check", "Validate", "Filter", "Test", "Count", "Discover",
    "TransactGet", "Receive", "Decode",
)  # fmt: skip
# They begin like reads, and change something or hand out credentials.
_NOT_READS = frozenset({"ReceiveMessage", "GetFederationToken", "GetSessionToken"})
_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Sandbox:
    """The rules of one session and what has been used up of its budget."""

    def __init__(self, settings: SandboxSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._accounts: dict[str, str] = {}
        self.calls = 0

    def permit_aws(self, client: Any, request: AwsRequest, url: str) -> None:
        """Let one attempt of an AWS operation pass, or raise `SandboxRefused` or `SandboxExhausted`.

        The first call of each set of credentials is preceded by an ``sts:GetCallerIdentity`` of theirs.
        """
        if self._settings.read_only and not is_read(request):
            raise _not_a_read(request.label)
        if not is_loopback(url):
            self._permit_region(request)
            self._permit_account(client, request)
        self._count(request.label)

    def permit_http(self, request: HttpRequest) -> None:
        """Let one HTTP request pass, or raise `SandboxRefused` or `SandboxExhausted`."""
        host = urlsplit(request.url).hostname or ""
        if self._settings.read_only and not is_read(request):
            raise _not_a_read(request.label)
        if not is_loopback(request.url) and not any(
            fnmatchcase(host, pattern.lower()) for pattern in self._settings.hosts
        ):
            raise SandboxRefused(
                f"{host} may not be recorded",
                where="[tool.sealtape.sandbox]",
                why="no pattern in hosts matches it, so nothing was sent",
                hint=f'add hosts = ["{host}"] to [tool.sealtape.sandbox] in pyproject.toml',
            )
        self._count(request.label)

    def _permit_region(self, request: AwsRequest) -> None:
        allowed = self._settings.regions
        if request.region and request.region not in allowed:
            raise SandboxRefused(
                f"{request.label} may not be recorded in {request.region}",
                where="[tool.sealtape.sandbox]",
                why=f"regions are {', '.join(allowed) or 'not set'}, so nothing was sent",
                hint=f'add regions = ["{request.region}"] to [tool.sealtape.sandbox], '
                "or record on the embedded sandbox: pytest --record-mode=once --sandbox=embedded",
            )

    def _permit_account(self, client: Any, request: AwsRequest) -> None:
        allowed = self._settings.accounts
        if not allowed:
            raise SandboxRefused(
                f"{request.label} may not be recorded in a real account",
                where="[tool.sealtape.sandbox]",
                why="accounts is not set, so nothing was sent",
                hint='add accounts = ["<your sandbox account>"] to [tool.sealtape.sandbox], '
                "or record on the embedded sandbox: pytest --record-mode=once --sandbox=embedded",
            )
        account = self._accounts.get(request.caller)
        if account is None:
            # Not under the lock: two threads may ask at once, and get the same answer.
            account = self._accounts[request.caller] = _account_of(client, request.label)
        if account not in allowed:
            raise SandboxRefused(
                f"{request.label} may not be recorded in the account of these credentials",
                where="[tool.sealtape.sandbox]",
                why=f"sts:GetCallerIdentity says it ends in {account[-4:]}, which accounts does not list",
                hint="use the credentials of the sandbox account: AWS_PROFILE=sandbox pytest …",
            )

    def _count(self, label: str) -> None:
        with self._lock:
            self.calls += 1
            over = 0 < self._settings.max_calls < self.calls
        if over:
            raise SandboxExhausted(
                f"{label} was not sent",
                where="[tool.sealtape.sandbox]",
                why=f"this session has used its budget of {self._settings.max_calls} recorded calls",
                hint="raise max_calls, or record fewer tests at once: pytest --record-mode=once -k …",
            )


def _not_a_read(label: str) -> SandboxRefused:
    return SandboxRefused(
        f"{label} is not a read",
        where="[tool.sealtape.sandbox]",
        why="read_only is set",
        hint="record it with read_only = false in [tool.sealtape.sandbox]",
    )


def is_read(request: Request) -> bool:
    """Whether a request changes nothing, as far as its operation or method says."""
    if isinstance(request, AwsRequest):
        return request.operation.startswith(_READS) and request.operation not in _NOT_READS
    return request.method.upper() in _READ_METHODS


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine."""
    return _is_this_machine(urlsplit(url).hostname or "")


@lru_cache(maxsize=256)
def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


class Held(NamedTuple):
    """The credentials that a client holds; empty where it holds none."""

    access_key: str
    secret_key: str
    token: str


def held_credentials(client: Any) -> Held:
    """Return the credentials that a client signs with by now, without looking up or refreshing any.

    Refreshable ones would call their provider when asked, and aiobotocore's can be asked only inside of a
    coroutine, so fields are read. They are filled once a request has been signed.
    """
    credentials = getattr(client._request_signer, "_credentials", None)
    credentials = getattr(credentials, "found", None) or credentials
    fields = vars(credentials) if credentials is not None else {}
    return Held(*(fields.get(f"_{name}") or fields.get(name) or "" for name in Held._fields))


def _account_of(client: Any, label: str) -> str:
    """Ask STS whose credentials a client holds; the answer is not part of any recording."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    session = Session()
    held = held_credentials(client)
    session.set_credentials(held.access_key, held.secret_key, held.token or None)
    sts = session.create_client("sts", region_name=client.meta.region_name)
    try:
        with passing():
            return str(sts.get_caller_identity()["Account"])
    except (BotoCoreError, ClientError) as error:
        said = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise SandboxRefused(
            f"{label} was not sent",
            where="[tool.sealtape.sandbox]",
            why=f"whose credentials these are could not be asked (sts:GetCallerIdentity: {said})",
            hint="aws sts get-caller-identity",
        ) from error

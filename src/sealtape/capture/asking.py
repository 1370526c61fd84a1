"""What every HTTP client's seam asks of the conversation before a request leaves."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sealtape.capture import network
from sealtape.capture.current import Conversation
from sealtape.capture.exchange import Exchange
from sealtape.interaction import Failure, HttpRequest, Outcome, Response

_METADATA_HOSTS = frozenset(
    {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "[fd00:ec2::254]"}
)
_METADATA_URL = re.compile("|".join(map(re.escape, sorted(_METADATA_HOSTS))), re.IGNORECASE)
_METADATA_VARIABLES = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a request: its recorded ``outcome``, or, if that is None, where to tell a live one.

    ``unread`` makes the exception for code that reads on where the recorded one did not.
    """

    outcome: Outcome | None
    exchange: Exchange
    unread: Callable[[], Exception]


def ask(conversation: Conversation, request: HttpRequest, *, leaves: bool = True) -> Asked | None:
    """Return what was recorded of ``request``, or where to tell what comes of it; None lets it pass.

    It passes unrecorded if the user's filters say so, or if it fetches the machine's credentials. With
    ``leaves`` false the client answers it within this process, and the sandbox has no say. Raises `Miss`
    and `SandboxError`.
    """
    outcome = conversation.verbatim(request)
    exchange = Exchange(conversation.filter_response)
    if outcome is not None:
        return Asked(outcome, exchange, functools.partial(conversation.unread, request))
    if serves_credentials(request.url):
        if not conversation.offline:
            return None
        # Who looks there goes on without, as on a machine that is none of the provider's.
        nobody = Failure("ConnectTimeout", "no credentials are looked up in a replay")
        return Asked(nobody, exchange, functools.partial(conversation.unread, request))
    filtered = conversation.filter_request(request)
    if filtered is None:
        network.let_pass(conversation, urlsplit(request.url).hostname or "")
        return None
    outcome = conversation.answer(filtered)
    if outcome is None:
        if leaves:
            conversation.sandbox.permit_http(request)
        conversation.record(filtered, exchange.outcome)
    elif isinstance(outcome, Response):
        # Like vcrpy's, hooks see what was recorded once more; one that wants none of it comes too late.
        outcome = conversation.filter_response(outcome) or outcome
    return Asked(outcome, exchange, functools.partial(conversation.unread, filtered))


def serves_credentials(url: str) -> bool:
    """Whether a URL's host hands out the credentials of the machine or the container.

    What it says is no part of a test's conversation: it differs from machine to machine, and is secret.
    """
    named = [value for value in map(os.environ.get, _METADATA_VARIABLES) if value]
    if not named and _METADATA_URL.search(url) is None:
        return False  # as nearly always; to take the URL apart would cost more than all of this
    host = urlsplit(url).hostname
    return host is not None and (host in _METADATA_HOSTS or any(host == urlsplit(v).hostname for v in named))

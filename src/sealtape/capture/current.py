"""Which conversation the traffic of this moment belongs to.

A conversation entered inside a context (an asyncio task, a thread) belongs to that context, and to the
threads that are started and the work that is handed to a pool from there (`sealtape.capture.threads`).
Everything else falls back to the innermost conversation that is open in the process: threads of older
origin serve whichever test is running. What outlives a replayed conversation while none is open stays
with it, and so never goes live.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from sealtape.interaction import AwsRequest, HttpRequest, Outcome, Request, Response


T = TypeVar("T")


class Guard(Protocol):
    """Rules that a request must pass before it leaves (`sealtape.capture.sandbox.Sandbox`)."""

    def permit_aws(self, client: Any, request: AwsRequest, url: str) -> None:
        """Let one attempt of an AWS operation pass, or raise `SandboxError`."""

    def permit_http(self, request: HttpRequest) -> None:
        """Let one HTTP request pass, or raise `SandboxError`."""


class Conversation(Protocol):
    """What capture needs of a cassette: an answer, or somewhere to put one."""

    @property
    def offline(self) -> bool:
        """Whether nothing may leave for a provider, whatever the request."""

    @property
    def known_offline(self) -> bool:
        """Whether `offline` is true and asking so opens nothing: this may be no traffic at all."""

    @property
    def sandbox(self) -> Guard:
        """The rules that a request must pass before it leaves."""

    def answer(self, request: Request, sent: Callable[[], HttpRequest] | None = None) -> Outcome | None:
        """Return the recorded outcome, or None if the request is to be sent and recorded.

        ``sent`` tells what an AWS call sends: it may have been recorded below botocore. Raises
        `Miss` if there is no answer and nothing may be recorded.
        """

    def verbatim(self, request: HttpRequest) -> Outcome | None:
        """Return what `answer` would, if it takes no more than to look the request up as it is, else None."""

    def record(self, request: Request, outcome: Callable[[], Outcome | None]) -> None:
        """Keep a place, in the order of requests, for one that leaves.

        ``outcome`` tells what has come of it: None as long as nothing has, and of a response that is
        still being read as much as was.
        """

    def unread(self, request: Request) -> Exception:
        """Return, and take note of, the miss of code that reads on where the recorded one did not."""

    def refuse(self, host: str, pattern: str) -> Exception:
        """Return, and take note of, the miss of code that goes out below every seam.

        ``pattern`` is what lets ``host`` pass, as it can be typed.
        """

    def learn(self, value: str, rule: str) -> None:
        """Take note of a secret that this process holds."""

    def filter_request(self, request: HttpRequest) -> HttpRequest | None:
        """Apply the user's vcrpy filters; None lets the request pass unrecorded."""

    def filter_response(self, response: Response) -> Response | None:
        """Apply the user's vcrpy filters; None keeps the response off the cassette."""

    def watched(self, label: str, answer: Any) -> Any:
        """Return a parsed answer of the operation ``label``, so that it is noted what is read of it."""

    def note_additions(self, label: str, names: frozenset[str]) -> None:
        """Take note of what the SDK adds to a request for the operation ``label``."""

    def note_region(self, profile: str, region: str) -> None:
        """Take note of the region that a profile of this machine has."""

    def region_of(self, profile: str) -> str | None:
        """Return the region that a profile had where the cassette was recorded, if that is known."""

    def skips_waiting(self) -> bool:
        """Whether a client that waits for the provider would wait for nothing."""


class _Open:
    """The conversations that are open in this process, innermost last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.stack: tuple[Conversation, ...] = ()

    def push(self, conversation: Conversation) -> None:
        with self._lock:
            self.stack = (*self.stack, conversation)

    def remove(self, conversation: Conversation) -> None:
        with self._lock:
            # The innermost only: a fixture that asks for another of its scope enters the scope's twice.
            at = len(self.stack) - 1 - self.stack[::-1].index(conversation)
            self.stack = self.stack[:at] + self.stack[at + 1 :]


_open = _Open()
_in_context: ContextVar[Conversation | None] = ContextVar("sealtape_conversation", default=None)
_passing: ContextVar[bool] = ContextVar("sealtape_passing", default=False)


def current() -> Conversation | None:
    """Return the conversation that traffic of this moment belongs to, if any."""
    if _passing.get():
        return None
    stack, mine = _open.stack, _in_context.get()
    if stack:
        # A context may outlive its conversation (a task that was never awaited): then the process decides.
        return mine if mine is not None and mine in stack else stack[-1]
    return mine if mine is not None and mine.offline else None


def running_for(conversation: Conversation, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call ``work`` as part of ``conversation``."""
    token = _in_context.set(conversation)
    try:
        return work(*args, **kwargs)
    finally:
        _in_context.reset(token)


@contextmanager
def entered(conversation: Conversation) -> Iterator[None]:
    """Make ``conversation`` the current one of this context and of the process."""
    _open.push(conversation)
    before = _in_context.get()
    _in_context.set(conversation)
    try:
        yield
    finally:
        # Not reset(token): a fixture may be torn down in another context than it was set up in.
        _in_context.set(before)
        _open.remove(conversation)


@contextmanager
def passing() -> Iterator[None]:
    """Let traffic of this context pass untouched: it has been captured further up."""
    token = _passing.set(True)
    try:
        yield
    finally:
        _passing.reset(token)

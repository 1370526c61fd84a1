"""A conversation that keeps what it hears in memory, so that capture can be tested alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sealtape.capture.sandbox import Sandbox
from sealtape.errors import Miss, NetworkBlocked
from sealtape.interaction import HttpRequest, Interaction, Outcome, Request, Response
from sealtape.settings import SandboxSettings


class Memory:
    """Records everything, or plays what it is given: equal requests in recorded order."""

    def __init__(self, tape: list[Interaction] | None = None, sandbox: SandboxSettings | None = None) -> None:
        self.offline = tape is not None
        self._played = list(tape or ())
        self._left: list[tuple[Request, Callable[[], Outcome | None]]] = []
        self.sandbox = Sandbox(sandbox or SandboxSettings())
        self.secrets: set[tuple[str, str]] = set()
        self.live_callers: list[str] = []
        self.regions: dict[str, str] = {}
        self.additions: dict[str, frozenset[str]] = {}

    def answer(self, request: Request, sent: Callable[[], HttpRequest] | None = None) -> Outcome | None:
        if not self.offline:
            return None
        for interaction in self._played:
            if _asked(interaction.request) == _asked(request):
                self._played.remove(interaction)
                return interaction.outcome
        raise Miss(f"{request.label} was never recorded")

    def verbatim(self, request: HttpRequest) -> Outcome | None:
        return None

    def record(self, request: Request, outcome: Callable[[], Outcome | None]) -> None:
        self._left.append((request, outcome))

    @property
    def tape(self) -> list[Interaction]:
        """What was recorded by now, in the order of requests."""
        told = [(request, outcome()) for request, outcome in self._left]
        return [Interaction(request, outcome) for request, outcome in told if outcome is not None]

    def unread(self, request: Request) -> Miss:
        return Miss(f"{request.label} was recorded only in part")

    @property
    def known_offline(self) -> bool:
        return self.offline

    def refuse(self, host: str, pattern: str) -> Miss:
        return NetworkBlocked(f"Network is disabled for host {host!r}", hint=pattern)

    def learn(self, value: str, rule: str) -> None:
        self.secrets.add((value, rule))

    def filter_request(self, request: HttpRequest) -> HttpRequest | None:
        return request

    def filter_response(self, response: Response) -> Response | None:
        return response

    def watched(self, label: str, answer: Any) -> Any:
        return answer

    def note_additions(self, label: str, names: frozenset[str]) -> None:
        self.additions[label] = names

    def note_region(self, profile: str, region: str) -> None:
        self.regions[profile] = region

    def region_of(self, profile: str) -> str | None:
        return self.regions.get(profile)

    def skips_waiting(self) -> bool:
        return self.offline


def _asked(request: Request) -> object:
    if isinstance(request, HttpRequest):
        return request.method, request.url, request.body
    return request.label, request.parameters, request.body, request.region

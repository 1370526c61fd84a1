"""What leaves for the provider while a cassette is open, and what comes of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from sealtape.interaction import Captured, HttpRequest, Interaction, Outcome, Request, Response


class Departures:
    """The requests that left, in their order; nothing of them is scrubbed. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Request, Callable[[], Outcome | None]]] = []
        self._plays: Counter[int] = Counter()
        self._witnesses: list[Captured] = []
        self._sent = 0

    def send(self) -> None:
        """Count a request that is about to leave."""
        with self._lock:
            self._sent += 1

    def hold_back(self) -> None:
        """Do not count one that did not leave after all."""
        with self._lock:
            self._sent -= 1

    def add(self, request: Request, outcome: Callable[[], Outcome | None]) -> None:
        """Keep a place for a request; ``outcome`` tells what has come of it by now, None if nothing has."""
        with self._lock:
            self._left.append((request, outcome))

    def witness(self, request: Request) -> None:
        """Let the scrubber see a request that is not recorded: what it holds may stand in what is."""
        self.show(Captured(Interaction(request, Response(0))))

    def show(self, seen: Captured) -> None:
        """Let the scrubber see what is not recorded as it happened."""
        with self._lock:
            self._witnesses.append(seen)

    @property
    def witnesses(self) -> tuple[Captured, ...]:
        """What only the scrubber sees."""
        with self._lock:
            return tuple(self._witnesses)

    @property
    def answered(self) -> list[tuple[Request, Outcome, int]]:
        """What something has come of by now, and how often it was answered `again`."""
        with self._lock:
            left, plays = list(self._left), self._plays.copy()
        told = [(request, outcome(), plays[index]) for index, (request, outcome) in enumerate(left)]
        return [(request, outcome, plays) for request, outcome, plays in told if outcome is not None]

    @property
    def captured(self) -> list[Captured]:
        """What was recorded by now."""
        return [Captured(Interaction(request, outcome)) for request, outcome, _ in self.answered]

    @property
    def lost(self) -> int:
        """How many requests were sent of which nothing has come by now."""
        return max(0, self._sent - len(self.captured))

    def again(self, is_equal: Callable[[HttpRequest], bool]) -> Response | None:
        """Return the whole response to the first request that ``is_equal``, if there is one."""
        with self._lock:
            left = list(self._left)
        for index, (request, told) in enumerate(left):
            outcome = told() if isinstance(request, HttpRequest) and is_equal(request) else None
            if isinstance(outcome, Response) and not outcome.broken:
                with self._lock:
                    self._plays[index] += 1
                return outcome
        return None

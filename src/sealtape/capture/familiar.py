"""The names under which vcrpy's users know a cassette.

Whoever asks a cassette for its ``requests`` wants vcrpy's requests, and the dictionaries that vcrpy makes of
responses. These are views, in the memory of the user's own process: what is in them is never written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sealtape.interaction import UNREAD, HttpRequest, Outcome, Request, Response

if TYPE_CHECKING:
    from sealtape.capture.options import VcrOptions


@dataclass(frozen=True, slots=True)
class Shown:
    """One interaction as a user of vcrpy would see it: played ``plays`` times, or recorded just now."""

    request: Request
    outcome: Outcome
    plays: int


class VcrpyNames(ABC):
    """What vcrpy's ``Cassette`` offers, by the same names.

    Failures and bodies that broke off are left out, because vcrpy records none. The requests of AWS calls are
    `AwsRequest`: their URL is not recorded. What was played shows the values that this process sent, not
    the stand-ins of the file.
    """

    _options: VcrOptions | None

    @abstractmethod
    def _shown(self) -> Sequence[Shown]:
        """Return what the file holds, and then what was recorded by now."""

    @property
    @abstractmethod
    def _is_finished(self) -> bool:
        """Whether what was recorded has been made into the content of a file."""

    @property
    def data(self) -> list[tuple[Any, Any]]:
        """Requests with their responses, in order; what is being recorded comes last."""
        from sealtape.capture.http import vcr_request, vcr_response

        return [
            (
                vcr_request(one.request) if isinstance(one.request, HttpRequest) else one.request,
                _as_saved(vcr_response(one.outcome)) if self._is_finished else vcr_response(one.outcome),
            )
            for one in self._answered()
            if isinstance(one.outcome, Response)
        ]

    def _answered(self) -> list[Shown]:
        return [
            one
            for one in self._shown()
            if isinstance(one.outcome, Response) and one.outcome.broken in ("", UNREAD)
        ]

    @property
    def requests(self) -> list[Any]:
        """The requests, as vcrpy's ``Request``."""
        return [request for request, _ in self.data]

    @property
    def responses(self) -> list[Any]:
        """The responses, as vcrpy's dictionaries: ``status``, ``headers`` (lists of values), ``body``."""
        return [response for _, response in self.data]

    @property
    def play_counts(self) -> Counter[int]:
        """How often each of ``data`` was played, by its index."""
        return Counter({index: one.plays for index, one in enumerate(self._answered()) if one.plays})

    @property
    def play_count(self) -> int:
        """How many answers were played, failures included."""
        return sum(one.plays for one in self._shown())

    @property
    def all_played(self) -> bool:
        """Whether every interaction was played; one that was recorded just now was not."""
        return all(one.plays for one in self._shown())

    @property
    def allow_playback_repeats(self) -> bool:
        """Whether vcrpy's option of this name is given."""
        return self._options is not None and self._options.allow_playback_repeats

    @property
    def _before_record_request(self) -> Callable[[Any], Any]:
        """The request filters that are in effect, as one function."""
        hook = self._options.before_record_request if self._options is not None else None
        return hook or _unchanged

    @property
    def _before_record_response(self) -> Callable[[Any], Any]:
        """The response filters that are in effect, as one function."""
        hook = self._options.before_record_response if self._options is not None else None
        return hook or _unchanged

    @property
    def _match_on(self) -> tuple[Callable[[Any, Any], Any], ...]:
        """The matchers that were given; empty where sealtape's own matching applies."""
        given = self._options.matchers if self._options is not None else None
        return tuple(function for _, function in given or ())

    def responses_of(self, request: Any) -> list[Any]:
        """Return all responses to requests like ``request``, which is one of vcrpy's; may be empty.

        Those are like it that the matchers given say are, else those of the same method and URI.
        """
        from vcr import matchers

        functions = self._match_on or (matchers.method, matchers.uri)
        filtered = self._before_record_request(request)
        return [
            response
            for recorded, response in self.data
            if hasattr(recorded, "uri") and _match(functions, filtered, recorded)
        ]

    def _save(self, force: bool = False) -> None:  # noqa: B027  # nothing is to be done, and nobody need
        """Do nothing, whatever is asked: a sealed cassette is written once, when it has been closed."""

    def __len__(self) -> int:
        return len(self._answered())

    def __bool__(self) -> bool:
        return True


def _match(functions: Sequence[Callable[[Any, Any], Any]], one: Any, other: Any) -> bool:
    from vcr.matchers import requests_match

    return bool(requests_match(one, other, functions))


def _unchanged(value: Any) -> Any:
    return value


def _as_saved(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response as vcrpy leaves it after it was saved: its body is text where it is UTF-8."""
    try:
        text = response["body"]["string"].decode()
    except UnicodeDecodeError:
        return response
    return {**response, "body": {"string": text}}

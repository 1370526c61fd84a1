"""The recorded interactions of a cassette: which of them answers a request, and what was played."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sealtape.determinism.clock import real_now
from sealtape.interaction import AwsRequest, HttpRequest, Recording, Request, Response, Scrubbed
from sealtape.matching import Canonical, by_operation, canonical
from sealtape.renaming import Bindings, Name

if TYPE_CHECKING:
    from sealtape.binding import Binding, Candidate
    from sealtape.capture.options import VcrOptions
    from sealtape.scrub.scrubber import Scrubber


@dataclass(slots=True, eq=False)
class Entry:
    """A recorded interaction, where it stands in the index, how often it was played, and for what."""

    scrubbed: Scrubbed
    canonical: Canonical
    plays: int = 0
    asked: Request | None = None

    @property
    def stays(self) -> bool:
        """Whether it is the last state of a wait (`sealtape.polls`)."""
        outcome = self.scrubbed.interaction.outcome
        return isinstance(outcome, Response) and outcome.stays


class Index:
    """What a cassette and the ``shared`` ones hold, in order, found by request.

    ``scrubber`` gives that of the cassette, which is made with the first request; ``filter_request``
    applies the user's vcrpy filters. Not safe for threads: whoever asks holds the cassette's lock.
    """

    def __init__(
        self,
        recording: Recording | None,
        shared: Sequence[Scrubbed],
        *,
        scrubber: Callable[[], Scrubber],
        filter_request: Callable[[HttpRequest], HttpRequest | None],
        options: VcrOptions | None,
        repeats: str,
        match: str,
    ) -> None:
        recorded = recording.interactions if recording else ()
        # While the own ones were recorded the shared ones answered: of equal requests they come first.
        self.entries = [Entry(s, canonical(s.interaction.request)) for s in (*shared, *recorded)]
        self.own = self.entries[len(shared) :]
        self.has_other_account = False
        self._make_scrubber = scrubber
        self._filter = filter_request
        self._options = options
        self._repeats = "last" if options and options.allow_playback_repeats else repeats
        self._match = match
        self._verbatim: dict[tuple[str, str], Canonical] | None = None
        self._unplayed: dict[Hashable, list[Entry]] = {}
        self._played: dict[Hashable, list[Entry]] = {}
        self.rewind()
        self._bindings = Bindings(name for entry in self.entries for name in entry.canonical.names)
        self._start = recording.start if recording else ""
        self._opened, self._opened_at = time.monotonic(), real_now().timestamp()
        self._began: float | None = None
        self._made_binding: Binding | None = None
        self.translates = False

    def rewind(self) -> None:
        """Let everything be played once more, from the beginning."""
        self._played.clear()
        self._unplayed.clear()
        for entry in self.entries:
            entry.plays = 0
            self._unplayed.setdefault(entry.canonical.key, []).append(entry)

    @property
    def scrubber(self) -> Scrubber:
        """The scrubber of the cassette."""
        return self._make_scrubber()

    def find(
        self, live: Request, request: Request, sent: Callable[[], HttpRequest] | None
    ) -> tuple[Request, Entry | None]:
        """Return the entry that answers ``request``, which is ``live`` when scrubbed, None if none does.

        With it comes what to explain a miss by: ``live``, or what an AWS call has ``sent``.
        """
        if not self.entries:
            return live, None
        self._begin()
        entry = self._equal(live)
        if entry is None and sent is not None and self._http_hosts:
            live, entry = self._below(live, sent())
        return live, entry or self._up_to_renaming(live, request)

    def verbatim(self, request: Request) -> Entry | None:
        """Return the entry that answers what was recorded as it is; None if it takes more to tell.

        Of the recorded request nothing is left to be removed, and so nothing of this one. That goes for an
        AWS call that names no account, with its ``caller`` scrubbed, and for an HTTP request without a body
        whose header fields, which are not looked at, hold nothing.
        """
        wanted = self._call(request) if isinstance(request, AwsRequest) else self._fetch(request)
        if wanted is None:
            return None
        self._begin()
        return self._staying(wanted) or self._next(wanted) or self._again(wanted)

    def _call(self, request: AwsRequest) -> Canonical | None:
        wanted = canonical(request)
        only_speaks = len(wanted.names) == len(("region", "caller"))
        return wanted if only_speaks and wanted.key in self._unplayed else None

    def _fetch(self, request: HttpRequest) -> Canonical | None:
        if self._verbatim is None:
            self._verbatim = {
                (recorded.method, recorded.url): entry.canonical
                for entry in self.entries
                if isinstance(recorded := entry.scrubbed.interaction.request, HttpRequest)
                and not recorded.body
            }
        return None if request.body else self._verbatim.get((request.method, request.url))

    def _begin(self) -> None:
        if self._began is None:
            # By the clock that the test reads, which may be set after the cassette was opened.
            self._began = time.time() - (time.monotonic() - self._opened)

    def _equal(self, live: Request) -> Entry | None:
        if isinstance(live, HttpRequest) and self.matching is not None:
            return self._as_vcrpy(live, self.matching)
        wanted = canonical(live)
        entry = self._staying(wanted) or self._next(wanted)
        if entry is None and isinstance(live, AwsRequest):
            whatever = by_operation(live)
            return self._next(whatever) or self._again(wanted) or self._again(whatever)
        return entry or self._again(wanted)

    def _staying(self, wanted: Canonical) -> Entry | None:
        """Return the last state of a wait (`sealtape.polls`), as long as the wait goes on."""
        played = self._played.get(wanted.key)
        if not played or not played[-1].stays or not self._admitted(played[-1:], wanted.names):
            return None
        left = self._unplayed.get(wanted.key)
        if left:
            since = self.entries[self.entries.index(played[-1]) + 1 : self.entries.index(left[0])]
            if all(entry.plays for entry in since):
                return None
        return played[-1]

    def _next(self, wanted: Canonical) -> Entry | None:
        """Take the next unplayed entry that answers ``wanted``."""
        waiting = self._unplayed.get(wanted.key)
        entry = self._admitted(waiting, wanted.names) if waiting else None
        if entry is not None:
            self._take(entry, wanted.names)
        return entry

    def _take(self, entry: Entry, names: tuple[Name, ...]) -> None:
        """Take note that an unplayed entry answers a request of these names."""
        key = entry.canonical.key
        self._unplayed[key].remove(entry)
        if names != entry.canonical.names:
            pairs = zip(names, entry.canonical.names, strict=True)
            self.has_other_account = any(ours != theirs and ours[0] == "account" for ours, theirs in pairs)
        self._bindings.bind(names, entry.canonical.names)
        self._played.setdefault(key, []).append(entry)

    # Finding up to renaming.

    @property
    def _binding(self) -> Binding:
        """What tells which made-up value is which, made when a request has no equal."""
        if self._made_binding is None:
            # It reads archives, certificates and dates, which most replays have no use for.
            from sealtape.binding import Binding

            self._made_binding = Binding(
                [entry.scrubbed for entry in self.entries],
                is_open=lambda index: not self.entries[index].plays,
                any_will_do=self.scrubber.any_will_do,
                is_held=self.scrubber.is_held,
                start=datetime.fromisoformat(self._start).timestamp() if self._start else None,
                live=self._live_window,
                opened=self._opened_at,
                speakers=self._speakers,
            )
        return self._made_binding

    def _speakers(self) -> dict[str, str]:
        """Return the accounts and callers that are others here, live to recorded."""
        renamed = self._bindings.renamed.items()
        return {live: recorded for (kind, live), (_, recorded) in renamed if kind != "region" and live}

    def _live_window(self) -> tuple[float, float]:
        """From when to when this cassette has been open, by the clock that the test reads."""
        return self._began or 0.0, time.time()

    def candidates(self, live: Request, request: Request) -> list[Candidate]:
        """Return the unplayed entries that ``live``, once ``request``, is up to renaming; at most two."""
        if self._match == "exact" or (isinstance(live, HttpRequest) and self.matching is not None):
            return []
        names = canonical(live).names

        def admits(index: int) -> bool:
            return self._bindings.admits(names, self.entries[index].canonical.names)

        return self._binding.candidates(live, self.scrubber.secrets_in(request), admits)

    def _up_to_renaming(self, live: Request, request: Request) -> Entry | None:
        """Find the only entry that ``live``, which was ``request``, equals up to made-up values."""
        found = self.candidates(live, request)
        if len(found) != 1:
            return None
        entry = self.entries[found[0].index]
        renamed = self._binding.accept(found[0])
        self.translates = True
        self.scrubber.rename(renamed.names, renamed.forms, renamed.secrets, renamed.contents)
        self._take(entry, canonical(live).names)
        return entry

    @property
    def renamed(self) -> dict[str, str]:
        """What recorded values are called in this replay, where that is not what they were."""
        return dict(self._made_binding.renamed) if self._made_binding is not None else {}

    @property
    def _requests(self) -> Iterator[Request]:
        return (entry.scrubbed.interaction.request for entry in self.entries)

    @cached_property
    def _http_hosts(self) -> frozenset[str | None]:
        """The hosts of the HTTP track, asked for when an AWS call has no answer: most cassettes never are."""
        return frozenset(urlsplit(r.url).hostname for r in self._requests if isinstance(r, HttpRequest))

    def _below(self, live: Request, sent: HttpRequest) -> tuple[Request, Entry | None]:
        """Find what was recorded of an AWS call below botocore, by vcrpy for instance.

        Return what to explain a miss by: the call, or, of a host of which only the wire is known, that.
        """
        filtered = self._filter(sent)
        if filtered is None or urlsplit(sent.url).hostname not in self._http_hosts:
            return live, None
        scrubbed = self.scrubber.scrub_request(filtered)
        assert isinstance(scrubbed, HttpRequest)
        entry = self._equal(scrubbed)
        has_aws = any(isinstance(request, AwsRequest) for request in self._requests)
        return (live if has_aws else scrubbed), entry

    def _admitted(self, entries: Sequence[Entry], names: tuple[Name, ...]) -> Entry | None:
        """Return the first entry with these very names, else the first that a renaming admits."""
        renamed = None
        for entry in entries:
            if self._bindings.admits(names, entry.canonical.names):
                if entry.canonical.names == names:
                    return entry
                renamed = renamed or entry
        return renamed

    def _again(self, wanted: Canonical) -> Entry | None:
        """Answer a request that was played out, if the setting ``repeats`` lets it."""
        played = [
            entry
            for entry in self._played.get(wanted.key, ())
            if self._bindings.admits(wanted.names, entry.canonical.names)
        ]
        if not played or self._repeats == "miss":
            return None
        if self._repeats == "last":
            return played[-1]
        return min(played, key=lambda entry: entry.plays)

    @property
    def matching(self) -> VcrOptions | None:
        """The options, if they say how HTTP requests are matched."""
        return self._options if self._options is not None and self._options.matchers is not None else None

    def _as_vcrpy(self, live: HttpRequest, options: VcrOptions) -> Entry | None:
        """Find by the matchers that the user gave to vcrpy."""
        played: list[Entry] = []
        for entry in self.entries:
            recorded = entry.scrubbed.interaction.request
            if isinstance(recorded, HttpRequest) and not options.differences(live, recorded):
                if not entry.plays:
                    return entry
                played.append(entry)
        if played and played[-1].stays:
            return played[-1]
        return played[0] if played and self._repeats != "miss" else None

    def refusals(self, live: Request, request: Request, recorded: Request) -> Mapping[str, str]:
        """Say by place why ``recorded`` is no renaming of ``live``, once ``request``."""
        if self._match == "exact":
            return {}
        index = next(i for i, e in enumerate(self.entries) if e.scrubbed.interaction.request is recorded)
        return self._binding.refusals(index, live, self.scrubber.secrets_in(request))

"""One open cassette: it plays what is recorded, takes what is new, and knows what was not played."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sealtape.capture.current import current
from sealtape.determinism.clock import real_now
from sealtape.errors import Miss, SandboxRefused, Unplayed
from sealtape.interaction import (
    AwsRequest,
    Captured,
    HttpRequest,
    Interaction,
    Outcome,
    Recording,
    Request,
    Response,
    Scrubbed,
)
from sealtape.matching import Canonical, Difference, by_operation, canonical, differences, nearest
from sealtape.modes import Mode
from sealtape.renaming import Bindings, Name

if TYPE_CHECKING:
    from sealtape.binding import Binding, Candidate
    from sealtape.capture.http import VcrOptions
    from sealtape.capture.sandbox import Sandbox
    from sealtape.scrub.scrubber import Scrubber


@dataclass(slots=True, eq=False)
class _Entry:
    """A recorded interaction, where it stands in the index, and how often it was played."""

    scrubbed: Scrubbed
    canonical: Canonical
    plays: int = 0


class Cassette:
    """One conversation with the providers, as capture sees it (`sealtape.capture.current.Conversation`).

    ``recording`` is what the file holds, None if there is no file. ``ask`` turns the name of a mode into
    what to type for it. Attributes named as vcrpy names
    them (``play_count``, ``all_played``, ``requests``, ``responses``, ``len()``) say the same things.
    Safe for threads.
    """

    def __init__(
        self,
        recording: Recording | None,
        *,
        where: str,
        mode: Mode,
        scrubber: Callable[[], Scrubber],
        sandbox: Sandbox,
        options: VcrOptions | None = None,
        repeats: str = "miss",
        match: str = "renaming",
        shared: Sequence[Scrubbed] = (),
        ask: Callable[[str], str] = "pytest --record-mode={}".format,
    ) -> None:
        self.where = where
        self.mode = mode
        self.sandbox = sandbox
        self.exists = recording is not None
        self.may_record = mode.may_record(exists=self.exists)
        self.misses: list[Miss] = []
        self._recorded = recording.interactions if recording else ()
        self._make_scrubber = scrubber
        self._made_scrubber: Scrubber | None = None
        self._ask = ask
        self._options = options
        self._repeats = "last" if options and options.allow_playback_repeats else repeats
        self._match = match
        self._lock = threading.RLock()
        self._left: list[tuple[Request, Callable[[], Outcome | None]]] = []
        self._witnesses: list[Captured] = []
        self._last_was_played = False
        self._sent = 0
        self._entries = [_Entry(s, canonical(s.interaction.request)) for s in (*self._recorded, *shared)]
        self._own = len(self._recorded)
        self._unplayed: dict[Hashable, list[_Entry]] = {}
        self._played: dict[Hashable, list[_Entry]] = {}
        for entry in self._entries:
            self._unplayed.setdefault(entry.canonical.key, []).append(entry)
        self._bindings = Bindings(name for entry in self._entries for name in entry.canonical.names)
        self._start = recording.start if recording else ""
        self._opened, self._opened_at = time.monotonic(), real_now().timestamp()
        self._began: float | None = None
        self._made_binding: Binding | None = None

    @property
    def _scrubber(self) -> Scrubber:
        """The scrubber, made with the first request: a test without traffic pays nothing for it."""
        if self._made_scrubber is None:
            with self._lock:
                # One for all threads: what one of them learns is secret for the others too.
                if self._made_scrubber is None:
                    self._made_scrubber = self._make_scrubber()
        return self._made_scrubber

    # What capture asks.

    @property
    def offline(self) -> bool:
        """Whether nothing may leave for a provider, whatever the request."""
        return not self.may_record

    def skips_waiting(self) -> bool:
        """Whether a client that waits for the provider would wait for nothing."""
        return self.offline or self._last_was_played

    def answer(self, request: Request, sent: Callable[[], HttpRequest] | None = None) -> Outcome | None:
        """Return the recorded outcome, or None if the request is to be sent and recorded.

        ``sent`` tells what an AWS call sends: an imported cassette may hold it as that. Raises `Miss` if
        there is no answer and nothing may be recorded, and `SandboxRefused` if the request carries a
        stand-in, which no real provider may see.
        """
        if self._began is None:
            # By the clock that the test reads, which may be set after the cassette was opened.
            self._began = time.time() - (time.monotonic() - self._opened)
        live = self._scrubber.scrub_request(request)
        with self._lock:
            entry = self._find(live) if self.mode.plays else None
            if entry is None and sent is not None and self._http_hosts and self.mode.plays:
                live, entry = self._find_below(live, sent())
            if entry is None and self.mode.plays:
                entry = self._find_renamed(live, request)
            self._last_was_played = entry is not None
            if entry is not None:
                entry.plays += 1
                return self._scrubber.restore(entry.scrubbed)
            if self.may_record:
                if self.mode.plays:
                    self._refuse_stand_in(request)
                self._sent += 1
                return None
            miss = self._miss(live, request)
            self.misses.append(miss)
        raise miss

    def record(self, request: Request, outcome: Callable[[], Outcome | None]) -> None:
        """Keep a place, in the order of requests, for one that leaves; ``outcome`` tells what came of it."""
        # A variable that the test sets for this call only may be gone when the cassette is closed.
        self._scrubber.learn_environment()
        with self._lock:
            self._left.append((request, outcome))

    def unread(self, request: Request) -> Miss:
        """Return, and take note of, the miss of code that reads on where the recorded one did not."""
        from sealtape.capture.http import RecordedMiss

        label = self._scrubber.scrub_request(request).label
        miss = RecordedMiss(
            f"{label} was recorded only in part",
            where=self.where,
            why="the code stopped reading its response here when it was recorded",
            hint=f"record it again: {self._ask('rewrite')}",
        )
        with self._lock:
            self.misses.append(miss)
        return miss

    def learn(self, value: str, rule: str) -> None:
        """Take note of a secret that this process holds."""
        self._scrubber.learn(value, rule)

    def filter_request(self, request: HttpRequest) -> HttpRequest | None:
        """Apply the user's vcrpy filters; None lets the request pass unrecorded."""
        if self._options is None:
            return request
        filtered = self._options.filter_request(request)
        if filtered is not None and filtered != request and self.may_record:
            # What a filter removes here may stand in a response: the scrubber has to have seen it.
            with self._lock:
                self._witnesses.append(Captured(Interaction(request, Response(0))))
        return filtered

    def filter_response(self, response: Response) -> Response | None:
        """Apply the user's vcrpy filters; None keeps the response off the cassette."""
        return response if self._options is None else self._options.filter_response(response)

    # What became of it.

    @property
    def _new(self) -> list[Captured]:
        """What was recorded by now, in the order of requests."""
        with self._lock:
            left = list(self._left)
        told = [(request, outcome()) for request, outcome in left]
        return [Captured(Interaction(request, outcome)) for request, outcome in told if outcome is not None]

    def take_misses(self) -> list[Miss]:
        """Return the misses that nobody has been told of yet, once."""
        with self._lock:
            taken, self.misses = self.misses, []
        return taken

    @property
    def lost(self) -> int:
        """How many requests were sent of which nothing could be recorded."""
        with self._lock:
            return 0 if self._options is not None else max(0, self._sent - len(self._new))

    @property
    def is_dirty(self) -> bool:
        """Whether anything was recorded."""
        return bool(self._new)

    @property
    def captured(self) -> tuple[Captured, ...]:
        """What was recorded by now, unscrubbed: for the scrubbers of other cassettes, and nothing else."""
        return (*self._new, *self._witnesses)

    def finished(self, beside: Sequence[Captured] = ()) -> tuple[Scrubbed, ...]:
        """Return what the file shall hold now, scrubbed as a whole; raises `ResidueFound`.

        A secret that was learned late is removed from earlier interactions too, those of the existing
        file included, and what ``beside`` shows to be one: what other cassettes are recording meanwhile.
        """
        captured = self._new
        kept = self._kept(captured)
        scrubbed = self._scrubber.scrub((*kept, *captured, *self._witnesses, *beside))
        return (*scrubbed[: len(kept)], *self._scrubber.told(scrubbed[len(kept) : len(kept) + len(captured)]))

    def _kept(self, captured: Sequence[Captured]) -> tuple[Scrubbed, ...]:
        """Return what of the existing file stays in it."""
        if not self.mode.keeps_unplayed:
            return ()
        if self.mode.plays:
            return self._recorded
        made = {canonical(self._scrubber.scrub_request(c.interaction.request)).key for c in captured}
        return tuple(e.scrubbed for e in self._entries[: self._own] if e.canonical.key not in made)

    def unplayed(self) -> list[Scrubbed]:
        """Return the recorded interactions that were not asked for, in recorded order."""
        return [entry.scrubbed for entry in self._entries[: self._own] if not entry.plays]

    def check_unplayed(self) -> None:
        """Raise `Unplayed` if a recorded interaction was not asked for."""
        left = self.unplayed() if self.mode.plays else []
        if left:
            labels = ", ".join(scrubbed.interaction.request.label for scrubbed in left[:5])
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            raise Unplayed(
                f"{len(left)} of {self._own} recorded interactions were not played",
                where=self.where,
                why=f"the test no longer makes {labels}{more}",
                hint=f"record it again: {self._ask('rewrite')}",
            )

    # Finding.

    def _find(self, live: Request) -> _Entry | None:
        if isinstance(live, HttpRequest) and self._options is not None and self._options.matchers is not None:
            return self._find_as_vcrpy(live)
        wanted = canonical(live)
        entry = self._next(wanted)
        if entry is None and isinstance(live, AwsRequest):
            whatever = by_operation(live)
            return self._next(whatever) or self._again(wanted) or self._again(whatever)
        return entry or self._again(wanted)

    def _next(self, wanted: Canonical) -> _Entry | None:
        """Take the next unplayed entry that answers ``wanted``."""
        waiting = self._unplayed.get(wanted.key)
        entry = self._admitted(waiting, wanted.names) if waiting else None
        if entry is not None:
            self._take(entry, wanted.names)
        return entry

    def _take(self, entry: _Entry, names: tuple[Name, ...]) -> None:
        """Take note that an unplayed entry answers a request of these names."""
        key = entry.canonical.key
        self._unplayed[key].remove(entry)
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
                [entry.scrubbed for entry in self._entries],
                is_open=lambda index: not self._entries[index].plays,
                any_will_do=self._scrubber.any_will_do,
                is_held=self._scrubber.is_held,
                start=datetime.fromisoformat(self._start).timestamp() if self._start else None,
                live=self._live_window,
                opened=self._opened_at,
            )
        return self._made_binding

    def _live_window(self) -> tuple[float, float]:
        """From when to when this cassette has been open, by the clock that the test reads."""
        return self._began or 0.0, time.time()

    def _candidates(self, live: Request, request: Request) -> list[Candidate]:
        """Return the unplayed entries that ``live``, once ``request``, is up to renaming; at most two."""
        if self._match == "exact" or (
            isinstance(live, HttpRequest) and self._options is not None and self._options.matchers is not None
        ):
            return []
        names = canonical(live).names

        def admits(index: int) -> bool:
            return self._bindings.admits(names, self._entries[index].canonical.names)

        return self._binding.candidates(live, self._scrubber.secrets_in(request), admits)

    def _find_renamed(self, live: Request, request: Request) -> _Entry | None:
        """Find the only entry that ``live``, which was ``request``, equals up to made-up values."""
        found = self._candidates(live, request)
        if len(found) != 1:
            return None
        entry = self._entries[found[0].index]
        renamed = self._binding.accept(found[0])
        self._scrubber.rename(renamed.names, renamed.forms, renamed.secrets, renamed.contents)
        self._take(entry, canonical(live).names)
        return entry

    @property
    def renamed(self) -> dict[str, str]:
        """What recorded values are called in this replay, where that is not what they were."""
        with self._lock:
            return dict(self._made_binding.renamed) if self._made_binding is not None else {}

    @cached_property
    def _http_hosts(self) -> frozenset[str | None]:
        """The hosts of the HTTP track, asked for when an AWS call has no answer: most cassettes never are."""
        return frozenset(urlsplit(r.url).hostname for r in self.requests if isinstance(r, HttpRequest))

    def _find_below(self, live: Request, sent: HttpRequest) -> tuple[Request, _Entry | None]:
        """Find what was recorded of an AWS call below botocore, by vcrpy for instance.

        Return what to explain a miss by: the call, or, of a host of which only the wire is known, that.
        """
        filtered = self.filter_request(sent)
        if filtered is None or urlsplit(sent.url).hostname not in self._http_hosts:
            return live, None
        scrubbed = self._scrubber.scrub_request(filtered)
        assert isinstance(scrubbed, HttpRequest)
        entry = self._find(scrubbed)
        has_aws = any(isinstance(request, AwsRequest) for request in self.requests)
        return (live if has_aws else scrubbed), entry

    def _admitted(self, entries: Sequence[_Entry], names: tuple[Name, ...]) -> _Entry | None:
        """Return the first entry with these very names, else the first that a renaming admits."""
        renamed = None
        for entry in entries:
            if self._bindings.admits(names, entry.canonical.names):
                if entry.canonical.names == names:
                    return entry
                renamed = renamed or entry
        return renamed

    def _again(self, wanted: Canonical) -> _Entry | None:
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

    def _find_as_vcrpy(self, live: HttpRequest) -> _Entry | None:
        """Find by the matchers that the user gave to vcrpy."""
        assert self._options is not None
        again = None
        for entry in self._entries:
            recorded = entry.scrubbed.interaction.request
            if isinstance(recorded, HttpRequest) and not self._options.differences(live, recorded):
                if not entry.plays:
                    return entry
                again = again or entry
        return again if self._repeats != "miss" else None

    # Misses.

    def _miss(self, live: Request, request: Request) -> Miss:
        from sealtape.capture.http import RecordedMiss

        what, why = self._explain(live, request)
        return RecordedMiss(what, where=self.where, why=why, hint=self._remedy())

    def _explain(self, live: Request, request: Request) -> tuple[str, str]:
        if not self.exists:
            return f"{live.label} was never recorded", "there is no such cassette"
        asked = canonical(live)
        keys = [asked.key, by_operation(live).key] if isinstance(live, AwsRequest) else [asked.key]
        same = [entry for entry in self._entries if entry.canonical.key in keys]
        if same and all(entry.plays for entry in same):
            times = "once" if len(same) == 1 else f"{len(same)} times"
            return f"{live.label} is played out", f"it was recorded {times}, and has been answered that often"
        if same:
            return f"{live.label} was recorded for another {_others(asked, same[0].canonical)}", (
                "equal requests of two do not answer for each other"
            )
        likely = [self._entries[one.index] for one in self._candidates(live, request)]
        if len(likely) > 1:
            one, other = (entry.scrubbed.interaction.request for entry in likely)
            return f"two recorded requests could be this {live.label}", (
                "it is equal to both but for values that were made up anew: "
                + "; ".join(f"{d.place}, {d.recorded} or {d.live}" for d in differences(other, one))
            )
        left = [entry for entry in self._entries if not entry.plays]
        found = nearest(live, (entry.scrubbed.interaction.request for entry in left or self._entries))
        if found is None:
            kind = "AWS service" if isinstance(live, AwsRequest) else "host"
            return (
                f"{live.label} was never recorded",
                f"this may be the wrong cassette: none of its {len(self._entries)} interactions "
                f"is with that {kind}",
            )
        recorded, differing = found
        if [difference.place for difference in differing] == ["protocol"]:
            return (
                f"{live.label} was recorded with protocol {differing[0].recorded}",
                f"this botocore speaks {differing[0].live}, and cannot read what was answered",
            )
        refusals = self._refusals(live, request, recorded)
        told = [self._told(difference, refusals.get(difference.place, "")) for difference in differing]
        if not refusals and asked.names[:2] != canonical(recorded).names[:2]:
            told.append(_others(asked, canonical(recorded)))
        return (
            f"{live.label} was never recorded like this",
            f"nearest is {recorded.label}, which differs in " + "; ".join(told),
        )

    def _refusals(self, live: Request, request: Request, recorded: Request) -> Mapping[str, str]:
        """Say by place why ``recorded`` is no renaming of ``live``."""
        if self._match == "exact":
            return {}
        index = next(i for i, e in enumerate(self._entries) if e.scrubbed.interaction.request is recorded)
        return self._binding.refusals(index, live, self._scrubber.secrets_in(request))

    def _told(self, difference: Difference, why: str) -> str:
        """Say what differs; of two secrets only that they do, for the stand-ins mean nothing to anyone."""
        if self._scrubber.is_stand_in(difference.recorded.strip('"')):
            return f"{difference.place}: another secret than the one that was recorded (scrubbed)"
        return f"{difference} ({why})" if why else str(difference)

    def _remedy(self) -> str:
        if not self.exists:
            return f"record it: {self._ask('once')}"
        return f"record what is new: {self._ask('new_episodes')}, or all of it: {self._ask('rewrite')}"

    def _refuse_stand_in(self, request: Request) -> None:
        place = self._scrubber.holds_stand_in(request)
        if place is not None:
            raise SandboxRefused(
                f"{request.label} was not sent",
                where=self.where,
                why=f"its {place} is a stand-in from the cassette, which no real provider may see",
                hint=f"record again what it came from too: {self._ask('rewrite')}",
            )

    # The names vcrpy gives to the same things.

    @property
    def play_count(self) -> int:
        """How many recorded interactions were played."""
        return sum(entry.plays for entry in self._entries)

    @property
    def all_played(self) -> bool:
        """Whether every recorded interaction was played."""
        return not self.unplayed()

    @property
    def requests(self) -> list[Request]:
        """The recorded requests, in order; live ones are not shown before they are scrubbed."""
        return [entry.scrubbed.interaction.request for entry in self._entries]

    @property
    def responses(self) -> list[Outcome]:
        """The recorded outcomes, in order."""
        return [entry.scrubbed.interaction.outcome for entry in self._entries]

    def __len__(self) -> int:
        return len(self._entries) + len(self._left)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"<Cassette {self.where} {self.mode.name}: {len(self)} interactions>"


def _others(live: Canonical, recorded: Canonical) -> str:
    """Name what tells two equal requests apart."""
    pairs = zip(live.names, recorded.names, strict=False)
    differing = dict.fromkeys(
        f"{kind} ({ours or 'none'} here, {theirs or 'none'} recorded)"
        for (kind, ours), (_, theirs) in pairs
        if ours != theirs
    )
    return " and ".join(differing) or "caller, region or account"


@contextmanager
def expect_miss() -> Iterator[list[Miss]]:
    """Expect a request that the cassette does not answer.

    A `Miss` that ends the block is swallowed, as is the note of one that the code in it swallowed
    itself. The list holds them after the block. A block without a miss raises ``AssertionError``.
    """
    conversation: Any = current()
    if not isinstance(conversation, Cassette):
        raise AssertionError("expect_miss() needs an open cassette")
    before = len(conversation.misses)
    seen: list[Miss] = []
    try:
        yield seen
    except Miss as miss:
        if miss not in conversation.misses[before:]:
            raise
    seen.extend(conversation.misses[before:])
    del conversation.misses[before:]
    if not seen:
        raise AssertionError("expected a miss, but the cassette answered every request")

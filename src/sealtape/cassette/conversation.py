"""One open cassette, as capture asks it and as its users see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sealtape.capture.familiar import Shown, VcrpyNames
from sealtape.capture.reading import watched
from sealtape.cassette.departures import Departures
from sealtape.cassette.explanation import explain
from sealtape.cassette.index import Entry, Index
from sealtape.determinism.clock import reach
from sealtape.errors import Miss, NetworkBlocked, SandboxRefused, SealtapeError, Unplayed
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
from sealtape.matching import canonical
from sealtape.modes import Mode
from sealtape.multipart import drawn_boundaries
from sealtape.renaming.moments import answered_by

if TYPE_CHECKING:
    from sealtape.capture.current import Guard
    from sealtape.capture.options import VcrOptions
    from sealtape.scrub.scrubber import Scrubber


class _Noting:
    """The rules of a cassette's sandbox, which takes note of what they refuse."""

    def __init__(self, sandbox: Guard, cassette: Cassette) -> None:
        self._sandbox = sandbox
        self._cassette = cassette

    def permit_aws(self, client: Any, request: AwsRequest, url: str) -> None:
        with self._noting():
            self._sandbox.permit_aws(client, request, url)

    def permit_http(self, request: HttpRequest) -> None:
        with self._noting():
            self._sandbox.permit_http(request)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except SealtapeError as error:
            self._cassette.note_refusal(error)
            raise


class Cassette(VcrpyNames):
    """One conversation with the providers, as capture sees it (`sealtape.capture.current.Conversation`).

    ``recording`` is what the file holds, None if there is no file. ``ask`` turns the name of a mode into
    what to type for it. Attributes named as vcrpy names
    them say the same things. Safe for threads.
    """

    def __init__(
        self,
        recording: Recording | None,
        *,
        where: str,
        mode: Mode,
        scrubber: Callable[[], Scrubber],
        sandbox: Guard,
        options: VcrOptions | None = None,
        repeats: str = "miss",
        match: str = "renaming",
        collapse_polls: bool = False,
        shared: Sequence[Scrubbed] = (),
        ask: Callable[[str], str] = "pytest --record-mode={}".format,
    ) -> None:
        self.where = where
        self.mode = mode
        self.sandbox = _Noting(sandbox, self)
        self.refusals: list[SealtapeError] = []
        self.exists = recording is not None
        self.may_record = mode.may_record(exists=self.exists)
        self.misses: list[Miss] = []
        self._recorded = recording.interactions if recording else ()
        self._make_scrubber = scrubber
        self._made_scrubber: Scrubber | None = None
        self._ask = ask
        self._options = options
        self._collapse_polls = collapse_polls
        self._lock = threading.RLock()
        self._departures = Departures()
        self._has_finished = False
        self._last_was_played = False
        self._reached = 0.0
        self._index = Index(
            recording,
            shared,
            scrubber=lambda: self._scrubber,
            filter_request=self.filter_request,
            options=options,
            repeats=repeats,
            match=match,
        )
        self._start = recording.start if recording else ""
        self.regions = dict(recording.regions) if recording and mode.keeps_unplayed else {}
        self._additions: dict[str, list[frozenset[str]]] = {}
        self.reads: dict[str, set[tuple[str, ...]]] | None = None
        """What a replay reads of the answers, by operation; None where nobody wants to know."""
        self._recorded_additions = dict(recording.additions) if recording and mode.keeps_unplayed else {}

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

    @property
    def known_offline(self) -> bool:
        """Whether nothing may leave for a provider: a cassette that is open knows."""
        return self.offline

    @property
    def recorded_at(self) -> datetime | None:
        """When it was recorded, if it says so."""
        return datetime.fromisoformat(self._start) if self._start else None

    def skips_waiting(self) -> bool:
        """Whether a client that waits for the provider would wait for nothing."""
        return self.offline or self._last_was_played

    def watched(self, label: str, answer: Any) -> Any:
        """Return a parsed answer of the operation ``label``, so that ``reads`` knows what is read of it."""
        if self.reads is None or not self.offline:
            return answer
        return watched(answer, self.reads.setdefault(label, set()).add)

    def note_additions(self, label: str, names: frozenset[str]) -> None:
        """Take note of what the SDK adds to a request for the operation ``label``."""
        with self._lock:
            self._additions.setdefault(label, []).append(names)

    @property
    def additions(self) -> dict[str, str]:
        """What the SDK added, by operation: the names, ``?`` behind those that not every call had."""
        noted = {label: _told_additions(calls) for label, calls in self._additions.items()}
        return self._recorded_additions | noted

    def note_region(self, profile: str, region: str) -> None:
        """Take note of the region that a profile of this machine has."""
        self.regions[self._scrubber.digest(profile)] = region

    def region_of(self, profile: str) -> str | None:
        """Return the region that a profile had where the cassette was recorded, if that is known."""
        return self.regions.get(self._scrubber.digest(profile)) if self.regions else None

    def answer(self, request: Request, sent: Callable[[], HttpRequest] | None = None) -> Outcome | None:
        """Return the recorded outcome, or None if the request is to be sent and recorded.

        ``sent`` tells what an AWS call sends: an imported cassette may hold it as that. Raises `Miss` if
        there is no answer and nothing may be recorded, and `SandboxRefused` if the request carries a
        stand-in, which no real provider may see.
        """
        if isinstance(request, AwsRequest):
            outcome = self.verbatim(request)
            if outcome is not None:
                return outcome
        live = self._scrubber.scrub_request(request)
        with self._lock:
            entry = None
            if self.mode.plays:
                live, entry = self._index.find(live, request, sent)
            self._last_was_played = entry is not None
            if entry is not None:
                if self.may_record:
                    self._departures.witness(request)
                return self._play(entry, request)
            if self.may_record:
                again = self._just_recorded(request)
                if again is not None:
                    return again
                if self.mode.plays:
                    self._refuse_stand_in(request)
                self._departures.send()
                return None
            raise self._noted(self._miss(live, request))

    def verbatim(self, request: Request) -> Outcome | None:
        """Return what `answer` would, if it takes no more than to look the request up as it is, else None."""
        # Names that stand for others here could be those of other recorded requests.
        if self.may_record or self._index.translates:
            return None
        known: Request = request
        if isinstance(request, AwsRequest):
            known = self._scrubber.with_scrubbed_caller(request)
        elif self._options is not None or not self._scrubber.holds_nothing(request.headers):
            return None
        with self._lock:
            entry = self._index.verbatim(known)
            if entry is None:
                return None
            self._last_was_played = True
            return self._play(entry, request)

    def note_refusal(self, error: SealtapeError) -> None:
        """Take note of a request that was not sent after all."""
        self._departures.hold_back()
        with self._lock:
            self.refusals.append(error)

    def record(self, request: Request, outcome: Callable[[], Outcome | None]) -> None:
        """Keep a place, in the order of requests, for one that leaves; ``outcome`` tells what came of it."""
        # A variable that the test sets for this call only may be gone when the cassette is closed.
        self._scrubber.learn_environment()
        self._departures.add(request, outcome)

    def _play(self, entry: Entry, request: Request) -> Outcome:
        entry.plays += 1
        entry.asked = request
        self._restore_boundary(request, entry)
        if self._index.has_other_account:
            self._learn_accounts(request)
        outcome = entry.scrubbed.interaction.outcome
        answered = answered_by(outcome)
        if answered > self._reached:
            self._reached = answered
            reach(answered)
        if self._index.translates or entry.scrubbed.removals:
            return self._scrubber.restore(entry.scrubbed)
        return outcome

    def _learn_accounts(self, request: Request) -> None:
        """Know an account that is another one here wherever it is said from now on, not in ARNs only."""
        self._index.has_other_account = False
        for kind, account in canonical(request).names:
            if kind == "account":
                self._scrubber.learn(account, "account-id")

    def _restore_boundary(self, live: Request, entry: Entry) -> None:
        """Let responses that name the boundary of a recorded multipart body name that of the live one."""
        recorded = entry.scrubbed.interaction.request
        if isinstance(live, HttpRequest) and isinstance(recorded, HttpRequest) and live.body != recorded.body:
            drawn = drawn_boundaries(live, recorded)
            if drawn:
                self._index.translates = True
                self._scrubber.rename({}, drawn, (), {})

    def _just_recorded(self, request: Request) -> Response | None:
        """Return what was recorded in this block of an equal request, if vcrpy's option lets it answer again.

        Not of AWS calls: whoever waits for something there would wait for ever.
        """
        if not (self.allow_playback_repeats and self.mode.plays and isinstance(request, HttpRequest)):
            return None
        matching = self._index.matching
        if matching is not None:
            return self._departures.again(lambda recorded: not matching.differences(request, recorded))
        return self._departures.again(lambda recorded: canonical(request) == canonical(recorded))

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
        return self._noted(miss)

    def refuse(self, host: str, pattern: str) -> Miss:
        """Return, and take note of, the miss of code that goes out to ``host`` below every seam."""
        miss = NetworkBlocked(
            f"Network is disabled for host {host!r}",
            where=self.where,
            why="a replay leaves this machine for nobody, and no client that can be recorded asked",
            hint=f"let it pass, if it is no part of the test: pytest --allowed-hosts={pattern}",
        )
        return self._noted(miss)

    def _noted(self, miss: Miss) -> Miss:
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
            self._departures.witness(request)
        return filtered

    def filter_response(self, response: Response) -> Response | None:
        """Apply the user's vcrpy filters; None keeps the response off the cassette."""
        return response if self._options is None else self._options.filter_response(response)

    # What became of it.

    def take_misses(self) -> list[Miss]:
        """Return the misses that nobody expected and nobody has been told of yet, once."""
        with self._lock:
            taken, self.misses = self.misses, []
        return [miss for miss in taken if not miss.is_expected]

    @property
    def lost(self) -> int:
        """How many requests were sent of which nothing could be recorded."""
        return 0 if self._options is not None else self._departures.lost

    @property
    def _is_finished(self) -> bool:
        return self._has_finished

    @property
    def is_dirty(self) -> bool:
        """Whether anything was recorded."""
        return bool(self._departures.captured)

    @property
    def captured(self) -> tuple[Captured, ...]:
        """What was recorded by now, unscrubbed: for the scrubbers of other cassettes, and nothing else."""
        return (*self._departures.captured, *self._departures.witnesses)

    def finished(self, beside: Sequence[Captured] = ()) -> tuple[Scrubbed, ...]:
        """Return what the file shall hold now, scrubbed as a whole; raises `ResidueFound`.

        A secret that was learned late is removed from earlier interactions too, those of the existing
        file included, and what ``beside`` shows to be one: what other cassettes are recording meanwhile.
        """
        self._has_finished = True
        captured = self._saved(self._departures.captured)
        kept = self._kept(captured)
        scrubbed = self._scrubber.scrub((*kept, *captured, *self._departures.witnesses, *beside))
        told = self._scrubber.told(scrubbed[len(kept) : len(kept) + len(captured)])
        if self._collapse_polls:
            from sealtape.polls import collapsed

            told = collapsed(told)
        return (*scrubbed[: len(kept)], *told)

    def _saved(self, captured: Sequence[Captured]) -> list[Captured]:
        """Return what the user's hooks make of what was recorded; the scrubber sees what they remove."""
        if self._options is None:
            return list(captured)
        saved = []
        for one in captured:
            for secret in self._options.secrets_in(one.interaction):
                self._scrubber.learn(secret, "registered-value")
            hooked = self._options.saved(one.interaction, self)
            if hooked is not one.interaction:
                self._departures.show(one)
            if hooked is not None:
                saved.append(Captured(hooked))
        return saved

    def _kept(self, captured: Sequence[Captured]) -> tuple[Scrubbed, ...]:
        """Return what of the existing file stays in it."""
        if not self.mode.keeps_unplayed:
            return ()
        if self.mode.plays:
            return self._recorded
        made = {canonical(self._scrubber.scrub_request(c.interaction.request)).key for c in captured}
        return tuple(e.scrubbed for e in self._index.own if e.canonical.key not in made)

    def unplayed(self) -> list[Scrubbed]:
        """Return the recorded interactions that were not asked for, in recorded order."""
        return [entry.scrubbed for entry in self._index.own if not entry.plays]

    def check_unplayed(self) -> None:
        """Raise `Unplayed` if a recorded interaction was not asked for."""
        left = self.unplayed() if self.mode.plays else []
        if left:
            labels = ", ".join(scrubbed.interaction.request.label for scrubbed in left[:5])
            more = f" and {len(left) - 5} more" if len(left) > 5 else ""
            raise Unplayed(
                f"{len(left)} of {len(self._recorded)} recorded interactions were not played",
                where=self.where,
                why=f"the test no longer makes {labels}{more}",
                hint=f"record it again: {self._ask('rewrite')}",
            )

    # Misses.

    def _miss(self, live: Request, request: Request) -> Miss:
        from sealtape.capture.http import RecordedMiss

        if not self.exists:
            what, why = f"{live.label} was never recorded", "there is no such cassette"
        else:
            what, why = explain(self._index, live, request)
        return RecordedMiss(what, where=self.where, why=why, hint=self._remedy())

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

    # What vcrpy's names are for.

    @property
    def renamed(self) -> dict[str, str]:
        """What recorded values are called in this replay, where that is not what they were."""
        with self._lock:
            return self._index.renamed

    @property
    def interactions(self) -> list[Interaction]:
        """What the file holds, in order, scrubbed; of what is being recorded nothing is shown."""
        return [entry.scrubbed.interaction for entry in self._index.entries]

    def _shown(self) -> list[Shown]:
        with self._lock:
            # As in vcrpy, nothing is left of a cassette that is recorded as a whole.
            stays = self.mode.plays or self.mode.keeps_unplayed
            entries = [self._shown_entry(entry) for entry in self._index.entries] if stays else []
        return entries + [Shown(*answered) for answered in self._departures.answered]

    def _shown_entry(self, entry: Entry) -> Shown:
        interaction = entry.scrubbed.interaction
        outcome = self._scrubber.restore(entry.scrubbed) if entry.plays else interaction.outcome
        if isinstance(outcome, Response) and isinstance(interaction.request, HttpRequest):
            outcome = self.filter_response(outcome) or outcome
        return Shown(entry.asked or interaction.request, outcome, entry.plays)

    @property
    def dirty(self) -> bool:
        """Whether anything was recorded."""
        return self.is_dirty

    @property
    def rewound(self) -> bool:
        """Whether there is a file that plays."""
        return self.exists

    @property
    def record_mode(self) -> str:
        """The name of the record mode."""
        return self.mode.name

    @property
    def write_protected(self) -> bool:
        """Whether nothing is recorded."""
        return self.offline

    def rewind(self) -> None:
        """Let everything that the file holds be played once more, from the beginning."""
        with self._lock:
            self._index.rewind()

    def __repr__(self) -> str:
        return f"<Cassette {self.where} {self.mode.name}: {len(self)} interactions>"


def _told_additions(calls: Sequence[frozenset[str]]) -> str:
    always = frozenset.intersection(*calls)
    return " ".join(name if name in always else f"{name}?" for name in sorted(frozenset.union(*calls)))

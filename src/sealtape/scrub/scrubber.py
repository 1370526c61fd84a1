"""Captured -> Scrubbed: the order of the layers, over the whole of a cassette.

A recording is walked until nothing new is learned, so that a secret which a late response reveals is
also gone from the requests before it; then once more to remove; then the residue gate reads the
result. A live request is walked once, with the same rules and stand-ins, so that it equals the
recorded one: what rules find is drawn anew from the key, and what only the recording process knew is
recognised by the digests that the opened cassette carries.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sealtape.errors import ResidueFound
from sealtape.interaction import (
    AwsRequest,
    Captured,
    Headers,
    Interaction,
    Outcome,
    Removal,
    Request,
    Response,
    Scrubbed,
)
from sealtape.scrub import content
from sealtape.scrub.common import CommonSecrets
from sealtape.scrub.erase import Eraser
from sealtape.scrub.evidence import PROCESS_VARIABLE
from sealtape.scrub.known import Known, Reach, reach_of
from sealtape.scrub.lexicon import Lexicon
from sealtape.scrub.models import Models, shared_models
from sealtape.scrub.pseudonyms import StandIns
from sealtape.scrub.replace import MOST_REMEMBERED, Notes
from sealtape.scrub.residue import Residue, find_residue, place_of_any
from sealtape.scrub.restore import Restoring
from sealtape.scrub.walk import Walk
from sealtape.settings import ScrubSettings

_MIN_ENVIRONMENT_VALUE = 8
_ROUNDS = 8
_OF_AWS = re.compile(
    r"https?://(?![^/?#]*\.(?:execute-api|elb|elasticbeanstalk|s3-website)[.-])[^/?#@]+\.amazonaws\.com(?:\.cn)?"
    r"(?::\d+)?(?:[/?#]|\Z)"
)
_BY_MODEL = frozenset({"model-sensitive", "model-payload"})
_IDENTITIES = frozenset({"access-key-id", "account-id", "iam-unique-id", "known-value", "sigv4-signature"})


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is removed from a live request: by which rule, where, and the value itself."""

    rule: str
    place: str
    value: str = field(repr=False)


_lexicon = lru_cache(maxsize=8)(Lexicon)
"""What names say under some settings, for all cassettes of a run: it depends on nothing else."""


class Scrubber:
    """Removes the secrets of one cassette, and recognises them in live requests.

    ``key`` is 32 bytes from which stand-ins and digests are drawn: the same key gives the same ones.
    ``removals`` is what an opened cassette says was removed. ``environ`` is where secret variables are
    looked for. ``common`` are the secrets that other recordings have shown; what this one shows is added.
    Safe to use from several threads.
    """

    def __init__(
        self,
        settings: ScrubSettings,
        key: bytes,
        *,
        removals: Iterable[Removal] = (),
        environ: Mapping[str, str] = os.environ,
        models: Models | None = None,
        common: CommonSecrets | None = None,
    ) -> None:
        self._common = common if common is not None else CommonSecrets()
        self._settings = settings
        self._stand_ins = StandIns(key)
        self._known = Known(self._stand_ins)
        self._lexicon = _lexicon(settings)
        self._parts = Walk(models if models is not None else shared_models())
        self._learned: set[tuple[str, str]] = set()
        self._restoring = Restoring()
        self._recorded = Restoring()
        self._contents: dict[bytes, bytes] = {}
        self._known.adopt(removals)
        given_out = self._stand_ins.adopted
        self._given_out = tuple(text for text in given_out if reach_of(text, "") >= Reach.WORD)
        self._environment: dict[str, str] = {}
        self._shown = 0
        for value in settings.values:
            self.learn(value, "registered-value")
        self.learn_environment(environ)

    def learn_environment(self, environ: Mapping[str, str] = os.environ) -> None:
        """Learn the secret variables that have been set since the last time; cheap when none has."""
        current = dict(environ)
        if current == self._environment:
            return
        fresh = current.items() - self._environment.items()
        self._environment = current
        for name, value in fresh:
            registered = name in self._settings.environment
            if registered or (PROCESS_VARIABLE.search(name) and len(value) >= _MIN_ENVIRONMENT_VALUE):
                self.learn(value, "environment-value")

    def learn(self, value: str, rule: str) -> None:
        """Make an exact value known as a secret of this process; cheap when repeated.

        It is removed wherever it appears, in every encoding, from six characters on (from four where
        it is the whole of a value). Ordinary words, numbers under six digits and stand-ins are not.
        """
        if (value, rule) in self._learned or not value or rule in self._lexicon.off:
            return
        self._learned.add((value, rule))
        self._known.add(value, rule, reach_of(value, rule))

    def digest(self, name: str) -> str:
        """Return the keyed digest of a name that a cassette should know and not hold: 16 hex digits."""
        return self._stand_ins.digest(name)

    def is_stand_in(self, text: str) -> bool:
        """Whether ``text`` is a stand-in made here or named by the opened cassette."""
        return self._stand_ins.is_one(text)

    def holds_stand_in(self, request: Request) -> str | None:
        """Return the place in a live request of a stand-in that a cassette has given out, or None.

        In whatever encoding. Those that are only made here are held by nobody.
        """
        return place_of_any(request, self._given_out) if self._given_out else None

    # Recording --------------------------------------------------------------------------------------

    def scrub(self, captured: Sequence[Captured | Scrubbed]) -> tuple[Scrubbed, ...]:
        """Return the interactions of a cassette without secrets; raise `ResidueFound`.

        What was scrubbed before may be among them, and keeps its removals: a secret that is learned
        only now is then removed from it too.
        """
        interactions = [item.interaction for item in captured]
        for value, rule in self._common:
            self.learn(value, rule)
        for _ in range(_ROUNDS):
            edition = self._known.edition
            noted = [self._walk(interaction) for interaction in interactions]
            self._learn_from([notes for _, notes in noted])
            if self._known.edition == edition:
                break
        earlier = [item.removals if isinstance(item, Scrubbed) else () for item in captured]
        result = tuple(
            Scrubbed(interaction, _merged(before, self._removals(notes)))
            for (interaction, notes), before in zip(noted, earlier, strict=True)
        )
        residue = find_residue(result, self._settings, self._known.values())
        if residue:
            raise _refusal(residue)
        return result

    def _learn_from(self, noted: Iterable[Notes]) -> None:
        for notes in noted:
            for (_, stand_in), (rule, value, _) in notes.items():
                if value != stand_in:
                    self._known.add(value, rule, reach_of(value, rule))
                    self._common.add([(value, rule)])

    def _walk(self, interaction: Interaction) -> tuple[Interaction, Notes]:
        notes: Notes = {}
        request = interaction.request
        eraser = self._eraser(request, notes)
        clean = self._parts.request(request, eraser)
        outcome = self._parts.outcome(interaction.outcome, request, eraser)
        if clean is request and outcome is interaction.outcome:
            return interaction, notes
        return Interaction(clean, outcome), notes

    def _removals(self, notes: Notes) -> tuple[Removal, ...]:
        removals = []
        for (place, stand_in), (rule, _, count) in sorted(notes.items(), key=lambda item: item[0]):
            digest, length = self._stand_ins.origin(stand_in)
            removals.append(Removal(rule, place, stand_in, digest, length, count))
        return tuple(removals)

    def _eraser(self, request: Request, notes: Notes | None) -> Eraser:
        return Eraser(self._lexicon, self._known, self._stand_ins, notes, aws=_is_aws(request))

    # Requests ---------------------------------------------------------------------------------------

    def scrub_request(self, request: Request) -> Request:
        """Return a live request as it would have been recorded; the same object where nothing goes."""
        clean = self._parts.request(request, self._eraser(request, None))
        while self._take_shown():
            clean = self._parts.request(request, self._eraser(request, None))
        return self._parts.request(clean, self._putting(self._recorded, request)) if self._recorded else clean

    def with_scrubbed_caller(self, request: AwsRequest) -> AwsRequest:
        """Return a live call with what stands for its caller, and all else as it is."""
        caller = request.caller
        if caller and "access-key-id" not in self._lexicon.off:
            caller = self._stand_ins.of(caller)
        return AwsRequest(
            request.service,
            request.operation,
            request.parameters,
            request.body,
            request.region,
            caller,
            request.protocol,
        )

    def holds_nothing(self, headers: Headers) -> bool:
        """Whether these fields of an HTTP request have been looked into, and nothing was found in any."""
        known = self._known
        if headers in known.headers:
            return True
        fields = known.fields
        if not all((False, field) in fields for field in headers):
            return False
        if len(known.headers) < MOST_REMEMBERED:
            known.headers.add(headers)
        return True

    def secrets_in(self, request: Request) -> dict[str, Secret]:
        """Return what is removed from a live request, each by its stand-in."""
        notes: Notes = {}
        self._parts.request(request, self._eraser(request, notes))
        return {stand_in: Secret(rule, place, value) for (place, stand_in), (rule, value, _) in notes.items()}

    def any_will_do(self, rule: str, place: str) -> bool:
        """Whether any secret may stand where ``rule`` found one: not if it may be a name that was chosen."""
        if rule in _BY_MODEL:
            return bool(self._lexicon.rule(place.removesuffix(".*").rpartition(".")[2]))
        return rule not in _IDENTITIES

    def is_held(self, stand_in: str) -> bool:
        """Whether the caller has shown to hold what a stand-in of the recording stands for."""
        return stand_in in self._stand_ins.held

    def rename(
        self,
        names: Mapping[str, str],
        forms: Mapping[str, str],
        secrets: Iterable[tuple[str, str]],
        contents: Mapping[bytes, bytes],
    ) -> None:
        """Call what the recording says under the keys of ``names`` by their values here, from now on.

        ``forms`` are likewise, of what follows from names and times, as it is written. ``secrets`` are
        stand-ins of the recording, each with the one that was made here for another value in its place: the
        recorded one stands for that value too. ``contents`` are bodies of the recording with those that
        take their place.
        """
        for recorded, live in secrets:
            self._stand_ins.hold(live, recorded)
        self._restoring.put(names)
        self._restoring.put_forms(forms)
        self._recorded.put({live: recorded for recorded, live in names.items()})
        self._recorded.put_forms({live: recorded for recorded, live in forms.items()})
        self._contents.update(contents)

    def _take_shown(self) -> bool:
        """Look in every encoding for the values that live requests have shown; whether there are new ones.

        A recording looks for a value inside of words and encodings, where no digest recognises it.
        """
        shown = self._stand_ins.shown
        if len(shown) == self._shown:
            return False
        start, edition = self._shown, self._known.edition
        fresh = shown[start:]
        self._shown = start + len(fresh)
        for stand_in, value in fresh:
            rule = self._known.rule_of(stand_in)
            # Of the two only the value can be an ordinary word, which is nobody's secret elsewhere.
            reach = min(reach_of(stand_in, rule), reach_of(value, rule))
            self._known.add(value, rule, reach, stand_in)
        return self._known.edition != edition

    def restore(self, scrubbed: Scrubbed) -> Outcome:
        """Return a recorded outcome with the secrets that the caller has shown to hold, and its own names.

        Where it has shown none, that is the recorded outcome, the same object.
        """
        outcome, held = scrubbed.interaction.outcome, self._stand_ins.held
        if not self._recorded and not any(
            r.stand_in in held and not r.place.startswith("request.") for r in scrubbed.removals
        ):
            return outcome
        if self._contents and isinstance(outcome, Response) and outcome.body in self._contents:
            body = self._contents[outcome.body]
            outcome = replace(outcome, headers=content.mended(outcome.headers, body), body=body)
        self._restoring.follow(self._stand_ins.shown, self._known)
        request = scrubbed.interaction.request
        return self._parts.outcome(outcome, request, self._putting(self._restoring, request))

    def _putting(self, values: Restoring, request: Request) -> Eraser:
        return Eraser(self._lexicon, values.known, values.values, None, aws=_is_aws(request))

    def renamed(
        self, recorded: Sequence[Scrubbed], names: Mapping[str, str], accepted: Sequence[Scrubbed]
    ) -> tuple[Scrubbed, ...]:
        """Return interactions with every value of ``names`` replaced by another, in every encoding.

        Where the other is a stand-in of ``accepted``, what that says of its origin goes with it.
        """
        if not names:
            return tuple(recorded)
        renaming = Restoring()
        renaming.put(names)
        origins = {r.stand_in: (r.digest, r.length) for old in accepted for r in old.removals}
        return tuple(self._renamed(scrubbed, renaming, names, origins) for scrubbed in recorded)

    def told(self, recorded: Sequence[Scrubbed]) -> tuple[Scrubbed, ...]:
        """Return what this replay has added to its recording, in the recording's own names (`rename`)."""
        if not self._recorded:
            return tuple(recorded)
        names = self._recorded.values.behind
        return tuple(self._renamed(scrubbed, self._recorded, names, {}) for scrubbed in recorded)

    def _renamed(
        self,
        scrubbed: Scrubbed,
        renaming: Restoring,
        names: Mapping[str, str],
        origins: Mapping[str, tuple[str, int]],
    ) -> Scrubbed:
        request, outcome = scrubbed.interaction.request, scrubbed.interaction.outcome
        eraser = self._putting(renaming, request)
        told = Interaction(
            self._parts.request(request, eraser), self._parts.outcome(outcome, request, eraser)
        )
        removals = []
        for removal in scrubbed.removals:
            stand_in = names.get(removal.stand_in, removal.stand_in)
            digest, length = origins.get(stand_in, (removal.digest, removal.length))
            removals.append(replace(removal, stand_in=stand_in, digest=digest, length=length))
        return Scrubbed(told, tuple(removals))


def _is_aws(request: Request) -> bool:
    """Whether a request goes to a service of AWS, and not to somebody's own behind one of its gateways."""
    if isinstance(request, AwsRequest):
        return True
    return ".amazonaws.com" in request.url and _OF_AWS.match(request.url) is not None


def _merged(before: tuple[Removal, ...], now: tuple[Removal, ...]) -> tuple[Removal, ...]:
    places = {(removal.rule, removal.place, removal.stand_in) for removal in before}
    return before + tuple(r for r in now if (r.rule, r.place, r.stand_in) not in places)


def _refusal(residue: list[Residue]) -> ResidueFound:
    first = residue[0]
    more = f" and at {len(residue) - 1} other places" if len(residue) > 1 else ""
    if first.rule == "unreadable":
        return ResidueFound(
            f"there is what nobody can look into: rule {first.rule} at {first.place}{more}",
            why="it is cut short, encrypted, too large or of an unknown kind, and nothing was written",
            hint=f'if it is harmless, [tool.sealtape.scrub] allow = ["{first}"]',
        )
    return ResidueFound(
        f"scrubbing left what looks like a secret: rule {first.rule} at {first.place}{more}",
        why="nothing was written",
        hint=(
            'name what holds it in [tool.sealtape.scrub] names = ["…"] or patterns = ["…"]; '
            f'if it is harmless, allow = ["{first}"]'
        ),
    )

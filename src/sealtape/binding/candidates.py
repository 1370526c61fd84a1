"""The recorded requests of a cassette by what they have in common, and what was bound so far."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sealtape.binding.comparison import Comparison, Side, digests, masked
from sealtape.interaction import AwsRequest, Outcome, Request, Response, Scrubbed
from sealtape.matching import canonical, taken_apart
from sealtape.matching.trees import canonical_json
from sealtape.renaming.draws import is_uuid
from sealtape.renaming.moments import Clocks, Window, dates, spellings
from sealtape.renaming.provenance import first_said
from sealtape.renaming.requests import (
    WORD,
    Substitution,
    Trial,
    drawn_values,
    is_all_drawn,
    longest_word,
)
from sealtape.scrub.scrubber import Secret

_MAX_TEXT = 16 * 1024 * 1024
_SENSITIVE = frozenset(("model-sensitive", "model-payload"))
_BODY = 16
"""Bytes from which on a content is long enough to be known again by itself."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recorded request that a live one may be: its place in the cassette, and how the two compare."""

    index: int
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Renamed:
    """What one request has shown to be another in this replay, recorded to live.

    ``names`` are values; ``forms`` are times and checksums as they may be written; ``secrets`` are stand-ins;
    ``contents`` are what responses may give back as a whole.
    """

    names: Mapping[str, str]
    forms: Mapping[str, str]
    secrets: Sequence[tuple[str, str]]
    contents: Mapping[bytes, bytes]


class Binding:
    """Finds the recorded request that a live one is a renaming of, and remembers what is called what.

    ``recorded`` are its interactions in order. ``is_open`` says of an index whether it can still answer; what
    is closed stays so. ``any_will_do`` says of a rule and a place whether any other secret may stand there,
    and ``is_held`` of a stand-in whether the caller has sent the very secret that it stands for.
    ``speakers`` are the accounts and callers that are others here, live to recorded.
    ``start`` is when the recording began, in seconds since 1970, ``live`` gives the window of the replay by
    its clock, and ``opened`` is when it really began.
    """

    def __init__(
        self,
        recorded: Sequence[Scrubbed],
        is_open: Callable[[int], bool],
        any_will_do: Callable[[str, str], bool],
        is_held: Callable[[str], bool],
        start: float | None,
        live: Callable[[], Window],
        opened: float,
        speakers: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._recorded = recorded
        self._is_open = is_open
        self._any_will_do, self._is_held = any_will_do, is_held
        self._speakers = speakers
        self._start = start
        self._live, self._opened = live, opened
        self._sides: dict[int, Side] = {}
        self._buckets: dict[Hashable, dict[str, list[int]]] = {}
        self._formed: set[str] = set()
        self.renamed: dict[str, str] = {}
        """The values that were made up anew, recorded to live."""

    @cached_property
    def _substitution(self) -> Substitution:
        asked = [_asked(scrubbed.interaction.request) for scrubbed in self._recorded]
        given = (_given(scrubbed.interaction.outcome) for scrubbed in self._recorded)
        sayers: dict[str, list[int]] = {}
        for index, words in enumerate(asked):
            for word in dict.fromkeys(words):
                sayers.setdefault(word, []).append(index)

        def repeated(word: str) -> bool:
            return not all(map(self._is_open, sayers.get(word, ())))

        return Substitution(*first_said(zip(asked, given, strict=True)), repeated, self._clocks)

    @cached_property
    def _stand_ins(self) -> frozenset[str]:
        return frozenset(r.stand_in for scrubbed in self._recorded for r in scrubbed.removals)

    @cached_property
    def _window(self) -> Window | None:
        """From when to when the recording was made, by its start and by what responses are dated."""
        dated = sorted(date for s in self._recorded for date in dates(s.interaction.outcome))
        start = self._start if self._start is not None else dated[0] if dated else None
        return None if start is None else (start, max([start, *dated]))

    def _clocks(self) -> Clocks | None:
        return None if self._window is None else Clocks(self._window, self._live(), self._opened)

    @cached_property
    def _groups(self) -> dict[Hashable, list[int]]:
        groups: dict[Hashable, list[int]] = {}
        for index, scrubbed in enumerate(self._recorded):
            groups.setdefault(taken_apart(scrubbed.interaction.request).group, []).append(index)
        return groups

    def candidates(
        self, live: Request, secrets: Mapping[str, Secret], admits: Callable[[int], bool]
    ) -> list[Candidate]:
        """Return the open recorded requests that ``live`` may be; no more than two.

        Equal ones count as one, of which the first is meant. ``secrets`` are what was scrubbed of ``live``,
        by stand-in. ``admits`` says of an index whether region, account and caller can be the same.
        """
        side = self._live_side(live, secrets)
        waiting = self._waiting(taken_apart(live).group).get(masked(side), [])
        found: dict[Hashable, Candidate] = {}
        # What has answered never does again: looked at once more, a long recording would cost its square.
        waiting[:] = filter(self._is_open, waiting)
        for index in waiting:
            key = canonical(self._recorded[index].interaction.request)
            if key not in found and admits(index):
                compared = self._compare(index, side)
                if compared.is_same:
                    found[key] = Candidate(index, compared)
                    if len(found) > 1:
                        break
        return list(found.values())

    def refusals(self, index: int, live: Request, secrets: Mapping[str, Secret]) -> Mapping[str, str]:
        """Say by place why a recorded request and a live one are no renaming of each other."""
        return self._compare(index, self._live_side(live, secrets)).refusals

    def _compare(self, index: int, live: Side) -> Comparison:
        trial = Trial(self._substitution, _asked(live.request))
        return Comparison(self._side(index), live, trial, self._stand_for_themselves)

    def _stand_for_themselves(self, recorded: str, live: str) -> bool:
        """Whether one of two stand-ins is for a secret that the recording has elsewhere, or the caller."""
        return live in self._stand_ins or self._is_held(recorded)

    def _live_side(self, live: Request, secrets: Mapping[str, Secret]) -> Side:
        any_other, keys, chosen = list[str](), list[str](), list[str]()
        for stand_in, secret in secrets.items():
            if self._is_any(live, secret.rule, secret.place):
                any_other.append(stand_in)
            elif not is_all_drawn(secret.value):
                chosen.append(stand_in)
            if secret.rule in _SENSITIVE:
                keys.append(stand_in)
        return Side(_told(live, self._speakers()), any_other, keys, chosen)

    def _is_any(self, request: Request, rule: str, place: str) -> bool:
        """Whether any other secret may stand at a place of a request."""
        return self._any_will_do(rule, place) or (rule in _SENSITIVE and _is_called_secret(request, place))

    def _side(self, index: int) -> Side:
        if index not in self._sides:
            scrubbed = self._recorded[index]
            request = scrubbed.interaction.request
            removals = [r for r in scrubbed.removals if r.place.startswith("request.")]
            secrets = [r.stand_in for r in removals if self._is_any(request, r.rule, r.place)]
            keys = [r.stand_in for r in removals if r.rule in _SENSITIVE]
            self._sides[index] = Side(request, secrets, keys, ())
        return self._sides[index]

    def _waiting(self, group: Hashable) -> dict[str, list[int]]:
        """Return the open requests of a group by what they say apart from values that may be others."""
        if group not in self._buckets:
            buckets: dict[str, list[int]] = {}
            for index in filter(self._is_open, self._groups.get(group, ())):
                buckets.setdefault(masked(self._side(index)), []).append(index)
            self._buckets[group] = buckets
        return self._buckets[group]

    def accept(self, candidate: Candidate) -> Renamed:
        """Bind what a request shows that is answered; return what is called otherwise from now on."""
        compared = candidate.comparison
        self._substitution.accept(compared.trial)
        secrets = {recorded for recorded, _ in compared.secrets}
        names = {old: new for old, new in compared.trial.forward.items() if old not in secrets}
        self.renamed |= names | dict(compared.trial.written)
        names |= {old.replace("-", ""): new.replace("-", "") for old, new in names.items() if is_uuid(old)}
        names |= dict(compared.trial.texts)
        forms: dict[str, str] = {}
        times = (pair for moments in compared.trial.moments for pair in spellings(*moments))
        for old, new in (*compared.trial.written, *times):
            # Two times that were the same second in the recording may not be it here: the first one counts.
            if old not in self._formed:
                forms.setdefault(old, new)
        for ours, theirs in compared.contents:
            forms |= zip((d for _, d in digests(ours)), (d for _, d in digests(theirs)), strict=True)
        self._formed.update(forms)
        contents = {ours: theirs for ours, theirs in compared.contents if len(ours) >= _BODY}
        return Renamed(names, forms, compared.secrets, contents)


def _is_called_secret(request: Request, place: str) -> bool:
    """Whether the caller says that a value is a secret, which the model marks that may be none."""
    if not isinstance(request, AwsRequest) or place != "request.parameters.Value":
        return False
    return request.parameters.get("Type") == "SecureString"


def _told(request: Request, speakers: Mapping[str, str]) -> Request:
    """Return a request with accounts and callers called otherwise, wherever it says them."""
    if not speakers or not isinstance(request, AwsRequest):
        return request
    said = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, speakers))})(?![A-Za-z0-9])")

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return said.sub(lambda match: speakers[match[0]], value)
        if isinstance(value, Mapping):
            return {told(name): told(inner) for name, inner in value.items()}
        return [told(inner) for inner in value] if isinstance(value, (list, tuple)) else value

    return replace(request, parameters=told(request.parameters))


def made_up(recorded: Sequence[Scrubbed]) -> list[str]:
    """Return the values in requests that a replay may call otherwise, in the order in which they are said.

    What a response gave before is none of them, nor is what was scrubbed; a time may be another one too.
    """
    words = ((_asked(s.interaction.request), _given(s.interaction.outcome)) for s in recorded)
    _, given = first_said(words)
    found: dict[str, None] = {}
    for scrubbed in recorded:
        stand_ins = {removal.stand_in for removal in scrubbed.removals}
        for text in _texts(taken_apart(scrubbed.interaction.request).tree):
            if text not in stand_ins:
                found |= dict.fromkeys(
                    value for value in drawn_values(text) if longest_word(value) not in given
                )
    return list(found)


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, bytes):
        yield tree.decode("latin-1")
    elif isinstance(tree, Mapping):
        for name, inner in tree.items():
            yield name
            yield from _texts(inner)
    elif isinstance(tree, (list, tuple)):
        for inner in tree:
            yield from _texts(inner)


def _asked(request: Request) -> list[str]:
    if isinstance(request, AwsRequest):
        return WORD.findall(canonical_json(request.parameters)) + _words(request.body or b"")
    return WORD.findall(request.url) + _words(request.body)


def _given(outcome: Outcome) -> list[str]:
    if not isinstance(outcome, Response):
        return []
    return [word for _, value in outcome.headers for word in WORD.findall(value)] + _words(outcome.body)


def _words(data: bytes) -> list[str]:
    if data[:2] == b"\x1f\x8b":
        try:
            data = zlib.decompressobj(31).decompress(data, _MAX_TEXT)
        except zlib.error:
            return []
    return WORD.findall(data.decode("latin-1"))

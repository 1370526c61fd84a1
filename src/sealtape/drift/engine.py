"""From two recordings, or two documents, to findings: align, compare, drop what is chance, judge."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from sealtape.drift.align import align_interactions, http_operation
from sealtape.drift.bodies import NO_MODELS, Document, document, parsed_document
from sealtape.drift.causes import cause_of, circumstances, is_recorders
from sealtape.drift.compare import Fact, document_facts
from sealtape.drift.conversation import Conversation, asked, conversation, tell
from sealtape.drift.findings import Answerer, Cause, Finding, fingerprint, group, shown_value
from sealtape.drift.noise import PER_RESPONSE_HEADERS, says_nothing
from sealtape.drift.openapi import Api
from sealtape.drift.rules import RULE, Rule, rule_for
from sealtape.drift.vocabulary import Vocabulary
from sealtape.interaction import AwsRequest, Interaction, Recording, Request, Scrubbed
from sealtape.renaming import Renaming, first_said

WORD = re.compile(r"[A-Za-z0-9]+")


def compare(
    old: Any,
    new: Any,
    *,
    test: str = "",
    service: str = "",
    operation: str = "",
    models: Mapping[str, Api] = NO_MODELS,
    answerer: Answerer = "provider",
) -> list[Finding]:
    """Return what changed from ``old`` to ``new``, one finding a fact; `group` merges those of several pairs.

    Both are `Recording`, or both are documents (JSON values, such as botocore's parsed output). For
    documents ``service`` and ``operation`` name the model; they carry no provenance, so the cause is
    always ``unknown``. ``test`` names the test that they belong to, ``models`` gives OpenAPI documents by
    host (`sealtape.drift.openapi`). ``answerer`` says whether the provider or a simulator gave the new
    answers. Raise TypeError for one of each.
    """
    if isinstance(old, Recording) and isinstance(new, Recording):
        return group(_Recordings(old, new, test, models, answerer).findings())
    if isinstance(old, Recording) or isinstance(new, Recording):
        raise TypeError("a recording compares with a recording, a document with a document")
    ours, theirs = (parsed_document(tree, service, operation) for tree in (old, new))
    facts = document_facts(ours, theirs, Renaming())
    said = Vocabulary([((service, operation), ours.tree)])
    return group(_once(_judged(facts, ours.model.tokens, service, operation, "unknown", test, said)))


def unchanged(old: Recording, new: Recording) -> tuple[dict[int, int], dict[str, str]]:
    """Return which interactions of ``new`` say nothing new, and what opaque values were called before.

    The first maps indexes, new to old; the second the values of the renaming, new to old, without those
    that it leaves in doubt and those whose old name means something else in ``new``.
    """
    compared = _Recordings(old, new, "")
    compared.findings()
    said: set[str] = set()
    for scrubbed in new.interactions:
        said |= asked_words(scrubbed.interaction.request) | answered_words(scrubbed.interaction)
    names = compared.renaming.names
    return compared.unchanged, {
        theirs: ours for theirs, ours in names.items() if not said.issuperset(WORD.findall(ours))
    }


def asked_words(request: Request) -> set[str]:
    """Return the words, letters and digits in a row, that a request says."""
    return set(WORD.findall(repr(asked(request))))


def answered_words(interaction: Interaction) -> set[str]:
    """Return the words that a response says, in its body and in the headers that are its own."""
    answer = document(interaction)
    own = {name: value for name, value in (answer.headers or {}).items() if name not in PER_RESPONSE_HEADERS}
    return set(WORD.findall(repr((answer.tree, own))))


def cassette_finding(name: str, *, is_new: bool) -> Finding:
    """Return the finding that the cassette ``name`` is on one side only, the new one or the old one."""
    rule = RULE["cassette-added" if is_new else "cassette-missing"]
    old, new = (None, name) if is_new else (name, None)
    return finding(rule, "", "", name, old, new, "unknown", name)


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Return each fact of one response once, however many items of a list show it."""
    first: dict[tuple[str, str], Finding] = {}
    for found in findings:
        first.setdefault((found.fingerprint, found.cause), found)
    return list(first.values())


def _judged(
    facts: Iterable[Fact],
    tokens: frozenset[str],
    service: str,
    operation: str,
    cause: Cause,
    test: str,
    said: Vocabulary,
) -> list[Finding]:
    found: list[Finding] = []
    for fact in facts:
        if not says_nothing(fact, tokens):
            words = partial(said.enumeration, (service, operation), fact.path, fact.old, fact.new)
            rule, path = rule_for(fact, tokens, words), ".".join(fact.path)
            found.append(finding(rule, service, operation, path, fact.old, fact.new, cause, test))
    return found


def finding(
    rule: Rule, service: str, operation: str, path: str, old: Any, new: Any, cause: Cause, test: str
) -> Finding:
    """Return the finding of a rule at a place."""
    place = path.replace(".[]", "[]")
    before, after = shown_value(old), shown_value(new)
    values = [before, after] if rule.by_value else []
    # What is accepted of a simulator is not accepted of the provider.
    values += [cause] if cause == "simulator" else []
    return Finding(
        id=rule.id,
        kind=rule.kind,
        severity=rule.severity,
        cause=cause,
        service=service,
        operation=operation,
        path=place,
        old=before,
        new=after,
        tests=(test,) if test else (),
        fingerprint=fingerprint(rule.id, service, operation, place, *values),
    )


_NOT_ANSWERED: frozenset[Cause] = frozenset(("request", "recorder"))


class _Recordings:
    """The comparison of two recordings: one renaming for all their interactions."""

    def __init__(
        self,
        old: Recording,
        new: Recording,
        test: str,
        models: Mapping[str, Api] = NO_MODELS,
        answerer: Answerer = "provider",
    ) -> None:
        self.old, self.new = (
            conversation([scrubbed.interaction for scrubbed in side], _stand_ins(side), models)
            for side in (old.interactions, new.interactions)
        )
        self.test = test or new.name
        self.around = circumstances(old, new, answerer)
        self.stand_ins = (self.old.stand_ins, self.new.stand_ins)
        self.chosen: frozenset[str] | None = None
        self.requests = tell(self.old, self.new)
        turns = zip(self.old.interactions, self.old.answered, strict=True)
        self.said = Vocabulary((_named(one.request), answer.tree) for one, answer in turns)
        self.renaming = Renaming(*self.stand_ins, self._is_chosen, self.requests.is_same_name)
        self.found: list[Finding] = []
        self.unchanged: dict[int, int] = {}
        """Of the interactions that differ in nothing but what is quiet, the indexes, new to old."""

    def findings(self) -> list[Finding]:
        aligned = align_interactions(self.old, self.new, self.requests)
        alignment = aligned.all
        for i, j in aligned.named:
            # Requests that are told alike by name say what is called otherwise, before any answer does.
            self._asked_facts(i, j)
        for i, j in alignment.pairs:
            before = len(self.found)
            self._pair(i, j)
            if all(fact.severity == "quiet" for fact in self.found[before:]):
                self.unchanged[j] = i
        # What is answered as before makes nobody ask for something else: then the caller did.
        answered_alike = all(fact.severity == "quiet" or fact.cause in _NOT_ANSWERED for fact in self.found)
        whose: Cause = "request" if answered_alike else "unknown"
        for i in alignment.removed:
            rule = "poll-count" if i in aligned.polls[0] else "interaction-missing"
            request = self.old.interactions[i].request
            self._state(rule, request, old=request.label, cause=whose)
        for j in alignment.added:
            rule = "poll-count" if j in aligned.polls[1] else "interaction-added"
            request = self.new.interactions[j].request
            self._state(rule, request, new=request.label, cause=whose)
        if alignment.is_reordered:
            self._state("interactions-reordered", None)
        return self.found

    def _is_chosen(self, word: str) -> bool:
        """Whether a request said ``word`` before any answer had: then the caller made it up."""
        if self.chosen is None:
            self.chosen = _chosen_words(self.old) | _chosen_words(self.new)
        return word in self.chosen

    def _asked_facts(self, i: int, j: int) -> list[Fact]:
        """Return what differs between two requests, and learn what is called otherwise now."""
        return document_facts(Document(self.old.asked[i]), Document(self.new.asked[j]), self.renaming)

    def _pair(self, i: int, j: int) -> None:
        old, new = self.old.interactions[i], self.new.interactions[j]
        service, operation = _named(new.request)
        changed = [
            fact
            for fact in self._asked_facts(i, j)
            if not says_nothing(fact) and self._is_asked_otherwise(fact)
        ]
        changed.sort(key=lambda fact: fact.what == "bytes")
        scrubbed_otherwise = [fact for fact in changed if self._by_recorder(fact)]
        by_caller = [fact for fact in changed if fact not in scrubbed_otherwise]
        told: tuple[tuple[Cause, list[Fact]], ...]
        told = (("request", by_caller), ("recorder", scrubbed_otherwise))
        for whose, facts in told:
            for fact in facts[:1]:
                rule = "payload-changed" if fact.what == "bytes" else "request-changed"
                self._state(rule, new.request, ".".join((":request", *fact.path)), fact.old, fact.new, whose)
        ours, theirs = self.old.answered[i], self.new.answered[j]
        cause = cause_of(old, new, self.around, bool(by_caller), (ours, theirs))
        tokens = ours.model.tokens
        found: list[Finding] = []
        for fact in document_facts(ours, theirs, self.renaming):
            if self._differs_only_in_secrets(fact):
                continue
            found += _judged(
                [fact], tokens, service, operation, self._by_recorder(fact) or cause, self.test, self.said
            )
        self.found += _once(found)

    def _is_asked_otherwise(self, fact: Fact) -> bool:
        """Whether the caller made the difference: what an earlier answer gave, it merely sends back."""
        if not (isinstance(fact.old, str) and isinstance(fact.new, str)):
            return True
        old, new = set(WORD.findall(fact.old)), set(WORD.findall(fact.new))
        return any(self._is_chosen(word) for word in old ^ new)

    def _differs_only_in_secrets(self, fact: Fact) -> bool:
        """Whether two texts are equal but for what was scrubbed from each: a key drawn anew, say."""
        if not (isinstance(fact.old, str) and isinstance(fact.new, str)):
            return False
        old, new = (
            _without(text, stand_ins)
            for text, stand_ins in zip((fact.old, fact.new), self.stand_ins, strict=True)
        )
        return old == new != fact.new

    def _by_recorder(self, fact: Fact) -> Cause | None:
        return "recorder" if is_recorders(fact, self.around) else None

    def _state(
        self,
        rule: str,
        request: Request | None,
        path: str = "",
        old: Any = None,
        new: Any = None,
        cause: Cause = "unknown",
    ) -> None:
        service, operation = _named(request) if request is not None else ("", "")
        self.found.append(finding(RULE[rule], service, operation, path, old, new, cause, self.test))


def _without(text: str, stand_ins: frozenset[str]) -> str:
    """Return ``text`` with a mark in the place of every stand-in, the longest ones first."""
    for stand_in in sorted((s for s in stand_ins if s in text), key=len, reverse=True):
        text = text.replace(stand_in, "\0")
    return text


def _stand_ins(interactions: Sequence[Scrubbed]) -> frozenset[str]:
    return frozenset(
        removal.stand_in
        for scrubbed in interactions
        for removal in scrubbed.removals
        if len(removal.stand_in) > 3
    )


def _chosen_words(side: Conversation) -> frozenset[str]:
    turns = zip(side.asked, side.answered, strict=True)
    asked, _ = first_said(
        (WORD.findall(repr(tree)), WORD.findall(repr(answer.tree))) for tree, answer in turns
    )
    return frozenset(asked)


def _named(request: Request) -> tuple[str, str]:
    """Return the service and the operation as a finding names them."""
    if isinstance(request, AwsRequest):
        return request.service, request.operation
    return http_operation(request)

"""What kinds of drift there are: one row a rule, and which rule a fact falls under.

A rule's id is part of the interface: scripts select by it, teams override its severity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealtape.drift.compare import Fact
from sealtape.drift.findings import Severity
from sealtape.drift.noise import is_born, is_checksum, is_limit, words


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: id, severity unless overridden, kind, what it means, and what to do about it.

    ``by_value`` says that old and new belong to the fact: other values are another fact.
    """

    id: str
    severity: Severity
    kind: str
    text: str
    advice: str
    by_value: bool = False


_READ = "search the code for the member; if nothing reads it, accept the recording"
_TEXT = "code that compares or parses the text must follow; otherwise accept the recording"
_HEADER = "search the code for the header; if nothing reads it, accept the recording"
_FLOW = (
    "run the test with --record-mode=none --sealtape-unplayed=fail: if it passes, the code makes the same"
    " calls as before, and the answers made the difference"
)

_RULES = (
    Rule("field-added", "info", "field-added", "the answer has a new member", "accept the recording"),
    Rule("field-removed", "breaking", "field-removed", "a member is no longer returned", _READ),
    Rule("empty-field-removed", "info", "field-removed", "a member that was empty is no longer returned",
         "read it with .get() and a default"),
    Rule("error-detail-added", "info", "field-added",
         "an error says more than it did", "accept the recording"),
    Rule("error-detail-removed", "risky", "field-removed", "an error no longer gives this detail", _READ),
    Rule("error-position", "quiet", "value-changed", "of several faults an error names another one",
         "nothing to do"),
    Rule("page-token", "quiet", "count", "the answer has another number of pages", "nothing to do"),
    Rule("field-renamed", "breaking", "field-renamed", "a member has another name", _READ, by_value=True),
    Rule("type-changed", "breaking", "type-changed", "a member has another type",
         "search the code for the member, and check what it does with the new type"),
    Rule("time-form", "info", "type-changed", "a time is written in another way, which the SDK reads as well",
         "check code that reads the body without the SDK"),
    Rule("null-became-value", "risky", "type-changed", "a member that was null has a value",
         "check what the code does with the value"),
    Rule("value-became-null", "breaking", "type-changed", "a member that had a value is null",
         "check that the code expects null"),
    Rule("enum-outside-model", "risky", "enum-value",
         "a member has a value that the model, botocore's or an OpenAPI document, does not list",
         "check the code's branches, and upgrade botocore or the document", by_value=True),
    Rule("enum-outside-recorded", "risky", "enum-value",
         "a member that had a few values, which came again and again, has another one",
         "check the code's branches", by_value=True),
    Rule("enum-value-changed", "risky", "enum-value", "a member has another of its listed values",
         "check the code's branches", by_value=True),
    Rule("listed-value-added", "info", "enum-value",
         "a list has a new value", "accept the recording", by_value=True),
    Rule("listed-value-removed", "risky", "enum-value", "a value is no longer listed",
         "check that the code does not depend on it", by_value=True),
    Rule("item-added", "info", "count", "a list has one more item", "accept the recording"),
    Rule("item-removed", "risky", "count",
         "a list has one item less", "check that the code does not depend on it"),
    Rule("resource-count", "quiet", "count", "there are other resources in the account than before",
         "nothing to do; a sandbox that is emptied before each recording has none of these"),
    Rule("error-code", "breaking", "error-code", "an error has another code",
         "change what the code catches or compares", by_value=True),
    Rule("error-message", "risky", "error-message",
         "an error says the same in other words, or something else",
         _TEXT, by_value=True),
    Rule("error-punctuation", "info", "error-message",
         "an error is punctuated in another way", _TEXT, by_value=True),
    Rule("http-status", "breaking", "http-status", "the answer has another HTTP status",
         "check what the code does with this status", by_value=True),
    Rule("success-status", "risky", "http-status", "the answer succeeds with another HTTP status",
         "accept every 2xx, not the one that was recorded", by_value=True),
    Rule("body-form", "breaking", "content-type",
         "the body has another format", "check how the code parses it",
         by_value=True),
    Rule("body-form-read", "info", "content-type",
         "the body has another format, which the SDK reads to the same members",
         "check code that reads the body without the SDK", by_value=True),
    Rule("content-type", "risky", "content-type",
         "the answer has another content type", "check how the code parses it",
         by_value=True),
    Rule("content-type-unread", "quiet", "content-type",
         "the answer has another content type, which the SDK does not read", "nothing to do"),
    Rule("header-added", "info", "header", "the answer has a new header", "accept the recording"),
    Rule("header-removed", "risky", "header", "a header is no longer sent", _HEADER),
    Rule("checksum-removed", "info", "header", "a header with a checksum of the answer is no longer sent",
         "nothing to do, unless the code insists on it: clients check a checksum where there is one"),
    Rule("header-changed", "info", "header", "a header has another value", _HEADER, by_value=True),
    Rule("limit-changed", "risky", "default-or-limit", "a default or a limit has another value",
         "check the sizes and counts that the code relies on", by_value=True),
    Rule("value-changed", "risky", "value-changed",
         "a member has another value, which is no id, time or measurement",
         "check what the code concludes from it", by_value=True),
    Rule("text-changed", "info", "value-changed",
         "a text for people says something else", _TEXT, by_value=True),
    Rule("content-changed", "info", "value-changed", "binary content has changed",
         "nothing to do, unless the code looks into it"),
    Rule("reference-changed", "risky", "value-changed", "an id refers to another thing than before",
         "check which thing the code takes it for"),
    Rule("order-changed", "quiet", "order",
         "a list has another order", "sort it, if the code takes one by position"),
    Rule("interactions-reordered", "quiet", "interaction-reordered",
         "the calls were made in another order", "nothing to do"),
    Rule("interaction-added", "info", "interaction-added", "a call was made that was not made before", _FLOW),
    Rule("interaction-missing", "risky", "interaction-missing",
         "a call was not made that was made before", _FLOW),
    Rule("poll-count", "quiet", "count",
         "an equal call was repeated another number of times", "nothing to do"),
    Rule("cassette-added", "info", "interaction-added", "a cassette is new", "accept the recording"),
    Rule("cassette-missing", "risky", "interaction-missing", "a cassette is no longer there",
         "check that its test still runs"),
    Rule("request-changed", "info", "request-changed",
         "the code asked for something else than before", _FLOW),
    Rule("payload-changed", "quiet", "request-changed",
         "the code sent other binary content, such as a rebuilt archive",
         "nothing to do"),
    Rule("flapping", "risky", "flapping",
         "of two recordings made one right after the other one has it, and the other does not",
         "write code that works with it and without it"),
    Rule("recording-failed", "breaking", "recording-failed", "a test failed while it was recorded again",
         "run it alone against the sandbox and see whether the provider or the test is at fault"),
    Rule("no-response", "breaking", "recording-failed",
         "there was no answer where there was one, or another failure",
         "record again when the provider can be reached", by_value=True),
)  # fmt: skip

_CONTRACT = (
    Rule("unmodelled-operation", "breaking", "request-changed",
         "the installed botocore, or the OpenAPI document, does not have an operation that was recorded",
         "upgrade botocore or the document, or replace the call if the operation was retired"),
    Rule("protocol-changed", "info", "request-changed",
         "the installed botocore speaks another protocol with the service than was recorded",
         "record again, to have the answers that today's SDK gets", by_value=True),
    Rule("unmodelled-parameter", "breaking", "request-changed",
         "the installed botocore, or the OpenAPI document, refuses a parameter that was sent",
         "upgrade botocore or the document, or leave the parameter out"),
    Rule("required-parameter-missing", "breaking", "request-changed",
         "the installed botocore, or the OpenAPI document, demands a parameter that was not sent",
         "pass the parameter: botocore refuses the call before anything is sent"),
    Rule("unmodelled-member", "info", "field-added",
         "the model does not know a member that was answered: botocore drops it",
         "nothing to do, unless the code wants the member: an upgrade of botocore shows it"),
    Rule("required-member-missing", "info", "field-removed",
         "the model says that a member is always answered, and it was not",
         "read it with .get(): the model promises more than the provider keeps"),
    Rule("unmodelled-type", "risky", "type-changed",
         "what was sent or answered is of another type than the model has",
         "check what the code does with the type that the SDK makes of it"),
    Rule("unmodelled-status", "info", "http-status",
         "an answer has a status that the OpenAPI document does not list for the operation",
         "check what the code does with this status", by_value=True),
    Rule("unmodelled-error", "info", "error-code",
         "an error has a code that the model does not list for the operation",
         "catch it as botocore's ClientError, by its code", by_value=True),
)  # fmt: skip

# botocore drops what its model does not know: a caller never saw it there, and nothing of his can break.
_UNMODELLED = {
    rule.id: replace(
        rule,
        id=f"unmodelled-{rule.id}",
        severity="info",
        text=f"{rule.text}; boto3 does not show it, as the installed botocore does not know it",
        advice="nothing to do, unless the code reads the raw body",
    )
    for rule in _RULES
    if rule.id
    in (
        "field-added", "field-removed", "field-renamed", "type-changed", "null-became-value",
        "value-became-null", "listed-value-removed", "item-removed", "error-code", "error-message",
        "limit-changed", "value-changed", "reference-changed", "enum-outside-recorded", "enum-value-changed",
    )
}  # fmt: skip

RULES: tuple[Rule, ...] = (*_RULES, *_UNMODELLED.values(), *_CONTRACT)
"""All rules, those about what the model does not know and those of the contract at the end."""

RULE: Mapping[str, Rule] = {rule.id: rule for rule in RULES}
"""The rules by id."""

_CODES = frozenset(("code", "type"))
_MESSAGES = frozenset(
    ("message", "msg", "reason", "cause", "detail", "details", "error", "description", "title")
)
_POSITIONS = frozenset(("number", "index", "position", "line", "column", "row"))

_DIRECT = {
    "renamed": "field-renamed",
    "reference": "reference-changed",
    "order": "order-changed",
    "code": "error-code",
    "form": "body-form",
    "form-read": "body-form-read",
    "failure": "no-response",
    "header-added": "header-added",
    "listed-added": "listed-value-added",
    "listed-removed": "listed-value-removed",
    "limit": "limit-changed",
    "media": "content-type-unread",
    "bytes": "content-changed",
}


def rule_for(
    fact: Fact, tokens: frozenset[str] = frozenset(), recorded: Callable[[], frozenset[str]] = frozenset
) -> Rule:
    """Return the rule that ``fact`` falls under.

    ``tokens`` are the names of pagination members, ``recorded`` gives the values of the enumeration that the
    recording shows the member to be, none if it is none.
    """
    found = RULE[_rule_id(fact, tokens)]
    if found.id == "value-changed" and fact.what == "value" and (values := recorded()):
        found = RULE["enum-value-changed" if fact.new in values else "enum-outside-recorded"]
    return _UNMODELLED.get(found.id, found) if fact.is_unmodelled else found


def _rule_id(fact: Fact, tokens: frozenset[str]) -> str:
    match fact.what:
        case "added" | "removed":
            return _presence(fact, tokens)
        case "item-added" | "item-removed" | "listed-added" | "listed-removed" if is_born(
            fact.new if fact.old is None else fact.old
        ):
            return "resource-count"
        case "item-added" | "item-removed":
            return fact.what
        case "null":
            return "null-became-value" if fact.old is None else "value-became-null"
        case "type":
            return "time-form" if _is_time(fact) else "type-changed"
        case "status":
            return "success-status" if max(fact.old, fact.new) < 300 else "http-status"
        case "header-removed":
            return "checksum-removed" if is_checksum(fact.name) else "header-removed"
        case "header":
            return "content-type" if fact.name == "content-type" else "header-changed"
        case "value" | "number" | "text" | "punctuation":
            return _value(fact)
    return _DIRECT[fact.what]


def _is_time(fact: Fact) -> bool:
    return fact.shape is not None and fact.shape.type_name == "timestamp"


def _presence(fact: Fact, tokens: frozenset[str]) -> str:
    if fact.name in tokens:
        return "page-token"
    detail = "error-detail" if fact.in_error else "field"
    if fact.what == "removed" and fact.old in ("", [], {}, None) and not fact.in_error:
        return "empty-field-removed"
    return f"{detail}-{fact.what}"


def _value(fact: Fact) -> str:
    last = words(fact.name)[-1:]
    name = last[0] if last else ""
    if _is_code(fact, name):
        return "error-code"
    if fact.what == "number":
        if fact.in_error and name in _POSITIONS:
            return "error-position"
        return "limit-changed" if is_limit(fact.name) else "value-changed"
    values = _enumerated(fact)
    if values:
        return "enum-value-changed" if fact.new in values else "enum-outside-model"
    if (fact.in_error and name in _MESSAGES) or name in ("message", "msg") or "error" in words(fact.name):
        return "error-punctuation" if fact.what == "punctuation" else "error-message"
    return "text-changed" if fact.what in ("text", "punctuation") else "value-changed"


def _is_code(fact: Fact, name: str) -> bool:
    if fact.what != "value" or name not in _CODES:
        return False
    said = any(words(other)[-1:] and words(other)[-1] in ("message", "msg") for other in fact.beside[0])
    return fact.in_error or "Error" in fact.path or (said and "error" in words(fact.name))


def _enumerated(fact: Fact) -> Any:
    return fact.shape.metadata.get("enum") if fact.shape is not None else None

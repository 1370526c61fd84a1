"""Pairs of answers of services that do not exist: what is to be told of each, and what is not."""

from __future__ import annotations

from typing import Any

import pytest

from sealtape.drift import compare
from sealtape.interaction import Scrubbed
from tests.unit.drift.recordings import aws, http, recording

Facts = list[tuple[str, str]]


def told(old: Any, new: Any) -> Facts:
    """Return kind and path of what is more than quiet."""
    sides = [recording(one) if isinstance(one, Scrubbed) else one for one in (old, new)]
    return [(f.kind, f.path) for f in compare(*sides) if f.severity != "quiet"]


def failed(message: str, code: str = "ValidationException") -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}


MOVED: dict[str, tuple[Any, Any, Facts]] = {
    "a length in a text": (
        failed("Value 'x' of 'shelfName' is refused: Member must have length less than or equal to 64"),
        failed("Value 'x' of 'shelfName' is refused: Member must have length less than or equal to 128"),
        [("default-or-limit", "Error.Message")],
    ),
    "a set of words in a text": (
        failed("Mode must be one of: [SLOW, FAST]"),
        failed("Mode must be one of: [FAST, SLOW, BURST]"),
        [("enum-value", "Error.Message")],
    ),
    "a set of quoted words in a text": (
        failed("Invalid mode 'x'. Valid modes are 'slow', 'fast' and 'burst'."),
        failed("Invalid mode 'x'. Valid modes are 'slow', 'fast', 'burst' and 'calm'."),
        [("enum-value", "Error.Message")],
    ),
    "a word of an error": (
        failed("The shelf has books in it"),
        failed("The shelf has books in it and cannot be removed"),
        [("error-message", "Error.Message")],
    ),
    "a code that is more precise": (
        failed("no such shelf", "ResourceNotFoundException"),
        failed("no such shelf", "ShelfNotFoundException"),
        [("error-code", "Error.Code")],
    ),
    "a range in a text": (
        failed("limit must be between 1 and 100, got 500"),
        failed("limit must be between 1 and 1000, got 500"),
        [("default-or-limit", "Error.Message")],
    ),
    "a default timeout": (
        {"Shelf": {"IdleTimeoutSeconds": 300, "Name": "a"}},
        {"Shelf": {"IdleTimeoutSeconds": 900, "Name": "a"}},
        [("default-or-limit", "Shelf.IdleTimeoutSeconds")],
    ),
    "a limit as text": (
        {"Attributes": {"MaximumBookSize": "262144", "Colour": "red"}},
        {"Attributes": {"MaximumBookSize": "1048576", "Colour": "red"}},
        [("default-or-limit", "Attributes.MaximumBookSize")],
    ),
    "a number that is text now": (
        {"shelf": {"width": 40, "open": True}},
        {"shelf": {"width": "40", "open": True}},
        [("type-changed", "shelf.width")],
    ),
    "one value where there was a list": (
        {"books": [{"title": "Dune", "authors": ["F. Herbert"]}]},
        {"books": [{"title": "Dune", "authors": "F. Herbert"}]},
        [("type-changed", "books[].authors")],
    ),
    "a list where there was null": (
        http("/shelves", {"shelves": None, "page": 1}),
        http("/shelves", {"shelves": [], "page": 1}),
        [("type-changed", "shelves")],
    ),
    "a member of items spelled in another case": (
        {"books": [{"bookId": "a1", "pageCount": 3}, {"bookId": "b2", "pageCount": 9}]},
        {"books": [{"book_id": "a1", "pageCount": 3}, {"book_id": "b2", "pageCount": 9}]},
        [("field-renamed", "books[].bookId")],
    ),
    "an id under another name": (
        {"ShelfKey": "7f3b0c52-91d4-4c1e-8a55-0d9be2f6a1c3", "Name": "a"},
        {"ShelfId": "c0a8e1d7-25b9-4f60-9e3d-6b1f4a7c8d90", "Name": "a"},
        [("field-renamed", "ShelfKey")],
    ),
    "a member that is nested now": (
        {"shelf": {"name": "a", "owner": "ada"}},
        {"shelf": {"name": "a", "owner": {"name": "ada"}}},
        [("type-changed", "shelf.owner")],
    ),
    "another version of what is offered": (
        {"Versions": ["v1.2", "v1.3"]},
        {"Versions": ["v1.3", "v1.4"]},
        [("enum-value", "Versions[]"), ("enum-value", "Versions[]")],
    ),
    "a page for people where there was JSON": (
        http("/shelves", {"shelves": []}),
        http("/shelves", "<html><body>moved</body></html>", media="text/html"),
        [("content-type", ":body"), ("content-type", ":headers.content-type")],
    ),
    "a version": (
        {"Engine": "books", "Version": "5.7.12"},
        {"Engine": "books", "Version": "8.0.4"},
        [("value-changed", "Version")],
    ),
    "a version with a name in it": (
        {"Version": "5.7.shelf_pro.2.11"},
        {"Version": "8.0.shelf_pro.3.04"},
        [("value-changed", "Version")],
    ),
    "a pattern in a text": (
        failed("must satisfy regular expression pattern: [a-z0-9]{3,64}"),
        failed("must satisfy regular expression pattern: [a-z0-9_]{3,64}"),
        [("error-message", "Error.Message")],
    ),
    "a length in a pattern in a text": (
        failed("must satisfy regular expression pattern: [a-z0-9]{3,64}"),
        failed("must satisfy regular expression pattern: [a-z0-9]{3,128}"),
        [("default-or-limit", "Error.Message")],
    ),
    "a state that has another word": (
        {"Shelf": {"State": "AVAILABLE"}},
        {"Shelf": {"State": "READY"}},
        [("value-changed", "Shelf.State")],
    ),
    "a member of a JSON text": (
        {"Policy": '{"Version":"1","Rules":[{"Effect":"Allow"}]}'},
        {"Policy": '{"Version":"1","Rules":[{"Effect":"Allow","Id":"r1"}]}'},
        [("field-added", "Policy.Rules[].Id")],
    ),
    "an XML attribute": (
        http("/feed", '<feed version="1"><entry id="a1">x</entry></feed>', media="application/xml"),
        http("/feed", '<feed version="2"><entry id="a1">x</entry></feed>', media="application/xml"),
        [("value-changed", "feed.@version")],
    ),
    "an element of an error of an XML service": (
        aws("bookshop.List", "<Error><Code>NoSuchShelf</Code><Shelf>a</Shelf></Error>", status=404),
        aws("bookshop.List", "<Error><Code>NoSuchShelf</Code></Error>", status=404),
        [("field-removed", "Error.Shelf")],
    ),
}

STAYED: dict[str, tuple[Any, Any]] = {
    "a page token": (
        {"Shelves": ["a"], "NextToken": "AAAAx7Kq2mZ0bWlsbGVyLXRva2VuLTE="},
        {"Shelves": ["a"], "NextToken": "AAAAb3Jk9zZXItdG9rZW4tdHdvLXRvbw=="},
    ),
    "the order of named things": (
        {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
        {"Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]},
    ),
    "a random key of a map": (
        {"Stages": {"7f3b0c52-91d4-4c1e-8a55-0d9be2f6a1c3": {"Label": "CURRENT"}}},
        {"Stages": {"c0a8e1d7-25b9-4f60-9e3d-6b1f4a7c8d90": {"Label": "CURRENT"}}},
    ),
    "a duration in a text": (
        failed("shelf worker timed out after 3.00 seconds"),
        failed("shelf worker timed out after 3.02 seconds"),
    ),
    "an id, a time and a host in a text": (
        failed("request 7f3b0c52-91d4-4c1e-8a55-0d9be2f6a1c3 at 2026-01-31T00:00:00Z by 198.51.100.7"),
        failed("request c0a8e1d7-25b9-4f60-9e3d-6b1f4a7c8d90 at 2026-02-03T09:10:11Z by 203.0.113.9"),
    ),
    "the order of words in a text": (
        failed("Mode must be one of: [SLOW, FAST, BURST]"),
        failed("Mode must be one of: [BURST, SLOW, FAST]"),
    ),
    "the order of faults in a text": (
        failed("2 validation errors detected: Value at 'a' is bad; Value at 'b' is bad"),
        failed("2 validation errors detected: Value at 'b' is bad; Value at 'a' is bad"),
    ),
    "a report of what was used of a maximum": (
        {"Log": "START of the shelf\nREPORT Duration: 1.02 ms\tMax Memory Used: 36 MB\n"},
        {"Log": "START of the shelf\nREPORT Duration: 1.52 ms\tMax Memory Used: 38 MB\n"},
    ),
    "a URL that was signed anew": (
        {"Url": "https://cdn.example.com/a?Expires=1715179065&Signature=Zm9vYmFyYmF6cXV4cXV1eA"},
        {"Url": "https://cdn.example.com/a?Expires=1715179157&Signature=YmFyYmF6cXV4cXV1eGZvbw"},
    ),
    "another number of retries and a queue that fills": (
        {"ApproximateNumberOfBooks": 3, "RemainingCapacity": 97},
        {"ApproximateNumberOfBooks": 5, "RemainingCapacity": 95},
    ),
    "a trace header inside of a body": (
        {"Headers": {"X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678", "Host": "example.com"}},
        {"Headers": {"X-Amzn-Trace-Id": "Root=1-67891299-123456789012abcdef345678", "Host": "example.com"}},
    ),
    "an id in an ARN and alone": (
        {
            "Arn": "arn:aws:book:eu-west-1:210987654321:pile/s-0abc1234def567890",
            "Id": "s-0abc1234def567890",
        },
        {
            "Arn": "arn:aws:book:eu-west-1:210987654321:pile/s-0fed9876cba543210",
            "Id": "s-0fed9876cba543210",
        },
    ),
    "a form of another boundary": (
        {"ContentType": "multipart/mixed; boundary=7f3b0c5291d44c1e8a550d9be2f6a1c3"},
        {"ContentType": "multipart/mixed; boundary=c0a8e1d725b94f609e3d6b1f4a7c8d90"},
    ),
}


@pytest.mark.parametrize(("old", "new", "facts"), MOVED.values(), ids=MOVED.keys())
def test_what_a_provider_changed_is_told_and_nothing_else(old: Any, new: Any, facts: Facts) -> None:
    assert told(old, new) == facts


@pytest.mark.parametrize(("old", "new"), STAYED.values(), ids=STAYED.keys())
def test_what_is_another_one_each_time_is_not_told(old: Any, new: Any) -> None:
    assert told(old, new) == []
    assert told(new, old) == []

"""Which differences say nothing about the provider: by class of value and kind of member, never by the
name of a service or of one of its members.

The classes rest on English and on HTTP: a member called *elapsed* is measured, one called *maximum* is
a limit, ``Date`` is when the answer was made. Times, opaque values and their renaming are told by form,
see `sealtape.renaming`; times, tokens and binary members also by the service model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sealtape.drift.models import Shape
from sealtape.renaming import Renaming, is_epoch, is_spelled, masked

if TYPE_CHECKING:
    from sealtape.drift.compare import Fact


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_MEASURED = _listed("""
    approximate approximately elapsed estimated estimate latency took processing remaining used uptime
    age ms millis milliseconds msec micros microseconds nanos nanoseconds reset billed
    progress stored consumed average load utilization
""")
# Of a limit too: what is left or used of one is not the limit.
_SPENT = frozenset(("remaining", "used", "elapsed", "approximate", "approximately", "estimated"))
_EXPIRING = frozenset(("expires", "ttl"))
_LASTING = frozenset(("duration", "seconds", "secs", "sec", "time"))
_SIZED = frozenset(("size", "length", "bytes", "len", "count", "total"))
_COUNTED = frozenset(("count", "total", "size", "length", "number", "num", "results", "items"))
_LIMITING = _listed("""
    max maximum min minimum limit limits default quota timeout retention capacity threshold ttl delay
    interval period provisioned reserved expires
""")
_IDENTIFYING = frozenset(("id", "ids", "uuid", "guid", "sequence", "seq"))
_OPAQUE = _IDENTIFYING | _listed("""
    arn identifier handle token cursor nonce fingerprint thumbprint etag hash digest checksum md signature
""")
_DIGESTING = frozenset(("checksum", "crc", "md", "sha", "digest", "hash", "etag", "signature"))
_CHECKING = frozenset(("checksum", "crc", "md", "sha", "digest"))
_DATED = frozenset(("date", "time", "timestamp", "at", "created", "modified", "updated"))
# RFC 9110: when and how the message was sent, not what it says; and what follows from the body.
VOLATILE_HEADERS = _listed("""
    age connection content-length content-md5 date expires keep-alive last-modified proxy-authenticate
    proxy-connection retry-after server set-cookie te trailer transfer-encoding upgrade via warning
    accept-ranges alt-svc content-encoding etag vary strict-transport-security report-to nel x-cache
    x-powered-by x-runtime server-timing
""")
# New in every response, whatever it says.
PER_RESPONSE_HEADERS = _listed("""
    date age x-amzn-requestid x-amz-request-id x-amz-id-2 x-amzn-trace-id x-request-id
""")
_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?)\s?(ns|us|µs|ms|s|seconds?|%)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


@lru_cache(maxsize=8192)
def words(name: str) -> tuple[str, ...]:
    """Return the words that a member's name is made of, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def is_limit(name: str) -> bool:
    """Whether a member of that name holds something that somebody set."""
    return not _LIMITING.isdisjoint(words(name)) and _SPENT.isdisjoint(words(name))


def is_identifier(name: str) -> bool:
    """Whether a member of that name holds an identifier, which may be a plain number."""
    found = words(name)
    return bool(found) and found[-1] in _IDENTIFYING


def is_opaque_name(name: str) -> bool:
    """Whether a member of that name holds an identifier, a handle, a digest: what is passed on, not read."""
    found = words(name)
    return bool(found) and found[-1] in _OPAQUE


def is_checksum(name: str) -> bool:
    """Whether a header of that name holds a checksum of the message."""
    return not _CHECKING.isdisjoint(words(name))


def number_of(value: Any) -> float | None:
    """Return the number that ``value`` is or spells; None where it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and len(value) < 40 and _NUMBER.fullmatch(value):
        return float(value) if not value.lstrip("-").isdigit() else int(value)
    return None


def says_nothing(fact: Fact, tokens: frozenset[str] = frozenset()) -> bool:
    """Whether a fact is chance and not the provider.

    ``tokens`` names the members that hold pagination tokens, as the model has it.
    """
    name = fact.name
    if fact.what == "measured":
        return True
    if fact.what in ("value", "number", "text", "punctuation", "limit", "reference"):
        if is_header_name(name) or is_opaque_member(fact.shape, name, tokens):
            return True
        old, new = _quantities(fact.old, fact.new)
        if old is not None and new is not None:
            return numbers_say_nothing(name, old, new, fact.beside)
    if fact.what in ("listed-added", "listed-removed"):
        value = fact.new if fact.old is None else fact.old
        return number_of(value) is not None and not is_limit(name) and not _MEASURED.isdisjoint(words(name))
    if fact.what == "header":
        return not (_MEASURED | _DIGESTING).isdisjoint(words(name))
    return False


def _quantities(old: Any, new: Any) -> tuple[float | None, float | None]:
    """Return the numbers that two values are, also with a unit, if it is the same one."""
    found = [_WITH_UNIT.fullmatch(value) if isinstance(value, str) else None for value in (old, new)]
    if found[0] is None or found[1] is None or found[0][2] != found[1][2]:
        return number_of(old), number_of(new)
    return number_of(found[0][1]), number_of(found[1][1])


def numbers_say_nothing(
    name: str, old: float, new: float, beside: tuple[Mapping[str, Any], Mapping[str, Any]]
) -> bool:
    """Whether two numbers differ by chance: times, measurements, and what follows from the members beside.

    ``beside`` are the members of the old and the new object that the numbers stand in.
    """
    if is_epoch(old) and is_epoch(new):
        return True
    found = frozenset(words(name))
    if is_limit(name):
        # Of a span that began some time ago the rest is told: nobody grants 3598 seconds.
        return not found.isdisjoint(_EXPIRING) and _is_jagged(old) and _is_jagged(new)
    if not found.isdisjoint(_MEASURED) or is_identifier(name):
        return True
    if not found.isdisjoint(_LASTING) and (_is_jagged(old) or _is_jagged(new)):
        return True
    if not found.isdisjoint(_DIGESTING) and min(old, new) >= 10_000:
        return True
    if not found.isdisjoint(_SIZED) and _content_changed(*beside):
        return True
    return not found.isdisjoint(_COUNTED) and _follows_a_list(old, new, *beside)


def _is_jagged(number: float) -> bool:
    """Whether a time span looks measured: what people choose is round."""
    return number != int(number) or (int(number) % 5 != 0 and abs(number) > 10)


def _content_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether a digest beside the number changed: then its size is that of other content."""
    return any(
        isinstance(value, str)
        and isinstance(other := new.get(name), str)
        and value != other
        and len(value) >= 28
        and len(value) == len(other)
        and " " not in value
        and not is_identifier(name)
        and Renaming().admits(value, other)
        for name, value in old.items()
    )


def _follows_a_list(
    old_count: float, new_count: float, old: Mapping[str, Any], new: Mapping[str, Any]
) -> bool:
    return any(
        isinstance(value, list)
        and len(value) == old_count
        and isinstance(other := new.get(name), list)
        and len(other) == new_count
        for name, value in old.items()
    )


def is_opaque_member(shape: Shape, name: str, tokens: frozenset[str]) -> bool:
    """Whether the model says that the value of a member means nothing: a time, a token."""
    if name in tokens:
        return True
    if shape is None:
        return False
    return shape.type_name == "timestamp" or bool(shape.metadata.get("idempotencyToken"))


def is_header_name(name: str) -> bool:
    """Whether ``name`` is that of a volatile HTTP header field, wherever it stands."""
    lower = name.lower()
    return (lower in VOLATILE_HEADERS or lower in PER_RESPONSE_HEADERS) and ("-" in name or name == "Date")


def is_born(item: Any) -> bool:
    """Whether a list item came into being at some time: it holds a date, a stand-in or an opaque identity.

    Such items are an account's resources, which come and go; items without are vocabulary.
    """
    if isinstance(item, Mapping):
        return any(
            is_born(value)
            or (isinstance(value, (str, int, float)) and words(name)[-1:] and words(name)[-1] in _DATED)
            for name, value in item.items()
        )
    if isinstance(item, list):
        return any(is_born(one) for one in item)
    if isinstance(item, str):
        return masked(item) != item
    return isinstance(item, (int, float)) and not isinstance(item, bool) and is_epoch(item)


@lru_cache(maxsize=8192)
def _plain(text: str) -> str:
    return masked(text)


def is_opaque_key(name: str) -> bool:
    """Whether the name of a member is drawn, as an id is: not so one that is made of words, however long."""
    return masked(name) != name and not is_spelled(name)


def signature(value: Any, shape: Shape = None, name: str = "", mask: Callable[[str], str] = _plain) -> Any:
    """Return a hashable value that is equal for values that differ only by chance.

    ``mask`` returns a text without what is chance in it.
    """
    if isinstance(value, Mapping):
        members = shape.members if shape is not None and shape.type_name == "structure" else {}
        inner = shape.value if shape is not None and shape.type_name == "map" else None
        pairs = [(mask(n), signature(v, members.get(n, inner), n, mask)) for n, v in value.items()]
        if len({name for name, _ in pairs}) < len(pairs):
            pairs = [(name, repr(said)) for name, said in pairs]
        return tuple(sorted(pairs))
    if isinstance(value, list):
        inner = shape.member if shape is not None and shape.type_name == "list" else None
        return ("[]", *sorted((signature(item, inner, "", mask) for item in value), key=repr))
    if shape is not None and shape.type_name == "timestamp":
        return "\0time"
    if isinstance(value, str):
        return ("s", mask(value)) if number_of(value) is None else _number_signature(name, number_of(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _number_signature(name, value)
    return (type(value).__name__, value)


def _number_signature(name: str, number: float | None) -> Any:
    if number is None or is_epoch(number) or is_identifier(name) or not _MEASURED.isdisjoint(words(name)):
        return "\0number"
    return ("n", number)

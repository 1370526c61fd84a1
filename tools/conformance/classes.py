"""What kind of input made a request differ from its recording, judged by the two values alone.

A value counts as random, or as read from the clock, only if both sides look it; what is not recognised is
`OTHER`, which is a fault of the recorder until it has been explained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

from conformance.differing import Differing
from sealtape.matching.trees import canonical_json

RANDOM = "random name"
TOKEN = "idempotency token"
URL = "random URL"
CLOCK = "clock"
ARCHIVE = "zip bytes"
ORDER = "hash order"
DIGEST = "digest"
CERTIFICATE = "certificate"
BYTES = "random bytes"
OTHER = "other"

INPUTS = (RANDOM, TOKEN, URL, CLOCK, ARCHIVE, ORDER, DIGEST, CERTIFICATE, BYTES)
"""The classes for which the test itself is the cause."""

_TOKEN_MEMBER = re.compile(r"(client|idempotency|request|creation)_?token|callerreference$", re.I)
_DIGEST_MEMBER = re.compile(r"md5|sha_?\d*|crc|checksum|digest|etag|signature|hash", re.I)
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.I)
_TIME = re.compile(
    r"\b(1[5-9]|2[0-4])\d{8}(\d{3}){0,3}(\.\d+)?\b"
    r"|\d{4}-?\d\d-?\d\d([T ]?\d\d:?\d\d(:?\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?"
    r"|(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d? \w{3} \d{4} \d\d:\d\d:\d\d( GMT)?"
)
_KEY = re.compile(r"-----BEGIN [A-Z ]*(CERTIFICATE|KEY)|^(ssh-rsa|ecdsa|MII)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_RUN = re.compile(r"[A-Za-z0-9]+")
_HEX = re.compile(r"[0-9a-f]+", re.I)
_LONG = re.compile(r"-?\d{12,}")
_LARGE = 10_000
_ZIP = b"PK\x03\x04"


def class_of(miss: Iterable[Differing]) -> str:
    """Return the class of a request that was missed: the first member's, or `OTHER` if any is."""
    classes = [class_of_member(found) for found in miss]
    return OTHER if not classes or OTHER in classes else classes[0]


def class_of_member(found: Differing) -> str:
    """Return the class of one member that differs."""
    kind = OTHER if found.fault else _kind(found)
    if kind == RANDOM and _TOKEN_MEMBER.search(_member(found)):
        return TOKEN
    if kind == RANDOM and found.place.split(".")[0] in ("path", "query", "host"):
        return URL
    return kind


def _member(found: Differing) -> str:
    return re.sub(r"\[\d+\]$", "", found.place).rpartition(".")[2]


def _kind(found: Differing) -> str:
    live, recorded = found.live, found.recorded
    if isinstance(live, bytes) and isinstance(recorded, bytes):
        return _kind_of_bytes(found, live, recorded)
    if isinstance(live, str) and isinstance(recorded, str):
        return _kind_of_text(found, live, recorded)
    if isinstance(live, list) and isinstance(recorded, list):
        return ORDER if _sorted(live) == _sorted(recorded) else OTHER
    numbers = (int, float)
    if type(live) in numbers and type(recorded) in numbers:
        kind = _kind_of_text(found, str(live), str(recorded))
        # A small one may be a count.
        return kind if kind == CLOCK or min(abs(live), abs(recorded)) >= _LARGE else OTHER
    return OTHER


def _sorted(items: list[Any]) -> list[str]:
    return sorted(map(canonical_json, items))


def _kind_of_bytes(found: Differing, live: bytes, recorded: bytes) -> str:
    if live.startswith(_ZIP) and recorded.startswith(_ZIP):
        return ARCHIVE
    if _member(found) == "ZipFile" and len(live) == len(recorded):
        # Code is sensitive to the service model: what is compared are stand-ins.
        return ARCHIVE
    try:
        return _kind_of_text(found, live.decode(), recorded.decode())
    except UnicodeDecodeError:
        # Not length alone: what a recorder garbles has another length, or keeps a part.
        alike = sum(a == b for a, b in zip(live, recorded, strict=False))
        return BYTES if len(live) == len(recorded) >= 16 and alike < len(live) / 4 else OTHER


def _kind_of_text(found: Differing, live: str, recorded: str) -> str:
    parsed = _parsed(live), _parsed(recorded)
    if all(isinstance(one, (dict, list)) for one in parsed):
        return _kind_of_document(found, *parsed)
    if live.startswith("UEsDB") and recorded.startswith("UEsDB"):
        return ARCHIVE
    if _KEY.search(live) and _KEY.search(recorded):
        return CERTIFICATE
    if _TIME.sub("", live) == _TIME.sub("", recorded):
        return CLOCK
    if _DIGEST_MEMBER.search(_member(found)) and _is_digest(live) and _is_digest(recorded):
        return DIGEST
    if _UUID.sub("", live) == _UUID.sub("", recorded) or (
        _LONG.fullmatch(live) and _LONG.fullmatch(recorded)
    ):
        return RANDOM
    return _kind_of_runs(_UUID.sub("", live), _UUID.sub("", recorded))


def _is_digest(text: str) -> bool:
    return _BASE64.fullmatch(text.removeprefix("sha256:")) is not None


def _kind_of_runs(live: str, recorded: str) -> str:
    """Judge texts by their runs of letters and digits: which of them differ, and how."""
    ours, theirs = _RUN.findall(live), _RUN.findall(recorded)
    if _RUN.split(live) == _RUN.split(recorded) and len(ours) == len(theirs):
        pairs = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
        if all(_is_random(*pair) for pair in pairs):
            return RANDOM
    if sorted(ours) == sorted(theirs):
        return ORDER
    if _BASE64.fullmatch(live) and _BASE64.fullmatch(recorded) and len(live) == len(recorded):
        return RANDOM
    return OTHER


def _is_random(live: str, recorded: str) -> bool:
    """Whether two runs could have been drawn: numbers of three digits, or hex and letters of one length."""
    if live.isdigit() and recorded.isdigit():
        return max(len(live), len(recorded)) >= 3
    start = 0
    while start < min(len(live), len(recorded)) and live[start] == recorded[start]:
        start += 1
    ours, theirs = live[start:], recorded[start:]
    if len(ours) != len(theirs):
        return ours.isdigit() and theirs.isdigit() and max(len(ours), len(theirs)) >= 3
    # Letters alone could be words, unless they are the digits of hex.
    drawn = any(map(str.isdigit, ours + theirs)) or _HEX.fullmatch(ours + theirs)
    return len(ours) >= 3 and bool(drawn)


def _kind_of_document(found: Differing, live: Any, recorded: Any) -> str:
    """Judge JSON in a string by the members that differ in it.

    A number may differ where the digest beside it does: it is the size of another thing.
    """
    from conformance.differing import walk

    inner = {
        place: class_of_member(replace(found, place=place, live=ours, recorded=theirs))
        for place, ours, theirs in walk("", live, recorded)
    }
    others = {place.rpartition(".")[0] for place, kind in inner.items() if kind == DIGEST}
    for place, ours, _ in walk("", live, recorded):
        if isinstance(ours, int) and place.rpartition(".")[0] in others:
            inner[place] = RANDOM
    kinds = list(inner.values())
    return OTHER if OTHER in kinds else next(chain(kinds), ORDER)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None

"""One recorded request and a live one, leaf by leaf: whether they are equal up to what was made up.

`masked` tells from one request alone which others are worth comparing; `Comparison` says whether two are
the same, what is bound if they are, and if not, where and why.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sealtape.binding.contents import opened
from sealtape.interaction import AwsRequest, Request
from sealtape.matching import taken_apart
from sealtape.matching.trees import canonical_json
from sealtape.renaming.draws import MARK
from sealtape.renaming.moments import moment_of_number
from sealtape.renaming.names import skeleton
from sealtape.renaming.requests import Trial, masked_request_text

_DEPTH = 8
_KEY_LENGTHS = frozenset((16, 24, 32, 48, 64))
_SECRET = f"{MARK}secret"
_DIGEST_LENGTHS = frozenset((8, 24, 28, 32, 40, 44, 64))


class Side:
    """A request, taken apart.

    ``secrets`` are the stand-ins in it for which any other secret will do, ``keys`` those for which any other
    key will do, and ``chosen`` those of values that somebody chose: they look drawn, and are not. ``digests``
    are the checksums of its contents that it carries, each with what it is the checksum of.
    """

    def __init__(
        self, request: Request, secrets: Sequence[str], keys: Sequence[str], chosen: Sequence[str]
    ) -> None:
        self.request, self.secrets, self.keys, self.chosen = request, secrets, keys, chosen
        self.tree = taken_apart(request).tree
        contents, texts = _leaves(self.tree)
        self.digests = {
            value: f"{place} {how}"
            for place, data in (contents if texts else ())
            for how, value in digests(data)
            if value in texts
        }

    @property
    def region(self) -> str:
        """The region of the client that speaks."""
        return self.request.region if isinstance(self.request, AwsRequest) else ""

    def secret_in(self, data: bytes) -> str | None:
        """Return the stand-in that ``data`` is, if another secret may stand in its place."""
        text = b64encode(data).decode()
        if text in self.secrets or (text in self.keys and _is_key(data)):
            return text
        return None

    def cut(self, name: str, text: str) -> tuple[str, list[str]]:
        """Return a text with marks for the client's region, accounts and secrets; and these, in order."""
        found: list[tuple[int, str]] = []
        for secret in self.secrets:
            at = text.find(secret)
            if at >= 0:
                found.append((at, secret))
                text = text.replace(secret, _SECRET)
        if "arn:" in text or name == "QueueUrl" or (self.region and self.region in text):
            # The account of a queue is one by the name of its member.
            cut, _ = skeleton(canonical_json({name: text}), self.region)
            text = json.loads(cut, strict=False).get(name, text)
        return text, [secret for _, secret in sorted(found)]


def masked(side: Side) -> str:
    """Return a request with marks for all that may be another in an equal one."""
    return _masked(side, "", side.tree)


def _masked(side: Side, name: str, value: Any, depth: int = 0) -> str:
    if isinstance(value, Mapping):
        members = (f"{_masked(side, '', n)}:{_masked(side, n, v, depth)}" for n, v in value.items())
        return f"{{{','.join(sorted(members))}}}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(_masked(side, name, item, depth) for item in value)}]"
    if isinstance(value, (str, bytes)):
        if isinstance(value, str) and value in side.digests:
            return f"{MARK}digest {side.digests[value]}"
        if isinstance(value, bytes) and side.secret_in(value):
            return _SECRET
        inner = opened(value) if depth < _DEPTH else None
        if inner is not None:
            return f"{inner.kind}({_masked(side, name, inner.tree, depth + 1)})"
        return masked_request_text(side.cut(name, value)[0]) if isinstance(value, str) else _hash(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{MARK}time" if moment_of_number(str(value)) else repr(value)
    return repr(value)


def _is_key(data: bytes) -> bool:
    """Whether ``data`` is as long as keys are, and no text that somebody may have typed."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return len(data) in _KEY_LENGTHS
    return False


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class Comparison:
    """What comes of comparing two requests.

    ``trial`` is what would be bound, ``secrets`` pairs of stand-ins, ``contents`` pairs of contents that
    stand for each other, all recorded first. ``refusals`` says by place why the two are not the same.
    ``stand_for_themselves`` says whether one of two stand-ins, recorded and live, is taken.
    """

    def __init__(
        self, recorded: Side, live: Side, trial: Trial, stand_for_themselves: Callable[[str, str], bool]
    ) -> None:
        self.recorded, self.live, self.trial = recorded, live, trial
        self._stand_for_themselves = stand_for_themselves
        self.secrets: list[tuple[str, str]] = []
        self.contents: list[tuple[bytes, bytes]] = []
        self.refusals: dict[str, str] = {}
        self._values("", "", recorded.tree, live.tree)

    @property
    def is_same(self) -> bool:
        """Whether the two requests are equal up to what was made up."""
        return not self.refusals

    def _refuse(self, place: str, why: str) -> None:
        self.refusals.setdefault(place, why)

    def _values(self, place: str, name: str, ours: Any, theirs: Any, depth: int = 0) -> None:
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            self._members(place, ours, theirs, depth)
        elif isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
            if len(ours) != len(theirs):
                self._refuse(place, "another number of items")
            for index, (one, other) in enumerate(zip(ours, theirs, strict=False)):
                self._values(f"{place}[{index}]", name, one, other, depth)
        elif isinstance(ours, str) and isinstance(theirs, str):
            if ours != theirs:
                self._texts(place, name, ours, theirs, depth)
        elif isinstance(ours, bytes) and isinstance(theirs, bytes):
            if ours != theirs:
                self._data(place, name, ours, theirs, depth)
        elif _is_number(ours) and _is_number(theirs):
            if ours != theirs and not self.trial.read(*map(moment_of_number, map(str, (ours, theirs)))):
                self._refuse(place, "a chosen number")
        elif type(ours) is not type(theirs) or ours != theirs:
            self._refuse(place, "another value")

    def _members(self, place: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], depth: int) -> None:
        gone, come = [n for n in ours if n not in theirs], [n for n in theirs if n not in ours]
        for name in ours:
            if name in theirs:
                self._values(f"{place}.{name}".lstrip("."), name, ours[name], theirs[name], depth)
        if len(gone) != len(come):
            for name in (*gone, *come):
                self._refuse(f"{place}.{name}".lstrip("."), "a member that only one of the two has")
            return
        # Names that are drawn come in the order of the draws: what stands below them says which is which.
        gone.sort(key=lambda name: _masked(self.recorded, name, {name: ours[name]}, depth))
        come.sort(key=lambda name: _masked(self.live, name, {name: theirs[name]}, depth))
        for one, other in zip(gone, come, strict=True):
            below = f"{place}.{other}".lstrip(".")
            self._texts(below, "", one, other, depth)
            self._values(below, other, ours[one], theirs[other], depth)

    def _texts(self, place: str, name: str, ours: str, theirs: str, depth: int) -> None:
        if ours in self.recorded.digests or theirs in self.live.digests:
            # A checksum follows its content: it is the one of the other content, or wrong.
            if self.recorded.digests.get(ours) != self.live.digests.get(theirs):
                self._refuse(place, "not the checksum of what is sent with it")
            return
        if self._inside(place, name, ours, theirs, depth):
            self.contents.append((ours.encode(), theirs.encode()))
            return
        (one, secrets), (other, held) = self.recorded.cut(name, ours), self.live.cut(name, theirs)
        if len(secrets) != len(held):
            self._refuse(place, "a secret in one of the two only")
            return
        for secret, mine in zip(secrets, held, strict=True):
            self._secret(place, secret, mine)
        if any(stand_in in other and stand_in not in one for stand_in in self.live.chosen):
            self._refuse(place, "another scrubbed value")
        elif one != other:
            why = self.trial.compare(one, other)
            if why:
                self._refuse(place, why)
            self.contents.append((ours.encode(), theirs.encode()))

    def _data(self, place: str, name: str, ours: bytes, theirs: bytes, depth: int) -> None:
        one, other = self.recorded.secret_in(ours), self.live.secret_in(theirs)
        if one and other and (len(ours) == len(theirs) or one in self.recorded.secrets):
            self._secret(place, one, other)
        elif self._inside(place, name, ours, theirs, depth):
            self.contents.append((ours, theirs))
        else:
            self._refuse(place, "other data")

    def _secret(self, place: str, recorded: str, live: str) -> None:
        if recorded == live:
            return
        taken = self._stand_for_themselves(recorded, live)
        why = "another secret of this test" if taken else self.trial.identify(recorded, live)
        if why:
            self._refuse(place, why)
        self.secrets.append((recorded, live))

    def _inside(self, place: str, name: str, ours: str | bytes, theirs: str | bytes, depth: int) -> bool:
        """Compare what two values hold, if both hold the same kind of thing."""
        one, other = (opened(value) if depth < _DEPTH else None for value in (ours, theirs))
        if one is None or other is None or one.kind != other.kind:
            return False
        self._values(place, name, one.tree, other.tree, depth + 1)
        if one.is_made and isinstance(ours, str) and isinstance(theirs, str):
            self.trial.texts.append((ours, theirs))
        return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def digests(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the checksums of some content that requests and responses carry, each with what it is."""
    for name in ("md5", "sha1", "sha256"):
        digest = hashlib.new(name, data, usedforsecurity=False)
        yield f"{name} hex", digest.hexdigest()
        yield f"{name} base64", b64encode(digest.digest()).decode()
    yield "crc32", b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def _leaves(tree: Any) -> tuple[list[tuple[str, bytes]], set[str]]:
    """Return the binary contents in a tree with their places, and the texts that could be checksums."""
    contents: list[tuple[str, bytes]] = []
    texts: set[str] = set()

    def walk(place: str, value: Any) -> None:
        if isinstance(value, bytes):
            contents.append((place, value))
        elif isinstance(value, str) and len(value) in _DIGEST_LENGTHS:
            texts.add(value)
        elif isinstance(value, Mapping):
            for name, inner in value.items():
                walk(f"{place}.{name}", inner)
        elif isinstance(value, (list, tuple)):
            for inner in value:
                walk(place, inner)

    walk("", tree)
    return contents, texts

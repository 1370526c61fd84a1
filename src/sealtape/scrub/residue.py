"""Reads what was scrubbed as an attacker would, and says what is still there.

This room shares the decoders with the walk that removes, but not its judgement: it takes no notice of
names, plans or places, undoes every encoding that it can, and looks at all strings of all views for
what can only be a secret. A finding names the rule and the place, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from sealtape import multipart
from sealtape.interaction import (
    AwsRequest,
    Headers,
    HttpRequest,
    Interaction,
    Request,
    Response,
    Scrubbed,
)
from sealtape.scrub import archives, cbor, codecs, content, escapes
from sealtape.scrub.detector import SHORT, Detector, any_sign
from sealtape.scrub.detectors import ACCESS_KEY_ID, JWT, PRIVATE_KEY, SCHEME, SIGNED
from sealtape.scrub.evidence import HEADER_RULES, SIGV4_HEADER, normalised
from sealtape.scrub.features import Features
from sealtape.scrub.known import Reach, reach_of, spellings
from sealtape.scrub.needles import Needles, occurrences
from sealtape.scrub.placeholders import is_placeholder
from sealtape.scrub.reading import Reading
from sealtape.scrub.survey import LARGE
from sealtape.scrub.tokens import SERVICE_TOKENS
from sealtape.settings import ScrubSettings

MAX_DEPTH = 12
_TELLING = 16
_SMALL, _LARGE = 256, 4096
_REMEMBERED, _REMEMBERED_SIZE = 20_000, 512
"""How many texts are remembered as clean for one reading, and up to how many characters."""


_SAFE_NAME = re.compile(r"[A-Za-z$@_*][A-Za-z_:$-]{0,63}")
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_SIGNS = re.compile(r"[{\[<%\"&\\]")
_RUN = re.compile(r"[A-Za-z0-9+/_-]{16}")

_ESCAPED_END = re.compile(r"(?:\\+r)?\\+n")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_BARE_AUTHORIZATION = re.compile(r"(?:\b[Bb]earer|\bBEARER)[ ]+([A-Za-z0-9._~+/-]{16,}=*)")
_PATTERNS = (
    Detector("access-key-id", ("AKIA", "ASIA"), ACCESS_KEY_ID),
    Detector("jwt", ("eyJ",), JWT),
    Detector("private-key", ("PRIVATE KEY",), PRIVATE_KEY),
    Detector("sigv4-signature", ("ignature=", "IGNATURE="), SIGNED),
    Detector("authorization", ("earer ", "EARER "), _BARE_AUTHORIZATION),
    *SERVICE_TOKENS,
)
_DETECTABLE = re.compile(any_sign(_PATTERNS))
_TOKEN_HEADERS = frozenset(HEADER_RULES) - {"cookie", "setcookie", "setcookie2"}


# Wider than what the walk goes by, but for names that page through lists.
_TOKEN_HEADER = re.compile(
    r"(?:token|secret|api-?key|access-?key|password|jwt|assertion|signature)(?:-\d+)?$"
)
_PAGING_HEADER = re.compile(r"next|page|pagination|continuation|cursor|sync|skip|client|idempotency|change")


def _header_rule(name: str) -> str:
    plain = normalised(name)
    if plain in _TOKEN_HEADERS:
        return HEADER_RULES[plain]
    lower = name.lower()
    return "api-key" if _TOKEN_HEADER.search(lower) and not _PAGING_HEADER.search(lower) else ""


@dataclass(frozen=True, slots=True)
class Residue:
    """Something that still looks like a secret: which rule says so, and where it stands."""

    rule: str
    place: str

    def __str__(self) -> str:
        return f"{self.rule}@{self.place}"


def find_residue(
    scrubbed: Sequence[Scrubbed], settings: ScrubSettings, known: Iterable[str] = ()
) -> list[Residue]:
    """Return what is left in ``scrubbed``, apart from what ``settings.allow`` accepts.

    ``known`` are raw values that must not occur in any encoding. Stand-ins are those that the removals
    name; a value that is not among them and has the form of a credential is residue. The patterns in
    ``settings.allow`` are ``rule@place``, with ``*`` for any part of it.
    """
    judge = _Judge({removal.stand_in for item in scrubbed for removal in item.removals}, known)
    reader = _Reader(judge.find, judge.worth)
    found: dict[Residue, None] = {}
    for item in scrubbed:
        request = item.interaction.request
        label = request.label if isinstance(request, AwsRequest) else request.method
        for rule, place in (*_read_all(item.interaction, reader), *judge.headers(item.interaction)):
            found[Residue(rule, f"{label}:{place}")] = None
    found = {residue: None for residue in found if residue.rule not in settings.off}
    return [r for r in found if not any(fnmatchcase(str(r), pattern) for pattern in settings.allow)]


def place_of_any(request: Request, texts: Iterable[str]) -> str | None:
    """Return the place of the first of ``texts`` in any view of a request, or None."""
    wanted = tuple(texts)

    def find(text: str) -> list[str]:
        return ["found"] if any(one in text for one in wanted) else []

    return next((place for rule, place in _Reader(find).request(request) if rule == "found"), None)


class _Judge:
    """Says which rules a text breaks."""

    def __init__(self, stand_ins: set[str], known: Iterable[str]) -> None:
        self._stand_ins = stand_ins
        self._long_stand_ins = [text for text in stand_ins if len(text) >= 6]
        self._needles: Needles[bool] = Needles()
        for value in known:
            anywhere = reach_of(value, "") is Reach.ANYWHERE
            for text in spellings(value) if len(value) >= 6 else ():
                self._needles.add(text, anywhere and not text.isdecimal())
        self.worth = Reading(_PATTERNS, self._needles).worth

    def find(self, text: str) -> list[str]:
        rules = []
        for needle, anywhere in self._needles.found_in(text) if self._needles else ():
            if next(occurrences(text, needle, anywhere=anywhere), None) is not None:
                rules.append("known-value")
                break
        if len(text) > _LARGE and codecs.is_binary(text):
            text = codecs.readable(text)
        if len(text) <= SHORT and _DETECTABLE.search(text) is None:
            return rules
        features = Features(text) if len(text) > SHORT else None
        return rules + [d.rule for d in _PATTERNS if self._is_broken(d, text, features)]

    def _is_broken(self, detector: Detector, text: str, features: Features | None) -> bool:
        return any(
            value and not self._accepts(value)
            for match in detector.found_in(text, features)
            for value in match.groups()
        )

    def _accepts(self, value: str) -> bool:
        # A key in PEM armour stands with escaped line ends wherever a string was not decoded.
        plain = _ESCAPED_END.sub("\n", value) if "\\" in value else value
        if plain in self._stand_ins or bool(_Reader(self._is_made).text(value, "", 3)):
            return True
        # Where a view ends is another question here than it was there.
        return any(plain in made or made in plain for made in self._long_stand_ins if len(made) >= _TELLING)

    def _is_made(self, text: str) -> list[str]:
        return ["made"] if text in self._stand_ins else []

    def _holds_made(self, text: str) -> list[str]:
        return ["made"] if any(s in text for s in self._long_stand_ins) or text in self._stand_ins else []

    def headers(self, interaction: Interaction) -> Iterator[tuple[str, str]]:
        """Yield the header fields that must hold a secret and do not hold a stand-in."""
        for place, name, value in _header_fields(interaction):
            rule = _header_rule(name)
            if rule and not self._accepts_header(value):
                yield rule, f"{place}.{'*' if self.find(name) else name}"

    def _accepts_header(self, value: str) -> bool:
        if SIGV4_HEADER.fullmatch(value):
            return True  # the patterns looked at its key id and signature
        match = SCHEME.match(value)
        secret = value[match.end() :] if match else value
        if not any(map(str.isalnum, secret)) or is_placeholder(secret):
            return True
        # Short stand-ins count too, but only as a whole user or password.
        parts = [part for _, part in _pieces(secret)]
        return any(part in self._stand_ins for part in parts) or bool(
            _Reader(self._holds_made).text(secret, "", 3)
        )


def _pieces(secret: str) -> Iterator[tuple[str, str]]:
    view = codecs.decode_base64(secret)
    inner = codecs.printable(view.data) if view is not None else None
    for text in (secret, inner or ""):
        user, _, password = text.partition(":")
        yield from (("whole", text), ("user", user), ("password", password))


def _header_fields(interaction: Interaction) -> Iterator[tuple[str, str, str]]:
    if isinstance(interaction.request, HttpRequest):
        for name, value in interaction.request.headers:
            yield "request.headers", name, value
    if isinstance(interaction.outcome, Response):
        for name, value in interaction.outcome.headers:
            yield "response.headers", name, value


# Every string of every view -----------------------------------------------------------------------

_BARE = (bool, int, float, type(None))
_Found = list[tuple[str, str]]


def _read_all(interaction: Interaction, reader: _Reader) -> _Found:
    found = reader.request(interaction.request)
    outcome = interaction.outcome
    if not isinstance(outcome, Response):
        return found + reader.text(outcome.message, "failure.message")
    found += reader.text(outcome.reason, "response.reason") + reader.text(outcome.url, "response.url")
    found += reader.headers(outcome.headers, "response.headers")
    return found + reader.body(outcome.body, outcome.headers, "response.body", broken=bool(outcome.broken))


class _Reader:
    """Asks ``find`` about every string in every view; answers are pairs of rule and place.

    What is found in a view is reported there, and at the text around it only where no view explains it.
    """

    def __init__(self, find: Callable[[str], list[str]], worth: Callable[[str], str] = str) -> None:
        self._find = find
        self._worth = worth
        self._clean: dict[str, int] = {}
        self._plain: set[str] = set()

    def request(self, request: Request) -> _Found:
        if isinstance(request, AwsRequest):
            found = self.tree(request.parameters, "request.parameters", MAX_DEPTH)
            found += self.text(request.caller, "request.caller")
            return found + self.body(request.body or b"", (), "request.body")
        found = self.text(request.url, "request.url")
        found += self.headers(request.headers, "request.headers")
        return found + self.body(request.body, request.headers, "request.body")

    def headers(self, headers: Headers, place: str) -> _Found:
        found: _Found = []
        for name, value in headers:
            own = self.text(name, f"{place}.*")
            found += own + self.text(value, f"{place}.*" if own else f"{place}.{_safe(name)}")
        return found

    def body(self, body: bytes, headers: Headers, place: str, *, broken: bool = False) -> _Found:
        if not body:
            return []
        try:
            for coding in content.applied_codings(headers, body):
                body = content.decode_content(body, coding, broken=broken)
        except content.Unreadable:
            return [("unreadable", place)]
        frames = content.parse_frames(body) if body[:1] == b"\0" else None
        if frames is None:
            found = self.data(body, place, MAX_DEPTH)
            for part in multipart.parts(body, content.header(headers, "content-type")):
                found += self.data(body[part.start : part.end], f"{place}.*", MAX_DEPTH)
            return found
        return [
            hit
            for frame in frames
            for hit in self.data(frame.payload, f"{place}.{_safe(frame.event)}", MAX_DEPTH)
        ]

    def data(self, data: bytes, place: str, depth: int) -> _Found:
        text, _ = codecs.decode_text(data)
        if not codecs.is_binary(text):
            return self.text(text, place, depth)
        if depth <= 0 and (content.packing(data) or archives.is_archive(data)):
            return [("unreadable", place)]
        packed = self._packed(data, place, depth - 1) if depth > 0 else None
        return [(rule, place) for rule in self._find(text)] if packed is None else packed

    def _packed(self, data: bytes, place: str, depth: int) -> _Found | None:
        """Read what is packed in ``data``; None where nothing is."""
        if coding := content.packing(data):
            try:
                return self.data(content.decode_content(data, coding), place, depth)
            except content.Unreadable as error:
                # A piece of an archive (a range of an object) is read as far as it goes.
                if error.partial is None:
                    return [("unreadable", place)]
                return self.data(error.partial, place, depth) if error.partial else None
        if archives.is_archive(data):
            reading = archives.read(data)
            found = [("unreadable", place)] if reading.closed else []
            for name, packed in reading.files.items():
                found += self.text(name, place, depth) + self.data(packed, place, depth)
            return found
        document = cbor.parse(data)
        return self.tree(document.tree, place, depth) if document is not None else None

    def tree(self, node: Any, place: str, depth: int, *, plain: bool = False) -> _Found:
        """Read a tree; of a ``plain`` one the text around it was read, and only views are left."""
        if isinstance(node, str):
            return [] if plain and self._is_plain(node) else self.text(node, place, depth, judged=plain)
        found: _Found = []
        if isinstance(node, Mapping):
            for key, value in node.items():
                if plain and self._is_plain(key) and (type(value) in _BARE or self._is_plain(value)):
                    continue
                below = f"{place}.{_safe(key)}"
                if not plain or not self._is_plain(key):
                    own = self.text(key, f"{place}.*", depth, judged=plain)
                    # A name that holds a secret is not for telling where it is.
                    below, found = f"{place}.*" if own else below, found + own
                found += self.tree(value, below, depth, plain=plain)
        elif isinstance(node, (list, tuple)):
            for value in node:
                found += self.tree(value, f"{place}.*", depth, plain=plain)
        elif isinstance(node, (bytes, bytearray)):
            found += self.data(bytes(node), place, depth)
        elif isinstance(node, int) and not isinstance(node, bool) and not plain:
            found += [(rule, place) for rule in self._find(str(node))]
        return found

    def _is_plain(self, node: Any) -> bool:
        """Whether a node is a text of which there is no other view than itself."""
        if type(node) is not str:
            return False
        if node in self._plain:
            return True
        plain = not _is_viewable(node)
        if plain and len(node) <= _SMALL and len(self._plain) < _REMEMBERED:
            self._plain.add(node)
        return plain

    def text(self, text: str, place: str, depth: int = MAX_DEPTH, *, judged: bool = False) -> _Found:
        """Read a text and everything that can be decoded from it; a short one that is clean only once.

        One that was ``judged`` as a part of what is around it is only decoded.
        """
        if self._clean.get(text, -1) >= depth:
            return []
        if len(text) >= LARGE:
            text = self._worth(text)
        found = self._read(text, place, depth, [] if judged else self._find(text))
        if not found and not judged and len(text) <= _REMEMBERED_SIZE and len(self._clean) < _REMEMBERED:
            self._clean[text] = depth
        return found

    def _read(self, text: str, place: str, depth: int, own: list[str]) -> _Found:
        if depth <= 0 or len(text) < 6 or not _is_viewable(text):
            return [(rule, place) for rule in own]
        tree = codecs.parse_json(text if text[:1] != '"' else f"[{text}]")
        if tree is not None:
            inner = self.tree(tree, place, depth - 1, plain=not own and "\\" not in text)
            # Its strings were judged as they are; in the document around them they stand escaped.
            own = [rule for rule in own if rule == "known-value"]
        else:
            inner = self._views(text, place, depth - 1, plain=not own)
        explained = {rule for rule, _ in inner}
        return inner + [(rule, place) for rule in own if rule not in explained]

    def _views(self, text: str, place: str, depth: int, *, plain: bool) -> _Found:
        found: _Found = []
        if codecs.looks_like_markup(text):
            plain, outside, at = plain and "&" not in text, [], 0
            for span in codecs.markup_spans(text):
                outside.append(text[at : span.start])
                at = span.end
                if not plain or _is_viewable(span.value):
                    below = ".".join([place, *map(_safe, span.path[1:])])
                    found += self.text(span.value, below, depth, judged=plain)
            # What no span accounts for is read as text is.
            text = "".join([*outside, text[at:]])
        for other in _undone(text):
            found += self.text(other, place, depth)
        if len(text) > SHORT and not Features(text).has("base64"):
            return found
        if "\n" in text:
            # A line of base64 that goes on is a piece of something, stand-ins included.
            text = escapes.WRAPPED.sub(lambda m: m[0] if codecs.decode_base64(m[0]) is None else "", text)
        runs = [match[0] for match in _BASE64_RUN.finditer(text)]
        while runs:
            run = runs.pop()
            view = codecs.decode_base64(run)
            if view is None:
                runs += escapes.segments(run)
                continue
            inner = view.data if codecs.readable_text(view.data)[0] else content.inflated(view.data)
            if inner is not None or content.packing(view.data) or archives.is_archive(view.data):
                found += self.data(inner or view.data, place, depth)
        return found


def _undone(text: str) -> Iterator[str]:
    """Yield what ``text`` says in every kind of escapes, and what it holds of other texts."""
    if "%" in text and _ESCAPE.search(text):
        yield codecs.unquoted(text)
    if "&" in text and escapes.ENTITIES.search(text):
        yield escapes.without_entities(text)
    if "\\" in text:
        if escapes.ESCAPES.search(text):
            yield escapes.without_escapes(text)
        yield from map("[{0[0]}]".format, escapes.STRINGS.finditer(text))
    for start, end in escapes.documents_in(text) if "{" in text or "[" in text else ():
        if end - start < len(text):
            yield text[start:end]
    features = Features(text) if len(text) > SHORT else None
    for match in escapes.HEX.finditer(text) if features is None or features.has("hex") else ():
        readable = codecs.printable(bytes.fromhex(match[0]))
        if readable is not None:
            yield readable
    wrapped = "\n" in text and (features is None or features.has("base64"))
    for match in escapes.WRAPPED.finditer(text) if wrapped else ():
        yield "".join(match[0].split())


def _is_viewable(text: str) -> bool:
    """Whether there can be another view of a text than itself."""
    if len(text) <= _SMALL:
        return _SIGNS.search(text) is not None or _RUN.search(text) is not None
    return any(sign in text for sign in '{[<%"&\\') or Features(text).has("base64")


def _safe(name: str) -> str:
    """Return a name for a place; one that could itself be a secret becomes ``*``."""
    return name if _SAFE_NAME.fullmatch(name) else "*"

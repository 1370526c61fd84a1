"""One walk over an interaction: finds secrets in every view of it and puts stand-ins in their places.

The same walk serves learning (its notes say what was found), recording and replay (no notes are kept).
Two questions are asked of every value, in this order: does its *name* claim it (`Eraser.secret` then
replaces it, keeping the structure that a client parses), and if not, what does its *content* hold
(`Eraser.text`: views such as JSON, markup, forms and base64 first, then patterns, then known values).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from sealtape.scrub import codecs
from sealtape.scrub.known import Known
from sealtape.scrub.models import Node
from sealtape.scrub.pseudonyms import StandIns
from sealtape.scrub.rules import (
    ACCOUNT_ENDINGS,
    ACCOUNT_NAMES,
    DETECTORS,
    ENVIRONMENT_NAME,
    HEADER_RULES,
    NEAR_ACCESS_KEY,
    PLACEHOLDER,
    QUERY_RULES,
    QUEUE_NAMES,
    SCHEME,
    SECRET_ENDINGS,
    SECRET_NAMES,
    TRIGGER,
    TRIVIAL,
    Detector,
    normalised,
)

MAX_DEPTH = 8
"""How many encodings inside of one another are undone."""

_ACCOUNT = re.compile(r"\d{12}")
_QUEUE_ACCOUNT = re.compile(r"/(\d{12})(?=/)")
_URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>\\^`{}|]+")
_USER_INFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@:]*):([^/?#\s]+)@|([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@:]{16,})@")
_ESCAPED = re.compile(r"[^\s\"'<>&=?]*%[0-9A-Fa-f]{2}[^\s\"'<>&=?]*")
_BASE64_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}")
_MAYBE_BASE64 = re.compile(r"\s*[A-Za-z0-9+/_-]{12,}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_SIGNED_QUERY = re.compile(r"[?&](?:X-Amz-Signature|X-Amz-Algorithm|Signature|X-Goog-Signature)=", re.I)
_RANDOM_SEGMENT = re.compile(r"(?<=/)(?=[^/?#]*\d)(?=[^/?#]*[A-Za-z])[A-Za-z0-9_~-]{20,}")
_MODEL = frozenset({"model-sensitive", "model-supplement", "model-payload"})
_NAME_KEYS = ("name", "key", "parameterkey", "settingname", "variablename", "outputkey", "optionname")
_VALUE_KEYS = frozenset({"value", "parametervalue", "settingvalue", "plaintextvalue", "outputvalue"})
_WRAPPED = frozenset({"S", "N", "B", "SS", "NS", "BS", "StringValue", "BinaryValue", "Value", "value"})
_KEPT_IN_DOCUMENTS = frozenset({"engine", "port", "type", "version"})
_TAGS = frozenset({"$time", "$stream"})


class Lexicon:
    """What names say: the built-in names and those of the settings, each looked up once."""

    def __init__(self, names: tuple[str, ...] = (), patterns: tuple[str, ...] = ()) -> None:
        self._registered = frozenset(normalised(name) for name in names)
        registered = tuple(Detector("registered-pattern", ("",), re.compile(p)) for p in patterns)
        self.detectors = (*registered, *DETECTORS)
        self.always_scan = bool(patterns)
        self.rule = lru_cache(maxsize=8192)(self._rule)
        self.query_rule = lru_cache(maxsize=1024)(self._query_rule)
        self.header_rule = lru_cache(maxsize=1024)(self._header_rule)

    def _rule(self, name: str) -> str:
        plain = normalised(name)
        if plain in self._registered:
            return "registered-name"
        if plain in SECRET_NAMES or plain.endswith(SECRET_ENDINGS):
            return "secret-name"
        return "secret-name" if ENVIRONMENT_NAME.search(name) else ""

    def _query_rule(self, name: str) -> str:
        plain = normalised(name)
        return QUERY_RULES[plain] if plain in QUERY_RULES else self.rule(name)

    def _header_rule(self, name: str) -> str:
        return HEADER_RULES.get(normalised(name)) or self.rule(name)


@lru_cache(maxsize=4096)
def _names_account(name: str) -> bool:
    plain = normalised(name)
    return plain in ACCOUNT_NAMES or plain.endswith(ACCOUNT_ENDINGS)


@lru_cache(maxsize=4096)
def _names_queue(name: str) -> bool:
    return normalised(name) in QUEUE_NAMES


class Eraser:
    """One walk. ``notes`` counts, for (rule, place, stand-in), the value and how often it was met."""

    __slots__ = ("aws", "depth", "known", "lexicon", "notes", "stand_ins")

    def __init__(
        self,
        lexicon: Lexicon,
        known: Known,
        stand_ins: StandIns,
        notes: dict[tuple[str, str, str], list[Any]] | None = None,
        *,
        aws: bool = False,
    ) -> None:
        self.lexicon = lexicon
        self.known = known
        self.stand_ins = stand_ins
        self.notes = notes
        self.aws = aws
        self.depth = 0

    # What is replaced --------------------------------------------------------------------------

    def swap(self, value: str, rule: str, place: str) -> str:
        """Return the stand-in of ``value`` and note it."""
        make = self.stand_ins.constant if rule == "sigv4-signature" else self.stand_ins.of
        stand_in = make(value)
        if self.notes is not None:
            self._note(rule, place, value, stand_in)
        return stand_in

    def _note(self, rule: str, place: str, value: str, stand_in: str) -> None:
        assert self.notes is not None
        entry = self.notes.setdefault((rule, place, stand_in), [value, 0])
        entry[1] += 1

    def secret(self, text: str, rule: str, place: str) -> str:
        """Replace a value that is secret as a whole, keeping what a client parses of it.

        The leaves of a JSON document are replaced one by one, so are the inside of base64, user and
        password of ``user:password``, and what follows an authentication scheme. Booleans, blanks and
        placeholders are no secrets. What a model claims keeps ARNs, dates and the hosts of URLs.
        """
        if self.stand_ins.is_one(text):
            return self.swap(text, rule, place)
        if not text.strip() or text.lower() in TRIVIAL or PLACEHOLDER.fullmatch(text):
            return text
        if self.depth >= MAX_DEPTH:
            return self.swap(text, rule, place)
        self.depth += 1
        try:
            for view in (self._secret_identifier, self._secret_document, self._secret_encoded):
                changed = view(text, rule, place)
                if changed is not None:
                    return changed
        finally:
            self.depth -= 1
        return self.swap(text, rule, place)

    def _secret_identifier(self, text: str, rule: str, place: str) -> str | None:
        if rule in _MODEL and (text.startswith("arn:") or _TIME.fullmatch(text)):
            return self.text(text, place)
        if "://" in text and _URL.fullmatch(text):
            if rule in _MODEL or _USER_INFO.match(text) or _SIGNED_QUERY.search(text):
                return self._secret_url(text, rule, place)
            return None
        if "-----BEGIN " in text:
            changed = self._detect(text, place)
            return changed if changed != text else None
        return None

    def _secret_url(self, text: str, rule: str, place: str) -> str:
        if rule == "model-sensitive" and not _SIGNED_QUERY.search(text):
            text = _RANDOM_SEGMENT.sub(lambda match: self.swap(match[0], rule, place), text)
            head, mark, query = text.partition("?")
            return self.text(head, place) + mark + self.query(query, place, rule)
        return self.text(text, place)

    def _secret_document(self, text: str, rule: str, place: str) -> str | None:
        tree = codecs.parse_json(text)
        if tree is None or not tree:
            return None
        return codecs.splice_json(text, tree, self._claimed(tree, rule, place))

    def _claimed(self, node: Any, rule: str, place: str) -> Any:
        """Replace every leaf below ``node``; names, booleans and the engine's own words stay."""
        kind = type(node)
        if kind is str:
            return self.secret(node, rule, place)
        if kind is dict:
            return {
                key: value
                if key in _KEPT_IN_DOCUMENTS and not isinstance(value, (dict, list))
                else self._claimed(value, rule, f"{place}.{self._clean(key)}")
                for key, value in node.items()
            }
        if isinstance(node, Mapping):
            return {
                key: value if key in _TAGS else self._claimed(value, rule, f"{place}.{self._clean(key)}")
                for key, value in node.items()
            }
        if kind is list or kind is tuple:
            return kind(self._claimed(value, rule, f"{place}.*") for value in node)
        if kind is bytes:
            return self.secret_bytes(node, rule, place)
        if kind is int and abs(node) > 999:
            return int(self.swap(str(node), rule, place))
        if kind is float:
            return _float_like(self.swap(repr(node), rule, place), node)
        return node

    def _clean(self, key: str) -> str:
        return key if self.notes is None else self.text(key.rstrip("\0"), "")

    def _secret_encoded(self, text: str, rule: str, place: str) -> str | None:
        if (match := SCHEME.match(text)) and rule not in _MODEL:
            rest = text[match.end() :]
            if match[1].lower() in ("aws", "digest", "hawk", "oauth") and "=" in rest:
                return match[0] + self._parameters(rest, rule, place)
            return match[0] + self.secret(rest, rule, place)
        view = codecs.decode_base64(text) if len(text) >= 12 or text.endswith("=") else None
        inner = codecs.printable(view.data) if view is not None and len(view.data) >= 5 else None
        if view is None or not inner or not inner.strip():
            return None
        user, colon, password = inner.partition(":")
        if colon and password and user.isalnum() and not password.startswith("//"):
            user = user if user.isalpha() and len(user) <= 12 else self.secret(user, rule, place)
            return view.encoded(f"{user}:{self.secret(password, rule, place)}".encode())
        return view.encoded(self.secret(inner, rule, place).encode("utf-8", "surrogatepass"))

    def _parameters(self, text: str, rule: str, place: str) -> str:
        pattern = r"(?i)(\b(?:response|nonce|cnonce|oauth_\w+|mac|id)=\"?)([^\",\s]+)"
        return re.sub(pattern, lambda m: m[1] + self.swap(m[2], rule, place), text)

    def secret_bytes(self, data: bytes, rule: str, place: str) -> bytes:
        """Replace binary data that is secret as a whole; text in it is replaced as text is."""
        text = codecs.printable(data)
        if text:
            return self.secret(text, rule, place).encode("utf-8", "surrogatepass")
        stand_in = self.stand_ins.of_bytes(data)
        if self.notes is not None and data:
            encoded = codecs.base64.b64encode(data).decode("ascii")
            self._note(rule, place, encoded, self.stand_ins.of(encoded))
        return stand_in

    # Trees of parameters and JSON -------------------------------------------------------------------

    def tree(self, node: Any, place: str, plan: Node | None = None) -> Any:
        """Return ``node`` without secrets; the same object where there are none."""
        kind = type(node)
        if kind is str:
            return self.text(node, place)
        if kind is dict:
            return self._mapping(node, place, plan)
        if kind is list or kind is tuple:
            changed = [self.tree(value, place, plan) for value in node]
            same = all(a is b for a, b in zip(node, changed, strict=True))
            return node if same else kind(changed)
        if kind is bytes:
            return self.data(node, place)
        if kind is int and 10**11 <= node < 10**12 and str(node) in self.known:
            return int(self.text(str(node), place))
        return self._mapping(node, place, plan) if isinstance(node, Mapping) else node

    def _mapping(self, node: Mapping[str, Any], place: str, plan: Node | None) -> Any:
        paired = self._pair_claim(node) if len(node) <= 6 else ""
        changed: dict[str, Any] = {}
        same = True
        for key, value in node.items():
            child = plan.child(key) if plan is not None else None
            rule = child.rule if child is not None else ""
            if paired and not rule and normalised(key) in _VALUE_KEYS:
                rule = paired
            clean, new = self._member(key, value, place, child, rule)
            same = same and new is value and clean == key
            changed[clean] = new
        return node if same and len(changed) == len(node) else changed

    def _member(self, key: str, value: Any, place: str, child: Node | None, rule: str) -> tuple[str, Any]:
        below = place if self.notes is None else f"{place}.{self._clean(key)}"
        clean = self._key(key, below)
        if rule:
            return clean, self._claimed(value, rule, below)
        kind = type(value)
        if kind is str or kind is int:
            return clean, self.named(value, key, below)
        rule = self.lexicon.rule(key)
        if rule and (kind is bytes or kind is float):
            return clean, self._claimed(value, rule, below)
        if rule and kind in (list, tuple) and all(type(item) is str for item in value):
            return clean, self._claimed(value, rule, below)
        if rule and isinstance(value, Mapping) and value and _WRAPPED.issuperset(value.keys() - {"DataType"}):
            changed = {k: v if k == "DataType" else self._claimed(v, rule, below) for k, v in value.items()}
            return clean, changed if changed != value else value
        if kind in (list, tuple) and (_names_account(key) or _names_queue(key)):
            changed_items = [
                self.named(item, key, below) if type(item) is str else self.tree(item, below, child)
                for item in value
            ]
            return clean, value if list(value) == changed_items else kind(changed_items)
        return clean, self.tree(value, below, child)

    def _key(self, key: str, place: str) -> str:
        if len(key) < 4 or (key.isidentifier() and not self.known.edition):
            return key
        return self.text(key, place)

    def _pair_claim(self, node: Mapping[str, Any]) -> str:
        """Return the rule for the value of a ``{Name: …, Value: …}`` pair whose name says secret."""
        for key, value in node.items():
            if type(value) is str and normalised(key) in _NAME_KEYS and self.lexicon.rule(value):
                return "name-value-pair"
        return ""

    def named(self, value: Any, name: str, place: str) -> Any:
        """Return a leaf without secrets, given the name that it goes by."""
        rule = self.lexicon.rule(name)
        if rule:
            return self._claimed(value, rule, place)
        if type(value) is int:
            return self.tree(value, place)
        if self.aws:
            if _names_account(name) and _ACCOUNT.fullmatch(value):
                return self.swap(value, "account-id", place)
            if _names_queue(name):
                value = _QUEUE_ACCOUNT.sub(lambda m: "/" + self.swap(m[1], "account-id", place), value)
        return self.text(value, place)

    # Text -------------------------------------------------------------------------------------------

    def text(self, text: str, place: str, *, binary: bool = False) -> str:
        """Return ``text`` without secrets, whatever it is; the same object where there are none."""
        if len(text) < 4:
            return text
        if self.known.edition:
            replaced = self.known.replace(text, self._note_known(place) if self.notes is not None else None)
            if replaced is not text and self.stand_ins.is_one(replaced):
                return replaced
        else:
            replaced = text
        if not self.lexicon.always_scan and TRIGGER.search(text) is None:
            return replaced
        if self.stand_ins.is_one(text):
            return self.swap(text, "known-value", place) if self.notes is not None and False else text
        if binary:
            return self._detect(replaced, place)
        if self.depth >= MAX_DEPTH:
            return self._detect(replaced, place)
        self.depth += 1
        try:
            return self._views(replaced, place)
        finally:
            self.depth -= 1

    def _note_known(self, place: str) -> Callable[[str, str, str], None]:
        return lambda rule, value, stand_in: self._note(rule, place, value, stand_in)

    def _views(self, text: str, place: str) -> str:
        first = text.lstrip(" \t\r\n")[:1]
        if first in ("{", "["):
            tree = codecs.parse_json(text)
            if tree is not None:
                changed = self.tree(tree, place)
                return text if changed is tree else codecs.splice_json(text, tree, changed)
            if "\n" in text and first == "{":
                return "".join([self.text(line, place) for line in text.splitlines(keepends=True)])
        elif first == "<" and codecs.looks_like_markup(text):
            return self.markup(text, place)
        elif first == '"' and text.endswith('"'):
            return self._json_string(text, place)
        elif "=" in text and codecs.looks_like_form(text) and not _MAYBE_BASE64.fullmatch(text.rstrip("=")):
            return self.query(text, place)
        if _MAYBE_BASE64.match(text):
            changed_text = self._base64(text, place)
            if changed_text is not None:
                return changed_text
        return self._flat(text, place)

    def _json_string(self, text: str, place: str) -> str:
        tree = codecs.parse_json(f"[{text}]")
        if tree is None or len(tree) != 1:
            return self._flat(text, place)
        changed = self.text(tree[0], place)
        return text if changed == tree[0] else codecs.splice_json(f"[{text}]", tree, [changed])[1:-1]

    def _base64(self, text: str, place: str) -> str | None:
        """Look into base64; None where ``text`` is not base64 of something readable."""
        view = codecs.decode_base64(text)
        inner = codecs.printable(view.data) if view is not None else None
        if view is None or inner is None or len(inner) < 6:
            return None
        changed = self.text(inner, place)
        return text if changed is inner else view.encoded(changed.encode("utf-8", "surrogatepass"))

    def _flat(self, text: str, place: str) -> str:
        """Look into prose: URLs, escaped stretches and base64 in it, then the patterns."""
        if "://" in text:
            text = _URL.sub(lambda match: self._url_in_text(match[0], place), text)
        elif "%" in text:
            text = _ESCAPED.sub(lambda match: self._escaped(match[0], place), text)
        if len(text) >= 24:
            text = _BASE64_RUN.sub(lambda match: self._base64(match[0], place) or match[0], text)
        return self._detect(text, place)

    def _url_in_text(self, url: str, place: str) -> str:
        core = url.rstrip(".,;:!?)]*")
        return self.url(core, place) + url[len(core) :]

    def _escaped(self, text: str, place: str) -> str:
        plain = codecs.unquoted(text)
        changed = self.text(plain, place)
        return text if changed == plain else codecs.quoted_like(changed, text)

    def _detect(self, text: str, place: str) -> str:
        beside_key = False
        for detector in self.lexicon.detectors:
            if any(anchor in text for anchor in detector.anchors):
                before, text = text, self._apply(detector, text, place)
                beside_key = beside_key or (detector.rule == "access-key-id" and before is not text)
        if beside_key or "AKIA" in text or "ASIA" in text:
            text = self._apply(_NEAR, text, place)
        return text

    def _apply(self, detector: Detector, text: str, place: str) -> str:
        edits: list[tuple[int, int, str]] = []
        for match in detector.pattern.finditer(text):
            groups = range(1, match.re.groups + 1) if match.re.groups else (0,)
            for group in groups:
                value = match[group]
                if value and not (detector.rule == "secret-name" and _harmless(value)):
                    edits.append((*match.span(group), self._matched(value, detector.rule, place)))
        return codecs.splice(text, edits) if edits else text

    def _matched(self, value: str, rule: str, place: str) -> str:
        return self.secret(value, rule, place) if rule == "authorization" else self.swap(value, rule, place)

    # Places with a syntax of their own ------------------------------------------------------------------

    def markup(self, text: str, place: str, plan: Node | None = None) -> str:
        """Return XML or HTML without secrets. ``plan`` speaks of what is below the root element."""
        edits: list[tuple[int, int, str]] = []
        last_text = ""
        for span in codecs.markup_spans(text):
            name = span.path[-1].removeprefix("@") if span.path else ""
            below = place if self.notes is None else ".".join((place, *map(self._clean, span.path[1:])))
            rule = _claim_at(plan, span.path[1:]) if plan is not None else ""
            if not rule and normalised(name) in _VALUE_KEYS and self.lexicon.rule(last_text):
                rule = "name-value-pair"
            if rule:
                new = self.secret(span.value, rule, below)
            else:
                new = self.text(span.value, below) if span.raw else self.named(span.value, name, below)
            last_text = span.value if normalised(name) in _NAME_KEYS else ""
            if new != span.value:
                edits.append((span.start, span.end, span.encoded(new)))
        return codecs.splice(text, edits) if edits else text

    def query(self, text: str, place: str, claim: str = "") -> str:
        """Return a query string or a form without secrets."""
        edits: list[tuple[int, int, str]] = []
        for span in codecs.query_spans(text):
            name = span.path[0]
            below = place if self.notes is None else f"{place}.{self._clean(name)}"
            rule = claim or self.lexicon.query_rule(name)
            if rule == "access-key-id":
                key, slash, scope = span.value.partition("/")
                new = (self.swap(key, rule, below) if key else key) + slash + scope
            elif rule == "sigv4-signature":
                new = self.swap(span.value, rule, below) if len(span.value) >= 16 else span.value
            elif rule:
                new = self.secret(span.value, rule, below)
            else:
                new = self.named(span.value, name, below)
            if new != span.value:
                raw = text[span.start : span.end]
                edits.append((span.start, span.end, codecs.quoted_like(new, raw)))
        return codecs.splice(text, edits) if edits else text

    def url(self, url: str, place: str) -> str:
        """Return a URL without secrets in its user info, host, path, query and fragment."""
        head, hash_mark, fragment = url.partition("#")
        head, question_mark, query = head.partition("?")
        if "@" in head:
            head = _USER_INFO.sub(lambda match: self._user_info(match, place), head)
        head = self._url_head(head, place)
        if query:
            below = place if self.notes is None else f"{place}.query"
            query = self.query(query, below) if "=" in query else self.text(query, below)
        if fragment:
            fragment = self.query(fragment, place) if "=" in fragment else self.text(fragment, place)
        return head + question_mark + query + hash_mark + fragment

    def _url_head(self, head: str, place: str) -> str:
        if self.known.edition:
            head = self.known.replace(head, self._note_known(place) if self.notes is not None else None)
        if "%" in head:
            head = _ESCAPED.sub(lambda match: self._escaped(match[0], place), head)
        return self._detect(head, place)

    def _user_info(self, match: re.Match[str], place: str) -> str:
        if match[4] is not None:
            return f"{match[4]}{self._part(match[5], place)}@"
        return f"{match[1]}{match[2]}:{self._part(match[3], place)}@"

    def _part(self, raw: str, place: str) -> str:
        plain = codecs.unquoted(raw)
        changed = self.secret(plain, "url-password", place)
        return raw if changed == plain else codecs.quoted_like(changed, raw)

    def cookie(self, value: str, place: str, *, response: bool) -> str:
        """Return a Cookie or Set-Cookie field with its values replaced; names and attributes stay."""
        pairs = value.split(";")
        for index, pair in enumerate(pairs[:1] if response else pairs):
            name, equals, secret = pair.partition("=")
            bare = secret.strip().strip('"')
            if equals and bare:
                below = place if self.notes is None else f"{place}.{self._clean(name.strip())}"
                pairs[index] = f"{name}=" + secret.replace(bare, self.secret(bare, "cookie", below), 1)
        return ";".join(pairs)

    def header(self, name: str, value: str, place: str, claim: str = "", *, response: bool = False) -> str:
        """Return the value of a header field without secrets."""
        rule = claim or self.lexicon.header_rule(name)
        if not rule:
            return self.text(value, place)
        if rule == "cookie":
            return self.cookie(value, place, response=response)
        if "Credential=" in value and "Signature=" in value:
            return self._detect(value, place)
        return self.secret(value, rule, place)

    def data(self, data: bytes, place: str) -> bytes:
        """Return bytes without secrets: text as text, anything else by patterns and known values."""
        if len(data) < 4:
            return data
        text, codec = codecs.decode_text(data)
        changed = self.text(text, place, binary=codec == "latin-1")
        return data if changed is text or changed == text else changed.encode(codec, "surrogatepass")


_NEAR = Detector("secret-access-key", ("",), NEAR_ACCESS_KEY)


def _harmless(value: str) -> bool:
    return value.lower() in TRIVIAL or PLACEHOLDER.fullmatch(value) is not None


def _claim_at(plan: Node, path: tuple[str, ...]) -> str:
    node: Node | None = plan
    for name in path:
        if node is None or node.rule:
            break
        node = node.child(name)
    return node.rule if node is not None else ""


def _float_like(text: str, value: float) -> float:
    try:
        return float(text)
    except ValueError:
        return value

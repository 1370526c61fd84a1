"""One walk over an interaction: finds secrets in every view of it and puts stand-ins in their places.

The same walk serves learning (its notes say what was found), recording and replay (no notes are kept).
Two questions are asked of every value, in this order: does its *name* claim it (`Eraser.secret` then
replaces it, keeping the structure that a client parses), and if not, what does its *content* hold
(`Eraser.text`: views such as JSON, markup, forms and base64 first, then patterns, then known values).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sealtape.scrub import codecs, content
from sealtape.scrub.evidence import (
    ASSIGNMENT,
    NEAR_ACCESS_KEY,
    PLACEHOLDER,
    TRIGGER,
    TRIVIAL,
    Detector,
    normalised,
)
from sealtape.scrub.known import Note
from sealtape.scrub.lexicon import names_account, names_queue
from sealtape.scrub.models import Node
from sealtape.scrub.replace import MAX_DEPTH, PLAIN_NAME, URL, USER_INFO, Replacer

_ACCOUNT = re.compile(r"\d{12}")
_QUEUE_ACCOUNT = re.compile(r"/(\d{12})(?=/)")
_ESCAPED = re.compile(r"[^\s\"'<>&=?]*%[0-9A-Fa-f]{2}[^\s\"'<>&=?]*")
_BASE64_RUN = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}")
_MAYBE_BASE64 = re.compile(r"\s*[A-Za-z0-9+/_-]{12,}")
_NAME_KEYS = (
    "name",
    "key",
    "parameterkey",
    "settingname",
    "variablename",
    "outputkey",
    "optionname",
)
_VALUE_KEYS = frozenset({"value", "parametervalue", "settingvalue", "plaintextvalue", "outputvalue"})
_WRAPPED = frozenset({"S", "N", "B", "SS", "NS", "BS", "StringValue", "BinaryValue", "Value", "value"})
_STRUCTURED = frozenset({"authorization", "registered-pattern"})
_CACHED = 512
_CACHED_DEPTH = 3
_CACHE_SIZE = 20_000


class Eraser(Replacer):
    """The walk: every view of every part of an interaction."""

    __slots__ = ()

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
        below = place if self.notes is None else f"{place}.{self.clean(key)}"
        clean = self._key(key, below)
        if rule:
            return clean, self.claimed(value, rule, below)
        kind = type(value)
        if kind is str or kind is int:
            return clean, self.named(value, key, below)
        rule = self.lexicon.rule(key)
        if rule and (kind is bytes or kind is float):
            return clean, self.claimed(value, rule, below)
        if rule and kind in (list, tuple) and all(type(item) is str for item in value):
            return clean, self.claimed(value, rule, below)
        if rule and isinstance(value, Mapping) and value and _WRAPPED.issuperset(value.keys() - {"DataType"}):
            changed = {k: v if k == "DataType" else self.claimed(v, rule, below) for k, v in value.items()}
            return clean, changed if changed != value else value
        if kind in (list, tuple) and (names_account(key) or names_queue(key)):
            changed_items = [
                self.named(item, key, below) if type(item) is str else self.tree(item, below, child)
                for item in value
            ]
            return clean, value if list(value) == changed_items else kind(changed_items)
        return clean, self.tree(value, below, child)

    def _key(self, key: str, place: str) -> str:
        if not self.known.edition and PLAIN_NAME.fullmatch(key):
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
            return self.claimed(value, rule, place)
        if type(value) is int:
            return self.tree(value, place)
        if self.aws:
            if names_account(name) and _ACCOUNT.fullmatch(value):
                return self.swap(value, "account-id", place)
            if names_queue(name):
                value = _QUEUE_ACCOUNT.sub(lambda m: "/" + self.swap(m[1], "account-id", place), value)
        return self.text(value, place)

    # Text -------------------------------------------------------------------------------------------

    def text(self, text: str, place: str, *, binary: bool = False) -> str:
        """Return ``text`` without secrets, whatever it is; the same object where there are none."""
        if len(text) < 4:
            return text
        if len(text) > _CACHED or self.depth > _CACHED_DEPTH:
            return self._text(text, place, binary=binary)
        cache, key = self.known.cache, (text, self.aws)
        cleaned = cache.get(key)
        # What was replaced has to be noted every time; what was left alone has nothing to note.
        if cleaned is None or (cleaned != text and self.notes is not None):
            cleaned = self._text(text, place, binary=binary)
            if len(cache) < _CACHE_SIZE:
                cache[key] = cleaned
        # Equal, but perhaps not identical: callers compare by identity to see that nothing changed.
        return text if cleaned == text else cleaned

    def _text(self, text: str, place: str, *, binary: bool) -> str:
        if self.known.edition:
            whole = self.known.whole(text, self._noting(place))
            if whole is not None:
                return whole
        if not binary and not self.lexicon.always_scan and TRIGGER.search(text) is None:
            return self._known(text, place)
        if self.stand_ins.is_one(text):
            return self.swap(text, self.known.rule_of(text), place)
        if binary or self.depth >= MAX_DEPTH:
            return self.detect(self._known(text, place), place, binary=binary)
        self.depth += 1
        try:
            return self._views(text, place)
        finally:
            self.depth -= 1

    def _known(self, text: str, place: str) -> str:
        return self.known.within(text, self._noting(place)) if self.known.edition else text

    def _noting(self, place: str) -> Note | None:
        if self.notes is None:
            return None
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
        if view is None or len(view.data) < 6:
            return None
        if view.data[:3] == content.GZIP:
            packed = self.data(view.data, place)
            return text if packed is view.data else view.encoded(packed)
        inner = codecs.printable(view.data)
        if inner is None:
            return None
        changed = self.text(inner, place)
        return text if changed is inner else view.encoded(changed.encode("utf-8", "surrogatepass"))

    def _flat(self, text: str, place: str) -> str:
        """Look into prose: known values, URLs, then patterns and base64 in what lies between."""
        beside_key = "AKIA" in text or "ASIA" in text
        if "://" not in text:
            return self._prose(text, place, beside_key)
        text = self.known.spanning_urls(text, self._noting(place))
        pieces, at = [], 0
        for match in URL.finditer(text):
            pieces.append(self._prose(text[at : match.start()], place, beside_key))
            pieces.append(self._url_in_text(match[0], place))
            at = match.end()
        return "".join([*pieces, self._prose(text[at:], place, beside_key)])

    def _prose(self, text: str, place: str, beside_key: bool) -> str:
        if len(text) < 4:
            return text
        text = self.detect(self._known(text, place), place)
        if "=" in text or ":" in text:
            text = self._assignments(text, place)
        if beside_key:
            text = self._apply(_NEAR, text, place)
        if "%" in text:
            text = _ESCAPED.sub(lambda match: self._escaped(match[0], place), text)
        if len(text) >= 20:
            text = _BASE64_RUN.sub(lambda match: self._base64(match[0], place) or match[0], text)
        return text

    def _assignments(self, text: str, place: str) -> str:
        edits: list[tuple[int, int, str]] = []
        for match in ASSIGNMENT.finditer(text):
            rule = self.lexicon.rule(match[1])
            group = match.lastindex or 0
            if rule and not _harmless(match[group]):
                edits.append((*match.span(group), self.secret(match[group], rule, place)))
        return codecs.splice(text, edits) if edits else text

    def _url_in_text(self, url: str, place: str) -> str:
        core = url.rstrip(".,;:!?)]*")
        whole = self.known.whole(core, self._noting(place))
        if whole is not None:
            return whole + url[len(core) :]
        return self.url(core, place) + url[len(core) :]

    def _escaped(self, text: str, place: str) -> str:
        plain = codecs.unquoted(text)
        changed = self.text(plain, place)
        return text if changed == plain else codecs.quoted_like(changed, text)

    def detect(self, text: str, place: str, *, binary: bool = False) -> str:
        """Return ``text`` without what the patterns find; in binary data only those with an anchor."""
        for detector in self.lexicon.binary_detectors if binary else self.lexicon.detectors:
            if any(anchor in text for anchor in detector.anchors):
                text = self._apply(detector, text, place)
        return text

    def _apply(self, detector: Detector, text: str, place: str) -> str:
        edits: list[tuple[int, int, str]] = []
        groups = detector.groups
        for match in detector.pattern.finditer(text):
            for group in groups:
                value = match[group]
                if value:
                    edits.append((*match.span(group), self._matched(value, detector.rule, place)))
        return codecs.splice(text, edits) if edits else text

    def _matched(self, value: str, rule: str, place: str) -> str:
        return self.secret(value, rule, place) if rule in _STRUCTURED else self.swap(value, rule, place)

    # Places with a syntax of their own ------------------------------------------------------------------

    def markup(self, text: str, place: str, plan: Node | None = None) -> str:
        """Return XML or HTML without secrets. ``plan`` speaks of what is below the root element."""
        edits: list[tuple[int, int, str]] = []
        last_text = ""
        for span in codecs.markup_spans(text):
            name = span.path[-1].removeprefix("@") if span.path else ""
            below = place if self.notes is None else ".".join((place, *map(self.clean, span.path[1:])))
            rule = _claim_at(plan, span.path[1:]) if plan is not None else ""
            if not rule and normalised(name) in _VALUE_KEYS and self.lexicon.rule(last_text):
                rule = "name-value-pair"
            if rule:
                new = self.secret(span.value, rule, below)
            else:
                new = self.text(span.value, below) if name == "#" else self.named(span.value, name, below)
            last_text = span.value if normalised(name) in _NAME_KEYS else ""
            if new != span.value:
                edits.append((span.start, span.end, span.encoded(new)))
        return codecs.splice(text, edits) if edits else text

    def query(self, text: str, place: str, claim: str = "") -> str:
        """Return a query string or a form without secrets."""
        edits: list[tuple[int, int, str]] = []
        for span in codecs.query_spans(text):
            name = span.path[0]
            below = place if self.notes is None else f"{place}.{self.clean(name)}"
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
            head = USER_INFO.sub(lambda match: self._user_info(match, place), head)
        head = self._url_head(head, place)
        if query:
            below = place if self.notes is None else f"{place}.query"
            query = self.query(query, below) if "=" in query else self.text(query, below)
        if fragment:
            fragment = self.query(fragment, place) if "=" in fragment else self.text(fragment, place)
        return head + question_mark + query + hash_mark + fragment

    def _url_head(self, head: str, place: str) -> str:
        head = self._known(head, place)
        if "%" in head:
            head = _ESCAPED.sub(lambda match: self._escaped(match[0], place), head)
        return self.detect(head, place)

    def _user_info(self, match: re.Match[str], place: str) -> str:
        if match[4] is not None:
            return f"{match[4]}{self._part(match[5], place)}@"
        return f"{match[1]}{match[2]}:{self._part(match[3], place)}@"

    def _part(self, raw: str, place: str) -> str:
        plain = codecs.unquoted(raw)
        changed = self.secret(plain, "url-password", place)
        return raw if changed == plain else codecs.quoted_like(changed, raw)

    def cookie(self, value: str, place: str, *, only_first: bool) -> str:
        """Return a Cookie or Set-Cookie field with its values replaced; names and attributes stay."""
        pairs = value.split(";")
        for index, pair in enumerate(pairs[:1] if only_first else pairs):
            name, equals, secret = pair.partition("=")
            bare = secret.strip().strip('"')
            if equals and bare:
                below = place if self.notes is None else f"{place}.{self.clean(name.strip())}"
                pairs[index] = f"{name}=" + secret.replace(bare, self.secret(bare, "cookie", below), 1)
        return ";".join(pairs)

    def header(self, name: str, value: str, place: str, claim: str = "") -> str:
        """Return the value of a header field without secrets."""
        rule = claim or self.lexicon.header_rule(name)
        if not rule:
            return self.text(value, place)
        if rule == "cookie":
            return self.cookie(value, place, only_first=normalised(name).startswith("setcookie"))
        if "Credential=" in value and "Signature=" in value:
            return self.detect(value, place)
        return self.secret(value, rule, place)

    def data(self, data: bytes, place: str) -> bytes:
        """Return bytes without secrets: text as text, anything else by patterns and known values."""
        if len(data) < 4:
            return data
        if data[:3] == content.GZIP and self.depth < MAX_DEPTH:
            return self._packed(data, place)
        text, codec = codecs.decode_text(data)
        changed = self.text(text, place, binary=codecs.is_binary(text))
        return data if changed is text or changed == text else changed.encode(codec, "surrogatepass")

    def _packed(self, data: bytes, place: str) -> bytes:
        try:
            inner = content.decode_content(data, "gzip")
        except content.Unreadable:
            return data
        self.depth += 1
        try:
            changed = self.data(inner, place)
        finally:
            self.depth -= 1
        return data if changed is inner else content.encode_content(changed, "gzip", data)


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

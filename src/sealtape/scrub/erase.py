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

from sealtape.scrub import archives, cbor, codecs, company, content
from sealtape.scrub.detectors import ACCOUNT, SCHEME, triggers
from sealtape.scrub.evidence import (
    NAME_KEYS,
    PASSWORDS,
    PROSE_PARENTS,
    VALUE_KEYS,
    normalised,
)
from sealtape.scrub.large import Large
from sealtape.scrub.lexicon import (
    CLAIMS,
    NAMES,
    SPEAKS,
    VALUES,
    describes,
    names_account,
    names_canonical_user,
    names_labels,
    names_queue,
    names_version,
    surely_names_account,
)
from sealtape.scrub.models import Node
from sealtape.scrub.replace import MAX_DEPTH, MOST_REMEMBERED, PLAIN_NAME, REMEMBERED
from sealtape.scrub.wording import is_label, is_opaque, is_plain, is_sentence, is_told

_ACCOUNT = re.compile(ACCOUNT)
_QUEUE_ACCOUNT = re.compile(rf"/{ACCOUNT}(?=/)")
_MAYBE_BASE64 = re.compile(r"\s*[A-Za-z0-9+/_-]{12,}")
_DOTTED = re.compile(r"\d+(?:\.\d+){2,5}")
_CANONICAL = re.compile(r"[0-9a-f]{64}")
_KEY_MATERIAL = re.compile(r"[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{86}==")
_LEAST_ACCOUNT = 10**11
_PAIR_MEMBERS = 32
_SHORT_NUMBER = 7
_WRAPPED = frozenset({"S", "N", "B", "SS", "NS", "BS", "StringValue", "BinaryValue", "Value", "value"})
_CACHED_DEPTH = 3


class Eraser(Large):
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
            if len(node) == 2 and type(node[0]) is str and type(node[1]) is str:
                return self._field(node, place)
            claims = company.arguments(node, self.lexicon)
            changed = [
                self.claimed(value, claims[index], place)
                if index in claims
                else self.tree(value, place, plan)
                for index, value in enumerate(node)
            ]
            same = all(a is b for a, b in zip(node, changed, strict=True))
            return node if same else kind(changed)
        if kind is bytes:
            return self.data(node, place)
        if kind is int:
            return self._number(node, place) if self.known.edition and abs(node) > 99_999 else node
        return self._mapping(node, place, plan) if isinstance(node, Mapping) else node

    def _field(self, node: Any, place: str) -> Any:
        """Look into two texts, which may be a header field: ``["Authorization", "Bearer …"]``."""
        name, value = node
        told = self.lexicon.header_rule(name) and (SCHEME.match(value) or is_opaque(value))
        changed = self.header(name, value, place) if told else self.text(value, place)
        clean = self.text(name, place)
        return node if changed is value and clean is name else type(node)([clean, changed])

    def _mapping(self, node: Mapping[str, Any], place: str, plan: Node | None) -> Any:
        if plan is None and self.says_nothing(tuple(node)):
            return self._unnamed(node, place)
        paired = self._pair_claim(node) if 1 < len(node) <= _PAIR_MEMBERS else ""
        claims = company.claims(node)
        if not self.in_prose and company.holds_labels(node, self.lexicon):
            return self._as_prose(node, place, plan, labels=True)
        changed: dict[str, Any] = {}
        same = True
        for key, value in node.items():
            if plan is None and key not in claims and self._is_silent(key) and self._is_harmless(value):
                changed[key] = value
                continue
            child = plan.child(key) if plan is not None else None
            rule = child.rule if child is not None else ""
            if paired and not rule and normalised(key) in VALUE_KEYS:
                rule = paired
            elif key in claims:
                rule = claims[key]
            clean, new = self._member(key, value, place, child, rule)
            same = same and new is value and clean == key
            changed[clean] = new
        return node if same and len(changed) == len(node) else changed

    def _is_silent(self, name: str) -> bool:
        """Whether a name says nothing about its own value, and holds nothing itself."""
        return not self.lexicon.says(name, aws=self.aws) & ~NAMES and self.is_quiet(name)

    def _is_harmless(self, value: Any) -> bool:
        """Whether a leaf is seen at once to hold nothing, under a name that says nothing of it."""
        kind = type(value)
        if kind is str:
            return len(value) < 4 or value in self.calm or value in self.known.quiet
        return value is None or kind is bool or (kind is int and -100_000 < value < 100_000)

    def says_nothing(self, names: tuple[str, ...], *, spoken: bool = False) -> bool:
        """Whether no name in a mapping claims a value, alone or beside another, or holds anything itself.

        What says only that sentences stand below it counts unless ``spoken``: it takes claims back.
        """
        shape = (self.aws, names)
        shapes = self.known.shapes
        if shape in shapes:
            return True
        paired = 0
        for key in names:
            said = self.lexicon.says(key, aws=self.aws)
            paired |= said
            if said & (CLAIMS if spoken else CLAIMS | SPEAKS) or not self.is_quiet(key):
                return False
        if paired & (NAMES | VALUES) == NAMES | VALUES:
            return False
        if paired & SPEAKS:
            return True
        if len(shapes) < REMEMBERED:
            shapes.add(shape)
        return True

    def _unnamed(self, node: Mapping[str, Any], place: str) -> Any:
        """Return a mapping without the secrets that its values show, given that its names say nothing."""
        known, edits = self.known, {}
        quiet, calm = known.quiet, self.calm
        for key, value in node.items():
            kind = type(value)
            if kind is str:
                if value in quiet or len(value) < 4 or value in calm:
                    continue
            elif value is None or kind is bool or (kind is int and -100_000 < value < 100_000):
                continue
            below = place if self.notes is None else f"{place}.{self.clean(key)}"
            new = self.text(value, below) if kind is str else self.tree(value, below)
            if new is not value:
                edits[key] = new
        return {**node, **edits} if edits else node

    def _member(self, key: str, value: Any, place: str, child: Node | None, rule: str) -> tuple[str, Any]:
        below = place if self.notes is None else f"{place}.{self.clean(key)}"
        clean = self._key(key, below)
        if rule:
            return clean, self.claimed(value, rule, below)
        kind = type(value)
        if kind is str or kind is int:
            return clean, self.named(value, key, below)
        rule = self.lexicon.rule(key)
        if kind is bytes or kind is float:
            claimed = rule and (kind is bytes or len(repr(value)) > _SHORT_NUMBER)
            return clean, self.claimed(value, rule, below) if claimed else self.tree(value, below, child)
        if kind not in (list, tuple, dict) and not isinstance(value, Mapping):
            return clean, value
        if rule and _is_wrapped(value):
            changed = {k: v if k == "DataType" else self.claimed(v, rule, below) for k, v in value.items()}
            return clean, changed if changed != value else value
        if rule and kind in (list, tuple) and all(type(item) is str for item in value):
            strings = kind(
                item if is_sentence(item) else self.claimed(item, rule, f"{below}.*") for item in value
            )
            return clean, strings if strings != value else value
        rule = self.lexicon.group_rule(key)
        if rule:
            return clean, self._below_secret(
                value, rule, below, child, strict=PASSWORDS.search(key) is not None
            )
        if kind in (list, tuple) and (names_account(key) or names_queue(key)):
            items = [
                self.named(item, key, below) if type(item) is str else self.tree(item, below, child)
                for item in value
            ]
            return clean, value if list(value) == items else kind(items)
        labels = names_labels(key)
        if not self.in_prose and (labels or normalised(key) in PROSE_PARENTS):
            return clean, self._as_prose(value, below, child, labels=labels)
        return clean, self.tree(value, below, child)

    def _as_prose(self, node: Any, place: str, plan: Node | None, *, labels: bool) -> Any:
        """Look into what people read: messages about members, labels of fields."""
        self.in_prose, self.in_labels = True, labels
        try:
            return self.tree(node, place, plan)
        finally:
            self.in_prose = self.in_labels = False

    def _below_secret(self, node: Any, rule: str, place: str, plan: Node | None, *, strict: bool) -> Any:
        """Return what stands below a secret name without secrets.

        Members that describe it (``type``, ``expires_in``) stay, as do sentences; and, unless ``strict``,
        plain words and short numbers: ``tokens`` may be those of a language.
        """
        kind = type(node)
        if kind is dict or isinstance(node, Mapping):
            changed: dict[str, Any] = {}
            for key, value in node.items():
                child = plan.child(key) if plan is not None else None
                below = place if self.notes is None else f"{place}.{self.clean(key)}"
                if self.lexicon.rule(key) or (child is not None and child.rule):
                    clean, changed_value = self._member(key, value, place, child, child.rule if child else "")
                    changed[clean] = changed_value
                elif describes(key):
                    changed[self._key(key, below)] = self.tree(value, below, child)
                else:
                    changed[self._key(key, below)] = self._below_secret(
                        value, rule, below, child, strict=strict
                    )
            return changed if changed != node else node
        if kind is list or kind is tuple:
            items = kind(self._below_secret(item, rule, place, plan, strict=strict) for item in node)
            return items if items != node else node
        if kind is str and (len(node) < 4 or node.startswith("arn:") or is_sentence(node)):
            return self.text(node, place)
        harmless = not strict and (kind is int or (kind is str and (is_plain(node) or node.isdecimal())))
        return self.tree(node, place) if harmless else self.claimed(node, rule, place)

    def _number(self, number: int, place: str) -> int:
        text = str(number)
        changed = self.known_in(text, place)
        return int(changed) if changed != text and changed.removeprefix("-").isdecimal() else number

    def _key(self, key: str, place: str) -> str:
        if not self.known.edition and PLAIN_NAME.fullmatch(key) and self.is_quiet(key):
            return key
        return self.text(key, place)

    def _pair_claim(self, node: Mapping[str, Any]) -> str:
        """Return the rule for the value of a ``{Name: …, Value: …}`` pair whose name says secret."""
        for key, value in node.items():
            if type(value) is str and normalised(key) in NAME_KEYS and self._says_secret(key, value, node):
                return "name-value-pair"
        return ""

    def _says_secret(self, key: str, name: str, node: Mapping[str, Any]) -> bool:
        if self.lexicon.rule(name):
            return True
        values = [v for k, v in node.items() if type(v) is str and normalised(k) in VALUE_KEYS]
        if normalised(key) == "keyname":
            return any(_KEY_MATERIAL.fullmatch(value) for value in values)
        return any(self.lexicon.claim(name, value, aws=self.aws) for value in values)

    def named(self, value: Any, name: str, place: str) -> Any:
        """Return a leaf without secrets, given the name that it goes by."""
        leaf = value if type(value) is str else ""
        rule = self.lexicon.claim(name, leaf, aws=self.aws)
        if rule and (is_label(leaf, name) or (self.in_prose and is_told(leaf, alone=self.in_labels))):
            return value
        if rule:
            return self.claimed(value, rule, place)
        if type(value) is int:
            if value > _LEAST_ACCOUNT and surely_names_account(name) and _ACCOUNT.fullmatch(str(value)):
                return int(self.swap(str(value), "account-id", place))
            return self.tree(value, place)
        if len(value) == 64 and names_canonical_user(name) and _CANONICAL.fullmatch(value):
            return self.swap(value, "canonical-user-id", place)
        account = (self.aws and names_account(name)) or surely_names_account(name)
        if account and _ACCOUNT.fullmatch(value):
            return self.swap(value, "account-id", place)
        if names_version(name) and _DOTTED.fullmatch(value):
            return value
        if self.aws and names_queue(name):
            value = _QUEUE_ACCOUNT.sub(lambda m: "/" + self.swap(m[1], "account-id", place), value)
        return self.text(value, place)

    # Text -------------------------------------------------------------------------------------------

    def text(self, text: str, place: str, *, binary: bool = False) -> str:
        """Return ``text`` without secrets, whatever it is; the same object where there are none."""
        if len(text) < 4 or text in self.known.quiet:
            return text
        if len(text) > REMEMBERED or self.depth > _CACHED_DEPTH:
            return text if text in self.calm else self._text(text, place, binary=binary)
        if self.is_quiet(text):
            return text
        cache, key = self.known.cache, (text, self.aws, self.beside_key)
        cleaned = cache.get(key)
        # What was replaced has to be noted every time, and so has a stand-in that stands there already.
        if cleaned is None or (cleaned != text and self.notes is not None):
            touched, self.touched = self.touched, False
            cleaned = self._text(text, place, binary=binary)
            if len(cache) < MOST_REMEMBERED and (cleaned != text or not self.touched):
                cache[key] = cleaned
            self.touched = self.touched or touched
        # Equal, but perhaps not identical: callers compare by identity to see that nothing changed.
        return text if cleaned == text else cleaned

    def _text(self, text: str, place: str, *, binary: bool) -> str:
        if self.known.edition:
            whole = self.known.whole(text, self.noting(place))
            if whole is not None:
                return whole
        if not binary and not self.lexicon.always_scan and not triggers(text):
            return self.known_in(text, place)
        if self.stand_ins.is_one(text):
            return self.swap(text, self.known.rule_of(text), place)
        if binary:
            return self.in_binary(self.known_in(text, place), place)
        if self.is_calm(text):
            return text
        if self.depth >= MAX_DEPTH:
            return self.detect(self.known_in(text, place), place)
        beside_key, in_prose, in_labels = self.beside_key, self.in_prose, self.in_labels
        self.beside_key = beside_key or "AKIA" in text or "ASIA" in text
        self.in_prose = self.in_labels = False
        self.depth += 1
        try:
            return self._views(text, place)
        finally:
            self.depth -= 1
            self.beside_key, self.in_prose, self.in_labels = beside_key, in_prose, in_labels

    def _views(self, text: str, place: str) -> str:
        first = text.lstrip(" \t\r\n")[:1]
        if first in ("{", "["):
            changed = self.document(text, place)
            if changed is not None:
                return changed
            if "\n" in text and first == "{":
                return "".join([self.text(line, place) for line in text.splitlines(keepends=True)])
        elif first == "<" and codecs.looks_like_markup(text):
            return self.markup(text, place)
        elif first == '"' and text.endswith('"'):
            return self._json_string(text, place)
        elif "=" in text and codecs.looks_like_form(text) and not _MAYBE_BASE64.fullmatch(text.rstrip("=")):
            return self.query(text, place)
        if _MAYBE_BASE64.match(text):
            changed_text = self.base64(text, place)
            if changed_text is not None and changed_text != text:
                return changed_text
        return self.flat(text, place)

    def _json_string(self, text: str, place: str) -> str:
        tree = codecs.parse_json(f"[{text}]")
        if tree is None or len(tree) != 1:
            return self.flat(text, place)
        changed = self.text(tree[0], place)
        return text if changed == tree[0] else codecs.splice_json(f"[{text}]", tree, [changed])[1:-1]

    def base64(self, text: str, place: str) -> str | None:
        """Look into base64; None where ``text`` is not base64 of something readable."""
        view = codecs.decode_base64(text)
        if view is None or len(view.data) < 6:
            return None
        inner, codec = codecs.readable_text(view.data)
        if inner is None:
            packed = self._opened(view.data, place)
            if packed is None:
                packed = self._inflated(view.data, place)
            if packed is None:
                return None
            return text if packed is view.data else view.encoded(packed)
        changed = self.text(inner, place)
        return text if changed is inner else view.encoded(changed.encode(codec, "surrogatepass"))

    def data(self, data: bytes, place: str) -> bytes:
        """Return bytes without secrets: text as text, anything else by patterns and known values."""
        if len(data) < 4:
            return data
        opened = self._opened(data, place)
        if opened is not None:
            return opened
        text, codec = codecs.decode_text(data)
        changed = self.text(text, place, binary=codecs.is_binary(text))
        return data if changed is text or changed == text else changed.encode(codec, "surrogatepass")

    def _opened(self, data: bytes, place: str) -> bytes | None:
        """Look into what is packed: gzip, deflate, zip, CBOR; None where ``data`` is none of it."""
        if self.depth >= MAX_DEPTH or len(data) < 6:
            return None
        self.depth += 1
        try:
            coding = content.packing(data)
            if coding:
                return self._packed(data, coding, place)
            if archives.is_archive(data):
                return self._archive(data, place)
            document = cbor.parse(data)
            if document is not None:
                changed = self.tree(document.tree, place)
                return data if changed is document.tree else cbor.rebuilt(data, document, changed)
        finally:
            self.depth -= 1
        return None

    def _packed(self, data: bytes, coding: str, place: str) -> bytes | None:
        try:
            inner = content.decode_content(data, coding)
        except content.Unreadable:
            return None
        changed = self.data(inner, place)
        return data if changed is inner else content.encode_content(changed, coding, data)

    def _inflated(self, data: bytes, place: str) -> bytes | None:
        """Look into bare deflate, as requests of SAML are sent; nothing marks it but that it can be read."""
        inner = content.inflated(data)
        if inner is None or codecs.printable(inner) is None:
            return None
        changed = self.data(inner, place)
        return data if changed is inner else content.encode_content(changed, "deflate", data)

    def _archive(self, data: bytes, place: str) -> bytes | None:
        files = archives.unpacked(data)
        if files is None:
            return None
        changed = {name: self.data(content, place) for name, content in files.items()}
        return data if changed == files else archives.repacked(data, changed)


def _is_wrapped(node: Any) -> bool:
    """Whether a structure says nothing but of which type its value is, as attributes of DynamoDB do."""
    return isinstance(node, Mapping) and bool(node) and _WRAPPED.issuperset(node.keys() - {"DataType"})

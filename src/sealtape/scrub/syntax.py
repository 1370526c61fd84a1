"""Places with a syntax of their own: markup, queries and forms, URLs, cookies and header fields."""

from __future__ import annotations

import re
from abc import abstractmethod
from itertools import takewhile
from typing import Any

from sealtape.scrub import codecs
from sealtape.scrub.detectors import ACCOUNT
from sealtape.scrub.evidence import NAME_KEYS, SIGV4_HEADER, VALUE_KEYS, normalised
from sealtape.scrub.lexicon import VALUES, surely_names_account
from sealtape.scrub.models import Node
from sealtape.scrub.replace import USER_INFO, Replacer
from sealtape.scrub.wording import is_preference

_ACCOUNT = re.compile(ACCOUNT)
_PARAMETER = re.compile(r";([^;=/?#]+)=([^;?#]*)")
_SEGMENT = re.compile(r"[^/]*%[0-9A-Fa-f]{2}[^/]*")
_LONG_RUN = re.compile(r"(?<![A-Za-z0-9+_-])[A-Za-z0-9+_-]{20,}={0,2}")
LIST_VALUES = frozenset({"string", "data"})
"""Elements of a property list that hold what the ``key`` before them names."""

_SAID = frozenset({"password", "passwd", "pass", "pwd", "secret", "token"})
"""What manuals write where the password of an address would stand."""

_OWNERS = frozenset({"Owner", "Initiator", "Grantee"})
_FIELDS = 4096
"""How many header fields are remembered."""

_VALUE_ATTRIBUTES = VALUE_KEYS | {"content"}
_NAME_ATTRIBUTES = frozenset({"name", "id", "key", "property"})


class Syntax(Replacer):
    """Takes each of these apart by its own rules, and puts it together again as it was."""

    __slots__ = ()

    @abstractmethod
    def named(self, value: Any, name: str, place: str) -> Any:
        """Return a leaf without secrets, given the name that it goes by."""

    @abstractmethod
    def flat(self, text: str, place: str) -> str:
        """Return prose without secrets: no view of it as a whole is tried."""

    @abstractmethod
    def known_in(self, text: str, place: str) -> str:
        """Return ``text`` with the known values in it replaced."""

    @abstractmethod
    def base64(self, text: str, place: str) -> str | None:
        """Look into base64; None where ``text`` is not base64 of something readable."""

    @abstractmethod
    def escaped(self, text: str, place: str) -> str:
        """Return percent-encoded text without secrets."""

    @abstractmethod
    def markup_end(self, text: str) -> int:
        """Return up to where markup has to be looked into: 0 where nothing is to be found in it."""

    # Markup -----------------------------------------------------------------------------------------

    def markup(self, text: str, place: str, plan: Node | None = None) -> str:
        """Return XML or HTML without secrets. ``plan`` speaks of what is below the root element."""
        edits: list[tuple[int, int, str]] = []
        end = len(text) if plan is not None else self.markup_end(text)
        if not end:
            return text
        spans = list(takewhile(lambda span: span.start <= end, codecs.markup_spans(text)))
        tags = self._secret_tags(spans)
        paired: tuple[str, ...] | None = None
        for span in spans:
            path = span.path
            name = path[-1].removeprefix("@") if path else ""
            if name == "ID" and path[-2:-1] and path[-2] in _OWNERS:
                name = "CanonicalUser"
            if (
                plan is None
                and paired is None
                and span.tag not in tags
                and not self.lexicon.says(name, aws=self.aws) & ~VALUES
                and self.is_quiet(span.value)
            ):
                continue
            below = place if self.notes is None else ".".join((place, *map(self.clean, path[1:])))
            rule = _claim_at(plan, path[1:]) if plan is not None else ""
            if not rule and (
                _is_value_of(path, paired) or (span.tag in tags and normalised(name) in _VALUE_ATTRIBUTES)
            ):
                rule = "name-value-pair"
            if rule:
                new = self.secret(span.value, rule, below)
            else:
                new = self.text(span.value, below) if name == "#" else self.named(span.value, name, below)
            if normalised(name) in NAME_KEYS:
                paired = path[:-1] if self.lexicon.rule(span.value.strip()) else None
            if new != span.value:
                edits.append((span.start, span.end, span.encoded(new)))
        return codecs.splice(text, edits) if edits else text

    def _secret_tags(self, spans: list[codecs.Span]) -> set[int]:
        """Return the tags one of whose attributes says that another one holds a secret."""
        return {
            span.tag
            for span in spans
            if span.tag >= 0
            and span.path[-1].removeprefix("@").lower() in _NAME_ATTRIBUTES
            and self.lexicon.field_rule(span.value)
        }

    # Queries, forms and URLs --------------------------------------------------------------------------

    def query(self, text: str, place: str, claim: str = "") -> str:
        """Return a query string or a form without secrets."""
        text = self.known_in(text, place)  # a ``+`` is none of theirs here, and a blank below
        edits: list[tuple[int, int, str]] = []
        for span in codecs.query_spans(text):
            name = span.path[0]
            below = place if self.notes is None else f"{place}.{self.clean(name)}"
            new = self.field(span.value, name, below, claim)
            if new != span.value:
                raw = text[span.start : span.end]
                edits.append((span.start, span.end, codecs.quoted_like(new, raw)))
        return codecs.splice(text, edits) if edits else text

    def field(self, value: str, name: str, place: str, claim: str = "") -> str:
        """Return the value of a query, form or multipart field without secrets."""
        rule = claim or self.lexicon.claim(name, value, aws=self.aws, query=True)
        if rule == "access-key-id":
            key, slash, scope = value.partition("/")
            return (self.swap(key, rule, place) if key else key) + slash + scope
        if rule == "sigv4-signature":
            return self.swap(value, rule, place) if len(value) >= 16 else value
        return self.secret(value, rule, place) if rule else str(self.named(value, name, place))

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
        head = self.known_in(head, place)
        pieces, at = [], 0
        for match in _PARAMETER.finditer(head) if ";" in head else ():
            # What was put there is not looked into again: its signs can be those of a path.
            if self.lexicon.claim(match[1], codecs.unquoted(match[2]), aws=self.aws, query=True):
                pieces += [self._path(head[at : match.start()], place), self._parameter(match, place)]
                at = match.end()
        return "".join([*pieces, self._path(head[at:], place)])

    def _path(self, head: str, place: str) -> str:
        if "%" in head:
            head = _SEGMENT.sub(lambda match: self.escaped(match[0], place), head)
        head = _LONG_RUN.sub(lambda match: self.base64(match[0], place) or match[0], head)
        return self.detect(head, place)

    def _parameter(self, match: re.Match[str], place: str) -> str:
        plain = codecs.unquoted(match[2])
        changed = self.field(plain, match[1], place)
        return match[0] if changed == plain else f";{match[1]}={codecs.quoted_like(changed, match[2])}"

    def _user_info(self, match: re.Match[str], place: str) -> str:
        if match[4] is not None:
            return f"{match[4]}{self._part(match[5], place)}@"
        return f"{match[1]}{match[2]}:{self._part(match[3], place)}@"

    def _part(self, raw: str, place: str) -> str:
        plain = codecs.unquoted(raw)
        if plain.lower() in _SAID:
            return raw
        changed = self.secret(plain, "url-password", place)
        return raw if changed == plain else codecs.quoted_like(changed, raw)

    # Header fields ----------------------------------------------------------------------------------

    def cookie(self, value: str, place: str, *, only_first: bool) -> str:
        """Return a Cookie or Set-Cookie field with its values replaced; names and attributes stay."""
        pairs = value.split(";")
        for index, pair in enumerate(pairs[:1] if only_first else pairs):
            name, equals, secret = pair.partition("=")
            bare = secret.strip().strip('"')
            if equals and bare and not is_preference(name.strip(), bare):
                below = place if self.notes is None else f"{place}.{self.clean(name.strip())}"
                pairs[index] = f"{name}=" + secret.replace(bare, self.secret(bare, "cookie", below), 1)
        for index in range(1, len(pairs)) if only_first else ():
            pairs[index] = self.text(pairs[index], place)
        return ";".join(pairs)

    def header_field(self, field: tuple[str, str], place: str, claim: str) -> tuple[str, str]:
        """Return a header field without secrets, the same object where there are none.

        One in which nothing is found, not even a stand-in, is looked into once in an edition.
        """
        seen, key = self.known.fields, (self.aws, field)
        if not claim and key in seen:
            return field
        name, value = field
        self.touched = False
        changed = self.header(name, value, f"{place}.{name}", claim)
        if changed != value:
            return name, changed
        if not claim and not self.touched and len(seen) < _FIELDS:
            seen.add(key)
        return field

    def header(self, name: str, value: str, place: str, claim: str = "") -> str:
        """Return the value of a header field without secrets."""
        rule = claim or self.lexicon.header_rule(name) or self.lexicon.claim(name, value, aws=self.aws)
        if not rule and surely_names_account(name) and _ACCOUNT.fullmatch(value):
            return self.swap(value, "account-id", place)
        if not rule:
            # ``<https://…>; rel="next"`` is no markup.
            whole = self.known.whole(value) if value[:1] == "<" else None
            return self.flat(value, place) if value[:1] == "<" and whole is None else self.text(value, place)
        if rule == "cookie":
            return self.cookie(value, place, only_first=normalised(name).startswith("setcookie"))
        if SIGV4_HEADER.fullmatch(value):
            return self.detect(value, place)
        return self.secret(value, rule, place)


def _is_value_of(path: tuple[str, ...], paired: tuple[str, ...] | None) -> bool:
    """Whether ``path`` is in the value that stands beside a name at ``paired``."""
    return (
        paired is not None
        and len(path) > len(paired)
        and path[: len(paired)] == paired
        and (normalised(path[len(paired)]) in VALUE_KEYS or path[len(paired)] in LIST_VALUES)
    )


def _claim_at(plan: Node, path: tuple[str, ...]) -> str:
    node: Node | None = plan
    for name in path:
        if node is None or node.rule:
            break
        node = node.child(name)
    return node.rule if node is not None else ""

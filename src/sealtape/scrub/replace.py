"""Replacing what is known to be secret as a whole, so that a client can still parse it."""

from __future__ import annotations

import base64
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Set
from typing import Any

from sealtape.scrub import codecs
from sealtape.scrub.detectors import SCHEME, triggers
from sealtape.scrub.known import Known
from sealtape.scrub.lexicon import Lexicon
from sealtape.scrub.placeholders import is_placeholder
from sealtape.scrub.pseudonyms import StandIns

MAX_DEPTH = 16
"""How many views inside of one another are looked into; an encoding costs up to three."""

REMEMBERED, MOST_REMEMBERED = 512, 20_000
"""Up to how many characters a text is remembered, and how many texts."""

URL = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>\\^`{}|]+")
USER_INFO = re.compile(
    r"([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@:]*):([^/?#\s]+)@|([A-Za-z][A-Za-z0-9+.-]*://)([^/?#@:]{16,})@"
)
PLAIN_NAME = re.compile(r"[A-Za-z_$-]{1,40}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_SIGNED_QUERY = re.compile(r"[?&](?:X-Amz-Signature|X-Amz-Algorithm|Signature|X-Goog-Signature)=", re.I)
_ALNUM = re.compile(r"[^\W_]")
_RANDOM_SEGMENT = re.compile(r"(?<=/)(?=[^/?#]*\d)(?=[^/?#]*[A-Za-z])[A-Za-z0-9_~-]{20,}")
_MODEL = frozenset({"model-sensitive", "model-supplement", "model-payload"})
_KEPT_IN_DOCUMENTS = frozenset({"engine", "port", "type", "version"})
_NONE: frozenset[str] = frozenset()
_CONSTANT = frozenset({"sigv4-signature"})
_PARAMETERS = re.compile(r"[A-Za-z_]+ ?=")
_ACCOUNT_DIGITS = 12
_TAGS = frozenset({"$time", "$stream"})

Notes = dict[tuple[str, str], list[Any]]
"""For a place and a stand-in: the rule that put it there first, the value, and how often."""


class Replacer(ABC):
    """One walk over one interaction; ``notes`` is None where nobody asks what was found."""

    __slots__ = (
        "aws",
        "beside_key",
        "calm",
        "depth",
        "in_labels",
        "in_prose",
        "known",
        "lexicon",
        "notes",
        "stand_ins",
        "touched",
    )

    def __init__(
        self,
        lexicon: Lexicon,
        known: Known,
        stand_ins: StandIns,
        notes: Notes | None = None,
        *,
        aws: bool = False,
    ) -> None:
        self.lexicon = lexicon
        self.known = known
        self.stand_ins = stand_ins
        self.notes = notes
        self.aws = aws
        self.depth = 0
        self.beside_key = False
        """Whether the document that is looked into holds an access key id."""
        self.in_prose = False
        """Whether what is looked into are messages to people."""
        self.in_labels = False
        """Whether they are labels of fields, of one word, too."""
        self.calm: Set[str] = _NONE
        """Texts of the document that is looked into in which, by a survey of it, nothing can be found."""
        self.touched = False
        """Whether something was found since this was last set, be it a stand-in that stands there already."""

    def is_quiet(self, text: str) -> bool:
        """Whether nothing can be found in a text, decided by one look at it; remembered for an edition."""
        known = self.known
        quiet = known.quiet
        if len(text) < 4 or text in quiet or text in self.calm:
            return True
        if self.lexicon.always_scan or triggers(text):
            return False
        if known.edition and (known.whole(text) is not None or known.within(text) != text):
            return False
        if len(text) <= REMEMBERED and len(quiet) < MOST_REMEMBERED:
            quiet.add(text)
        return True

    @abstractmethod
    def text(self, text: str, place: str, *, binary: bool = False) -> str:
        """Return ``text`` without the secrets that its content shows."""

    @abstractmethod
    def detect(self, text: str, place: str) -> str:
        """Return ``text`` without what the patterns find."""

    @abstractmethod
    def query(self, text: str, place: str, claim: str = "") -> str:
        """Return a query string without secrets; ``claim`` is a rule that claims all its values."""

    def swap(self, value: str, rule: str, place: str) -> str:
        """Return the stand-in of ``value`` and note it; ``value`` where the rule is turned off."""
        if rule in self.lexicon.off:
            return value
        if rule == "account-id" and len(value) > _ACCOUNT_DIGITS:
            return _grouped(self.swap(value.replace(value[4], ""), rule, place), value[4])
        self.touched = True
        again = self.stand_ins.is_one(value)
        stand_in = self.stand_ins.constant(value) if rule in _CONSTANT else self.stand_ins.of(value)
        if self.notes is not None:
            self._note(rule, place, value, stand_in, again=again)
        return stand_in

    def _note(self, rule: str, place: str, value: str, stand_in: str, *, again: bool = False) -> None:
        self.touched = True
        if self.notes is None:
            return
        entry = self.notes.setdefault((place, stand_in), [rule, value, 0])
        # A stand-in that stands there already was counted when it was put there, if that was now.
        if not again or entry[2] == 0:
            entry[2] += 1

    def secret(self, text: str, rule: str, place: str) -> str:
        """Replace a value that is secret as a whole, keeping what a client parses of it.

        The leaves of a JSON document are replaced one by one, so are the inside of base64, user and
        password of ``user:password``, and what follows an authentication scheme. Booleans, placeholders and
        what has no letter or digit are no secrets. What a model claims keeps ARNs, dates and the hosts of
        URLs.
        """
        if rule in self.lexicon.off:
            return self.text(text, place)
        if self.stand_ins.is_one(text):
            return self.swap(text, rule, place)
        if not _ALNUM.search(text) or is_placeholder(text):
            # A reference may name an account.
            return self.text(text, place) if text.startswith("arn:") else text
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
        if "://" in text and URL.fullmatch(text):
            if rule in _MODEL or USER_INFO.match(text) or _SIGNED_QUERY.search(text):
                return self._secret_url(text, rule, place)
            return None
        if "-----BEGIN " in text:
            changed, found = self._found(self.detect, text, place)
            return changed if found else None
        return None

    def _found(self, look_into: Callable[[str, str], str], text: str, place: str) -> tuple[str, bool]:
        """Return what ``look_into`` makes of a text, and whether it found something, be it a stand-in."""
        touched, self.touched = self.touched, False
        changed = look_into(text, place)
        found = self.touched or changed != text
        self.touched = self.touched or touched
        return changed, found

    def _secret_url(self, text: str, rule: str, place: str) -> str:
        if rule == "model-sensitive" and not _SIGNED_QUERY.search(text):
            head, mark, query = text.partition("?")
            clean, found = self._found(self.text, head, place)
            # Where a pattern knows what is secret in an address, nothing is replaced a second time.
            if not found:
                clean = _RANDOM_SEGMENT.sub(lambda match: self.swap(match[0], rule, place), head)
            return clean + mark + self.query(query, place, rule)
        return self.text(text, place)

    def _secret_document(self, text: str, rule: str, place: str) -> str | None:
        tree = codecs.parse_json(text)
        if tree is None or not tree:
            return None
        return codecs.splice_json(text, tree, self.claimed(tree, rule, place))

    def claimed(self, node: Any, rule: str, place: str) -> Any:
        """Replace every leaf below ``node``; names, booleans and the engine's own words stay."""
        kind = type(node)
        if kind is str:
            return self.secret(node, rule, place)
        if kind is dict or isinstance(node, Mapping):
            kept = _KEPT_IN_DOCUMENTS | _TAGS
            return {
                key: value
                if key in kept and not isinstance(value, (dict, list))
                else self.claimed(value, rule, f"{place}.{self.clean(key)}")
                for key, value in node.items()
            }
        if kind is list or kind is tuple:
            return kind(self.claimed(value, rule, f"{place}.*") for value in node)
        if kind is bytes:
            return self.secret_bytes(node, rule, place)
        if kind is int and abs(node) > 999:
            return int(self.swap(str(node), rule, place))
        if kind is float:
            return _float_like(self.swap(repr(node), rule, place), node)
        return node

    def clean(self, key: str) -> str:
        """Return a name fit for a place: without secrets, and without noting any."""
        if self.notes is None or (PLAIN_NAME.fullmatch(key) and self.is_quiet(key)):
            return key
        notes, self.notes = self.notes, None
        try:
            return self.text(key.rstrip("\0"), "")
        finally:
            self.notes = notes

    def _secret_encoded(self, text: str, rule: str, place: str) -> str | None:
        if (match := SCHEME.match(text)) and rule not in _MODEL:
            rest = text[match.end() :]
            if match[1].lower() in ("aws", "digest", "hawk", "oauth") and _PARAMETERS.match(rest):
                return match[0] + self._parameters(rest, rule, place)
            if match[1].lower() == "aws" and ":" in rest:
                key, _, signature = rest.partition(":")
                parts = self.swap(key, "access-key-id", place), self.swap(signature, "sigv4-signature", place)
                return match[0] + ":".join(parts)
            return match[0] + self.secret(rest, rule, place)
        view = codecs.decode_base64(text) if len(text) >= 12 or text.endswith("=") else None
        inner = codecs.printable(view.data) if view is not None and len(view.data) >= 5 else None
        if view is None or not inner or not inner.strip():
            return None
        user, colon, password = inner.partition(":")
        if colon and password and user.isalnum() and not password.startswith("//"):
            user = user if user.isalpha() and len(user) <= 12 else self.secret(user, rule, place)
            return view.encoded(
                f"{user}:{self.secret(password, rule, place)}".encode("utf-8", "surrogatepass")
            )
        return view.encoded(self.secret(inner, rule, place).encode("utf-8", "surrogatepass"))

    def _parameters(self, text: str, rule: str, place: str) -> str:
        pattern = r"(?i)(\b(?:response|nonce|cnonce|oauth_\w+|mac|id)=\"?)([^\",\s]+)"
        return re.sub(pattern, lambda m: m[1] + self.swap(m[2], rule, place), text)

    def secret_bytes(self, data: bytes, rule: str, place: str) -> bytes:
        """Replace binary data that is secret as a whole; text in it is replaced as text is."""
        if rule in self.lexicon.off:
            return data
        text = codecs.printable(data)
        if text:
            return self.secret(text, rule, place).encode("utf-8", "surrogatepass")
        self.touched = True
        stand_in = self.stand_ins.of_bytes(data)
        if self.notes is not None and data:
            encoded = base64.b64encode(data).decode("ascii")
            self._note(rule, place, encoded, self.stand_ins.of(encoded))
        return stand_in


def _grouped(account: str, separator: str) -> str:
    return separator.join((account[:4], account[4:8], account[8:]))


def _float_like(text: str, value: float) -> float:
    try:
        return float(text)
    except ValueError:
        return value

"""Views into text: what a decoder makes of it, and how to put a change back.

Every view locates values in the text as it came and splices changed ones into it, so that all other
bytes (blanks, order, repeated keys, escapes, number formats) stay exactly as they were; a view in which
nothing changed gives back the same text. None of them raises on bad input: what is not JSON or not
base64 has no such view.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, unquote_plus

_JSON_SCALAR = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?(?:\d[\d.eE+-]*|Infinity)|true|false|null|NaN', re.S)


_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


def decode_text(data: bytes) -> tuple[str, str]:
    """Return the text of ``data`` and the codec that turns it back: UTF-8, UTF-16, else Latin-1."""
    return _decoded(data) or (data.decode("latin-1"), "latin-1")


def _decoded(data: bytes) -> tuple[str, str] | None:
    """Return the text of ``data`` and its codec, None where it is no Unicode."""
    for codec in (_BYTE_ORDER_MARKS.get(data[:2]) or _unmarked(data), "utf-8"):
        try:
            return data.decode(codec), codec
        except UnicodeDecodeError:
            if codec == "utf-8":
                break
    return None


def _unmarked(data: bytes) -> str:
    """Return the codec of a text without byte order mark: in UTF-16 every other byte of most texts is 0."""
    if len(data) < 8 or len(data) % 2 or data[:2].count(0) != 1:
        return "utf-8"
    zeros = data[1::2].count(0), data[::2].count(0)
    if max(zeros) * 10 < len(data) * 4 or min(zeros):
        return "utf-8"
    return "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"


# JSON ---------------------------------------------------------------------------------------------


def _all_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    members = {}
    for name, value in pairs:
        # A repeated name would hide its first value; the mark makes it unique and is cut off again.
        while name in members:
            name += "\0"
        members[name] = value
    return members


def parse_json(text: str, *, unique: bool = False) -> Any:
    """Return the document as a tree that keeps repeated names; None where it is no array or object.

    Where all names of each object are known to be ``unique``, nothing has to be kept.
    """
    if text.lstrip(" \t\r\n")[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text, object_pairs_hook=None if unique else _all_pairs)
    except (ValueError, RecursionError):
        return None


def scalars(node: Any) -> Iterator[Any]:
    """Yield the names and leaves of a tree in the order in which they are written."""
    if isinstance(node, dict):
        for name, value in node.items():
            yield name
            yield from scalars(value)
    elif isinstance(node, list):
        for value in node:
            yield from scalars(value)
    else:
        yield node


def splice_json(text: str, old: Any, new: Any) -> str:
    """Return ``text``, the source of ``old``, with the scalars in which ``new`` differs put in."""
    pieces, at = [], 0
    for token, before, after in zip(_JSON_SCALAR.finditer(text), scalars(old), scalars(new), strict=True):
        if before is after or before == after:
            continue
        if isinstance(after, str):
            after = json.dumps(after.rstrip("\0"), ensure_ascii=token[0].isascii())
        pieces += [text[at : token.start()], str(after)]
        at = token.end()
    return "".join([*pieces, text[at:]])


# XML and HTML -------------------------------------------------------------------------------------

_MARKUP = re.compile(
    r"<!--(?P<comment>.*?)(?:-->|\Z)|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|<!ENTITY\s+(?:%\s+)?(?P<entity>[\w.:-]+)\s+(?:\"(?P<is>[^\"]*)\"|'(?P<was>[^']*)')\s*>|<[?!](?P<other>[^>\[]*)[>\[]"
    r"|<(?P<close>/)?(?P<name>[A-Za-z_][\w.-]*(?::[\w.-]+)*)(?=[\s/>])(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.S,
)
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.:-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>`]+?)(?=\s|/?\Z))")
_LOOKS_LIKE_MARKUP = re.compile(r"\s*<(?:[?!]|[A-Za-z_][\w.-]*(?::[\w.-]+)*(?=[\s/>]))[^>]*>")
_MAX_NESTING = 200


class Span(NamedTuple):
    """A value in a text: where it stands, under which names, and what it says when decoded.

    Attributes of one tag have its position as ``tag``. ``quotes`` are escaped where they were.
    """

    path: tuple[str, ...]
    start: int
    end: int
    value: str
    raw: bool = False
    tag: int = -1
    quotes: bool = False

    def encoded(self, value: str) -> str:
        """Return ``value`` as it has to be written at this place."""
        if self.raw:
            return value
        return html.escape(value, quote=self.quotes or (bool(self.path) and self.path[-1].startswith("@")))


def looks_like_markup(text: str) -> bool:
    """Whether ``text`` starts with a complete tag, as XML and HTML do: ``<https://…>`` is none."""
    return _LOOKS_LIKE_MARKUP.match(text) is not None


def markup_spans(text: str) -> Iterator[Span]:
    """Yield the text nodes, CDATA sections, comments and attribute values of XML or HTML.

    This only locates them: no entity is expanded beyond the numeric and predefined ones, no document
    type is read, and a document that is not well-formed is still looked into to its end.
    """
    path: list[str] = []
    at = 0
    for match in _MARKUP.finditer(text):
        if match.start() > at:
            yield from _text_span(text, at, match.start(), path)
        at = match.end()
        if match.lastgroup == "rest":
            if "=" in match["rest"]:
                yield from _tag_spans(match, path)
            else:
                _follow(match, path)
        elif match["cdata"] is not None:
            yield Span(tuple(path), match.start("cdata"), match.end("cdata"), match["cdata"], raw=True)
        elif match["entity"] is not None:
            group = "was" if match["is"] is None else "is"
            yield Span((*path, "@" + match["entity"]), *match.span(group), html.unescape(match[group]))
        else:
            group = "other" if match["comment"] is None else "comment"
            yield Span((*path, "#"), *match.span(group), match[group], raw=True)
    if at < len(text):
        yield from _text_span(text, at, len(text), path)


def _text_span(text: str, start: int, end: int, path: list[str]) -> Iterator[Span]:
    raw = text[start:end]
    if not raw.isspace():
        plain = html.unescape(raw) if "&" in raw else raw
        yield Span(tuple(path), start, end, plain, quotes="&quot;" in raw)


def _follow(match: re.Match[str], path: list[str]) -> None:
    """Go where a tag without attributes leads: below its element, or out of it."""
    close, name, rest = match.group("close", "name", "rest")
    name = name.rpartition(":")[2]
    if close:
        if name in path:
            while path.pop() != name:
                pass
    elif len(path) < _MAX_NESTING and not rest.endswith("/"):
        path.append(name)


def _tag_spans(match: re.Match[str], path: list[str]) -> Iterator[Span]:
    if match["close"]:
        _follow(match, path)
        return
    name = match["name"].rpartition(":")[2]
    if len(path) < _MAX_NESTING:
        path.append(name)
    rest, offset = match["rest"], match.start("rest")
    for attribute in _ATTRIBUTE.finditer(rest):
        group = attribute.lastindex or 0
        place = (*path, "@" + attribute[1].rpartition(":")[2])
        start, end = attribute.span(group)
        yield Span(place, offset + start, offset + end, html.unescape(attribute[group]), tag=match.start())
    if rest.endswith("/") and path and path[-1] == name:
        path.pop()


def splice(text: str, edits: list[tuple[int, int, str]]) -> str:
    """Return ``text`` with the stretches of ``edits`` (in order, apart) replaced."""
    pieces, at = [], 0
    for start, end, new in edits:
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


# Query strings and forms --------------------------------------------------------------------------

_FORM = re.compile(
    r"[\w.~*%+\[\]$:-]{1,256}=[^\s&\"'<>{}]*(?:&[\w.~*%+\[\]$:-]{1,256}(?:=[^\s&\"'<>{}]*)?)*&?"
)
_SETTING = re.compile(r";[A-Za-z][A-Za-z ]*=|==[^&=]")
_PAIR = re.compile(r"([^&;=]*)=([^&]*)|([^&]+)")


def looks_like_form(text: str) -> bool:
    """Whether ``text`` as a whole is ``name=value&name=value``, and no list of settings, no requirement."""
    return _FORM.fullmatch(text) is not None and _SETTING.search(text) is None


def query_spans(text: str) -> Iterator[Span]:
    """Yield the values of a query string or form under their decoded names, and names without one."""
    for match in _PAIR.finditer(text):
        if match[3] is None:
            yield Span((unquote_plus(match[1]),), match.start(2), match.end(2), unquote_plus(match[2]))
        else:
            yield Span(("",), match.start(3), match.end(3), unquote_plus(match[3]))


_LOWER_ESCAPE = re.compile(r"%(?:[0-9][a-f]|[a-f][0-9a-f])")


def quoted_like(value: str, sample: str) -> str:
    """Return ``value`` percent-encoded in the style of ``sample``, which it replaces."""
    literal = "".join({char for char in sample if not char.isalnum() and char not in "%+ "})
    encoded = quote(value, safe=literal, errors="surrogatepass")
    if "+" in sample:
        encoded = encoded.replace("%20", "+")
    if _LOWER_ESCAPE.search(sample):
        encoded = re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    return encoded


def unquoted(text: str) -> str:
    """Return ``text`` without percent-encoding; ``+`` stays."""
    return unquote(text, errors="surrogateescape")


# Base64 -------------------------------------------------------------------------------------------

_BASE64_TEXT = re.compile(r"[A-Za-z0-9+/_\s-]+={0,2}\s*")
_STANDARD = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Base64View:
    """What a base64 text decodes to, and the manner in which it was written."""

    data: bytes
    urlsafe: bool
    padded: bool
    width: int
    newline: str
    tail: str

    def encoded(self, data: bytes) -> str:
        """Return ``data`` in the same alphabet, padding and line width."""
        text = (base64.urlsafe_b64encode if self.urlsafe else base64.b64encode)(data).decode("ascii")
        if not self.padded:
            text = text.rstrip("=")
        if self.width:
            text = self.newline.join(text[i : i + self.width] for i in range(0, len(text), self.width))
        return text + self.tail


def decode_base64(text: str) -> Base64View | None:
    """Return the view of a text that as a whole is base64: standard or URL-safe, wrapped or not."""
    if _BASE64_TEXT.fullmatch(text) is None:
        return None
    body = text.rstrip("\r\n")
    tail = text[len(body) :]
    newline = "\r\n" if "\r\n" in body else "\n"
    lines = body.split(newline)
    compact = "".join(lines)
    padded = compact.rstrip("=")
    urlsafe = "-" in compact or "_" in compact
    if (
        any(c in compact for c in " \t\r\n")
        or len(padded) % 4 == 1
        or (urlsafe and ("+" in compact or "/" in compact))
    ):
        return None
    try:
        data = binascii.a2b_base64(padded.encode("ascii").translate(_STANDARD) + b"=" * (-len(padded) % 4))
    except (binascii.Error, ValueError):
        return None
    width = len(lines[0]) if len(lines) > 1 else 0
    view = Base64View(data, urlsafe, len(compact) % 4 == 0, width, newline, tail)
    # A text that this view would write differently is not one that a decoder wrote.
    return view if view.encoded(data) == text else None


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROLS = bytes(_CONTROL.match(chr(code)) is not None for code in range(256))
_SHORT = 512


def printable(data: bytes) -> str | None:
    """Return ``data`` as text where it is text that a person could have written, else None."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if is_binary(text) else text


def readable_text(data: bytes) -> tuple[str | None, str]:
    """Return ``data`` as text that a person could have written, else None, and its codec: UTF-8 or UTF-16."""
    text, codec = _decoded(data) or (None, "latin-1")
    return (None if text is None or is_binary(text) else text), codec


PRINTABLE_RUN = re.compile(r"[\t\r\n\x20-\x7e]{12,}")
"""A stretch of binary data in which a person could read something."""


_READABLE = bytes(code in b"\t\r\n" or 0x20 <= code <= 0x7E for code in range(256))
_LEAST = b"\1" * 12


def readable(text: str) -> str:
    """Return what can be read in the text of binary data, run after run, with a NUL between them.

    What is there several times stands in it once.
    """
    try:
        mapped = text.encode("latin-1").translate(_READABLE)
    except UnicodeEncodeError:
        return "\0".join(dict.fromkeys(PRINTABLE_RUN.findall(text)))
    runs: dict[str, None] = {}
    start = mapped.find(_LEAST)
    while start >= 0:
        end = mapped.find(b"\0", start)
        end = len(mapped) if end < 0 else end
        runs[text[start:end]] = None
        start = mapped.find(_LEAST, end)
    return "\0".join(runs)


def is_binary(text: str) -> bool:
    """Whether decoded bytes hold control characters, as images and archives do and texts do not."""
    if len(text) <= _SHORT:
        return _CONTROL.search(text) is not None
    return b"\1" in text.encode("latin-1", "replace").translate(_CONTROLS)

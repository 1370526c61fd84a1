"""What can be seen of a sealed cassette without its key: its rows, its clear words, and most
damage.

`inspect` accepts exactly the files that are laid out as `sealtape.seal.format` specifies, and
raises the error that names what is wrong with any other. Whether the bytes are authentic takes the
key.
"""

from __future__ import annotations

import binascii
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sealtape.errors import (
    CassetteConflicted,
    CassetteMalformed,
    CassetteTampered,
    CassetteTooNew,
    CassetteTruncated,
)
from sealtape.seal import primitives
from sealtape.seal.content import canonical

FORMAT = 1
CIPHER = "aes-siv-cmac-512"
MAGIC = b'{"sealtape":'
SEALED = b'"sealed":"'
ROW_END = b'"}'
TAG_CHARS = 8
END_OPENING = b'{"end":'
MAC_OPENING = b',"mac":"'
MAC_TAIL_BYTES = len(MAC_OPENING) + 44 + len(b'"}\n')

_VERSION = re.compile(rb'\{"sealtape":([1-9][0-9]{0,8})(?:,"needs":"([0-9a-z.]{1,20})")?[,}]')
_HEADER_MEMBERS = ["sealtape", "cipher", "key", "cassette", "name", "sealed"]
_ROW_MEMBERS = (["sealed"], ["id", "status", "scrubbed", "sealed"])
_END = re.compile(rb'\{"end":(0|[1-9][0-9]{0,8}),"tags":"([A-Za-z0-9+/]*)","mac":"([A-Za-z0-9+/]{43}=)"\}')
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")
_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.MULTILINE)
_SHOWABLE = re.compile(r"[!-~][ -~]{0,119}")


@dataclass(frozen=True, slots=True)
class ClearRow:
    """What one row says without the key.

    ``id`` is the request's label (``sts.AssumeRole``), ``status`` the HTTP status, or the name of
    the exception where no response came; ``scrubbed`` counts the removed values by rule. They are
    ``""``, None and empty where the words are hidden. ``position`` counts, from 1, among the rows
    with this id. ``tag`` is equal for equal rows of one cassette, also between two versions of the
    file. ``sealed_bytes`` is the size of the sealed part.
    """

    id: str
    position: int
    status: int | str | None
    scrubbed: Mapping[str, int]
    tag: str
    sealed_bytes: int


@dataclass(frozen=True, slots=True)
class ClearCassette:
    """What a sealed cassette says without the key. None of it is authenticated."""

    format: int
    cipher: str
    key_id: str
    cassette_id: str
    name: str
    rows: tuple[ClearRow, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """The clear words of a header row."""

    key_id: str
    cassette_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One row split in two: the raw bytes before the sealed part, and the sealed part in base64."""

    clear: bytes
    sealed: bytes = field(repr=False)
    words: Mapping[str, object]

    @property
    def tag(self) -> bytes:
        """What the end row lists for this row: the beginning of its synthetic IV."""
        return self.sealed[:TAG_CHARS]

    @property
    def id(self) -> str:
        """The row's own word for itself if it can be shown, else an empty string."""
        word = self.words.get("id")
        return word if isinstance(word, str) and _SHOWABLE.fullmatch(word) else ""


@dataclass(frozen=True, slots=True)
class Layout:
    """A cassette taken apart: the header as a row and in words, the rows, and what the end row
    lists."""

    header_row: Row
    header: Header
    rows: tuple[Row, ...]
    listed: tuple[bytes, ...]


def read_clear(data: bytes, *, where: str) -> ClearCassette:
    """Return what ``data`` says without the key, or raise what `unseal` would raise for what can be
    seen.

    ``where`` names the file in errors. A cassette that passes may still have been tampered with by
    someone who took care; only `unseal` tells.
    """
    layout = inspect(data, where)
    refuse_wrong_order(layout, where)
    counts: Counter[object] = Counter()
    rows = []
    for row in layout.rows:
        words = row.words
        counts[words.get("id")] += 1
        rows.append(
            ClearRow(
                id=str(words.get("id", "")),
                position=counts[words.get("id")],
                status=words.get("status"),  # type: ignore[arg-type]  # checked by _row_words
                scrubbed=words.get("scrubbed", {}),  # type: ignore[arg-type]  # likewise
                tag=row.tag.decode("ascii"),
                sealed_bytes=_decoded_bytes(row.sealed),
            )
        )
    header = layout.header
    return ClearCassette(FORMAT, CIPHER, header.key_id, header.cassette_id, header.name, tuple(rows))


def inspect(data: bytes, where: str) -> Layout:
    """Return ``data`` taken apart, or raise the error that names what is wrong with its layout."""
    _refuse_other_files(data, where)
    *lines, rest = data.split(b"\n")
    if lines and lines[0].endswith(b"\r"):
        raise _crlf(where)
    ended = [at for at, line in enumerate(lines) if line.startswith(END_OPENING)]
    if ended and (ended[0] < len(lines) - 1 or rest):
        raise tampered(
            f"{where} line {ended[0] + 2}",
            "this line follows the end row",
            where,
            why="something was appended, or two cassettes were joined",
        )
    if rest or not lines:
        raise _truncated(where, "its last row is cut")
    headed = header_of(lines[0])
    if headed is None:
        raise _edited_row(f"{where} header row", where)
    body = lines[1:-1] if ended else lines[1:]
    rows = []
    for number, line in enumerate(body, 1):
        row = _row(line)
        if row is None:
            # A last line that is no row is a broken end row, not a row too many.
            if number == len(body) and not ended:
                raise _edited_end(where)
            raise _edited_row(f"{where} row {number}", where)
        rows.append(row)
    if not ended:
        raise _truncated(where, "its end row is missing")
    return Layout(*headed, tuple(rows), _listed(lines[-1], where))


def header_of(line: bytes) -> tuple[Row, Header] | None:
    """Return the header row ``line`` as a row and in words, or None where it is not one of format
    1."""
    row = _split(line)
    if row is None or list(row.words) != _HEADER_MEMBERS:
        return None
    words = row.words
    key_id, cassette_id, name = words["key"], words["cassette"], words["name"]
    if (
        type(words["sealtape"]) is not int
        or words["sealtape"] != FORMAT
        or words["cipher"] != CIPHER
        or not isinstance(key_id, str)
        or not re.fullmatch("[0-9a-f]{16}", key_id)
        or not isinstance(cassette_id, str)
        or not re.fullmatch("[0-9a-f]{32}", cassette_id)
        or not isinstance(name, str)
    ):
        return None
    return row, Header(key_id, cassette_id, name)


def refuse_wrong_order(layout: Layout, where: str, opens: Callable[[Row], bool] | None = None) -> None:
    """Raise `CassetteTampered` naming the first row that is not the one which the end row lists.

    ``opens`` tells whether a row was sealed for this cassette; without it less can be said.
    """
    rows = (layout.header_row, *layout.rows)
    there, listed = [row.tag for row in rows], list(layout.listed)
    if there == listed:
        return
    at = next(
        (at for at, pair in enumerate(zip(there, listed, strict=False)) if pair[0] != pair[1]),
        min(len(there), len(listed)),
    )
    if at >= len(there):
        raise _missing_row(at, where, len(listed) - 1)
    spot, tag = spot_of(rows[at], at, where), there[at]
    surplus, missing = Counter(there) - Counter(listed), Counter(listed) - Counter(there)
    if surplus[tag] and tag in listed:
        other = there.index(tag) if there.index(tag) != at else there.index(tag, at + 1)
        raise tampered(spot, "this row is repeated", where, why=f"row {other} is the same")
    if surplus[tag]:
        raise tampered(spot, "this row is not one that was sealed here", where, why=_origin(rows[at], opens))
    if missing[listed[at]]:
        raise _missing_row(at, where, len(listed) - 1)
    raise tampered(spot, "this row is out of its order", where, why="rows were moved")


def _missing_row(number: int, where: str, count: int) -> CassetteTampered:
    return tampered(
        f"{where} row {number}", "this row is missing", where, why=f"{count} rows were sealed here"
    )


def _origin(row: Row, opens: Callable[[Row], bool] | None) -> str:
    if opens is None:
        return "it was edited, or comes from elsewhere"
    if opens(row):
        return "it comes from another version of this cassette"
    return "it was edited, or comes from another cassette"


def restore_hint(where: str) -> str:
    """Return the command that brings back what was committed."""
    return f"git checkout -- {shlex.quote(where)}"


def tampered(spot: str, what: str, where: str, *, why: str = "") -> CassetteTampered:
    """Return the error for damage at ``spot`` in the file ``where``."""
    return CassetteTampered(what, where=spot, why=why, hint=restore_hint(where))


def spot_of(row: Row, number: int, where: str) -> str:
    """Return how an error names ``row``, which is the header for ``number`` 0."""
    if not number:
        return f"{where} header row"
    return f"{where} row {number} ({row.id})" if row.id else f"{where} row {number}"


def _refuse_other_files(data: bytes, where: str) -> None:
    """Raise for a file that is no cassette of this format at all, most telling reason first."""
    if not data:
        raise _truncated(where, "the file is empty")
    if _CONFLICT.search(data):
        raise CassetteConflicted(
            "this cassette holds merge-conflict markers",
            where=where,
            why="two recordings of it were merged, and sealed rows cannot be merged by hand",
            hint=f"git checkout --theirs -- {shlex.quote(where)} (or --ours), then run its test",
        )
    version = _VERSION.match(data)
    if version and int(version[1]) > FORMAT:
        needs = f"sealtape {version[2].decode()} or later" if version[2] else "a later sealtape"
        raise CassetteTooNew(
            f"this cassette has format {int(version[1])}",
            where=where,
            why=f"this version reads up to format {FORMAT}; it needs {needs}",
            hint="pip install -U sealtape",
        )
    if MAGIC.startswith(data[: len(MAGIC)]) and len(data) < len(MAGIC):
        raise _truncated(where, "its header row is cut")
    if not data.startswith(MAGIC):
        raise CassetteMalformed(
            "this file is not a cassette",
            where=where,
            why=f"a cassette begins with {MAGIC.decode()}",
            hint=restore_hint(where),
        )


def _row(line: bytes) -> Row | None:
    row = _split(line)
    return row if row is not None and _row_words(row.words) else None


def _split(line: bytes) -> Row | None:
    """Return ``line`` as a row, or None where it is not the one canonical text of a row."""
    mark = line.find(SEALED)
    if mark < 0 or not line.endswith(ROW_END):
        return None
    sealed = line[mark + len(SEALED) : -len(ROW_END)]
    if not _is_base64(sealed) or _decoded_bytes(sealed) <= primitives.SIV_BYTES:
        return None
    # Only the clear words are parsed: they are short whatever the body's size.
    text = line[:mark] + SEALED + ROW_END
    try:
        words = json.loads(text)
        if not isinstance(words, dict) or canonical(words).encode("ascii") != text:
            return None
    except (ValueError, RecursionError):
        return None
    return Row(line[:mark], sealed, words)


def _is_base64(text: bytes) -> bool:
    """Whether ``text`` is base64 in its one spelling; nothing as large as it is made for the answer."""
    if len(text) % 4 or not _BASE64.fullmatch(text):
        return False
    last = text[-4:]
    return binascii.b2a_base64(binascii.a2b_base64(last), newline=False) == last


def _decoded_bytes(base64: bytes) -> int:
    return len(base64) // 4 * 3 - base64.count(b"=", -2)


def _row_words(words: Mapping[str, object]) -> bool:
    if list(words) not in _ROW_MEMBERS:
        return False
    if len(words) == 1:
        return True
    scrubbed, status = words["scrubbed"], words["status"]
    return (
        isinstance(words["id"], str)
        and isinstance(status, int | str)
        and not isinstance(status, bool)
        and isinstance(scrubbed, dict)
        and list(scrubbed) == sorted(scrubbed)
        and all(type(count) is int and count > 0 for count in scrubbed.values())
    )


def _listed(line: bytes, where: str) -> tuple[bytes, ...]:
    end = _END.fullmatch(line)
    if end is None or len(end[2]) != TAG_CHARS * (int(end[1]) + 1):
        raise _edited_end(where)
    tags = end[2]
    return tuple([tags[at : at + TAG_CHARS] for at in range(0, len(tags), TAG_CHARS)])


def _truncated(where: str, why: str) -> CassetteTruncated:
    return CassetteTruncated("this cassette is not whole", where=where, why=why, hint=restore_hint(where))


def _crlf(where: str) -> CassetteTampered:
    file = shlex.quote(where)
    return CassetteTampered(
        "the line ends of this cassette were converted to CRLF",
        where=where,
        why="git or an editor treated it as text",
        hint=f"echo '*.tape -text' >> .gitattributes && rm {file} && git checkout -- {file}",
    )


def _edited_row(spot: str, where: str) -> CassetteTampered:
    return tampered(spot, "this row was edited", where, why="it is not laid out as a sealed row is")


def _edited_end(where: str) -> CassetteTampered:
    return tampered(
        f"{where} end row",
        "the end row was edited",
        where,
        why="it is not laid out as an end row is",
    )

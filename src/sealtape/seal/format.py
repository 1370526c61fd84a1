"""The cassette file, format 1: this page is its specification.

**Lines.** A cassette is UTF-8 text, in fact ASCII, in lines that end with LF (0x0a), the last one
too: one header row, one row per interaction in the order of recording, one end row. Every line is
one JSON object in its *canonical text*: members in the order given here, no white space, and
strings in which ``"`` and ``\\`` are escaped by a backslash, the controls 08 09 0a 0c 0d as ``\\b
\\t \\n \\f \\r``, and everything else outside 0x20–0x7e as ``\\u`` and four lower-case hex digits
(surrogate pairs beyond U+FFFF). ASCII keeps invisible and direction-changing characters out of what
a reviewer reads. *Base64* is the standard alphabet, padded, unused bits zero. Nothing in a file is
a date: recording the same answers again gives the same file. ::

    {"sealtape":1,"cipher":"aes-siv-cmac-512","key":KEY,"cassette":ID,"name":NAME,"sealed":BASE64}
    {"id":ID,"status":STATUS,"scrubbed":{RULE:COUNT,…},"sealed":BASE64}
    {"end":COUNT,"tags":TAGS,"mac":BASE64}

**Header row.** ``key``: the id of the project's key, 16 hex digits (`sealtape.seal.keyring`).
``cassette``: 16 random bytes in lower-case hex, drawn when the file first comes into being and kept
for its life. ``name``: where the file lies, relative to the project, with ``/`` and without
``.tape``. ``sealed``: the *facts* of the whole cassette, an object: ``seed``, 32 hex digits, and
``start``, ISO 8601, under which the test was recorded; ``regions``, an object that gives the AWS
region of each profile by a keyed digest of its name; and ``additions``, an object that gives for each
AWS operation the names of headers (and after ``?`` of query members) that the SDK added to its requests,
separated by spaces, with ``?`` behind those that not every request had; each may be absent.

**Rows.** ``id``: the request's label, ``SERVICE.OPERATION`` or ``METHOD HOST/PATH``, in which parts of
the path that could be tokens are ``…``. ``status``:
the response's status as a number, or the failure's kind as a string. ``scrubbed``: how many values
each rule removed, rules in code point order, counts above zero. Or, with hidden clear words,
``sealed`` alone. A row does not hold its number: it depends on nothing but its interaction, the
cassette id and the key. One changed interaction therefore changes one row, one added anywhere adds
one row, and equal interactions of one cassette (polls) are equal rows; the end row binds their
order and number.

**Keys.** K is HKDF-SHA256 over the 32 bytes of the project's key, salt the 16 bytes of the cassette
id, info ``sealtape/1/cassette``, 96 bytes. K[0:64] is the key of AES-SIV (RFC 5297,
AEAD_AES_SIV_CMAC_512), K[64:96] that of HMAC-SHA256. So rows of different cassettes never look
alike or open in each other's place, and nothing needs a nonce.

**Sealed parts.** AES-SIV over a frame, with one string of associated data: the line's own raw bytes
before ``"sealed":``, thus the clear words of the row, or the whole header in front of it. The
16-byte synthetic IV comes first, as the RFC has it. A frame is, in network byte order::

    1 byte    encoding: 0
    4 bytes   length of the head
    8 bytes   length of the request's body
    …         head: canonical JSON text, but with members sorted by code point everywhere
    …         the request's body, raw
    …         the response's body, raw, to the end of the frame

The head of the header row is the facts. The head of an interaction has three members:

- ``aws``: ``service``, ``operation``, ``parameters``, ``streams`` (whether the request has a body
  at all), ``region``, ``caller``, ``protocol``; or ``http``: ``method``, ``url``, ``headers``;
- ``response``: ``status``, ``reason``, ``headers``, and where the connection failed before the body
  had ended ``broken``, the kind of that failure, ``stays``, true, for the last state of a wait, which
  answers again, ``version`` where that is not HTTP/1.1 (11), and ``url`` where the client followed redirects
  out of sight; or ``failure``: ``kind``, ``message``;
- ``removals``: a list of ``[rule, place, stand_in, digest, length, count]``.

``headers`` is one flat list: name, value, name, value. In ``parameters`` and facts, bytes are
``{"$bytes": BASE64}`` and floats that are not finite ``{"$float": "nan"|"inf"|"-inf"}``; an object
of a single member whose name is ``bytes`` or ``float`` after one or more ``$`` is written with one
``$`` more. (Inside values, that is: the objects ``parameters`` and facts themselves are never
tags.)

**End row.** ``end``: the number of rows between header and end. ``tags``: the first 8 base64
characters of ``sealed`` of the header and of every row, run together; they are there only so that
damage can be named, also without the key. ``mac``: HMAC-SHA256 over all bytes of the file before
``,"mac":``. It covers raw bytes so that nothing is parsed, and no row opened, before the whole file
is known to be the one that was sealed, and so that there is no second spelling of the same
cassette.

**Reading.** Every deviation is refused, in this order: empty, merge-conflict markers, a later
format, no cassette, CRLF, cut, layout; another key; damage to a row, to their order, to the end
row; another name. A frame encoding, a fact, or a member of a head that is not listed above, in an
authentic file, was written by a later version: *too new*, never ignored. A later format begins with
``{"sealtape":N,"needs":"VERSION"``, where VERSION is the first sealtape that reads it. What the MAC
cannot show is an older version of the whole file put back; that is what the git history is for.

**What it reveals** without the key: everything in clear words, the length of each interaction,
which rows of one cassette are equal, and which rows changed between two versions of the file.

**Bodies** of every size stand in their row, raw in the frame. Measured on two cores with cryptography
50, a cassette with one body of 1, 10 and 50 MB of random bytes beside a small row:

========================================================  ==========  ==========  ==========
what                                                            1 MB       10 MB       50 MB
========================================================  ==========  ==========  ==========
the file                                                      1.3 MB     13.3 MB     66.7 MB
sealing, MB/s of body; at its height 3.0 times the body          288         290         183
opening, MB/s of body; at its height 2.0 times, then once        375         366         244
``sealtape lint``                                             0.32 s      0.39 s      1.12 s
``sealtape review`` of a commit that changed the small row    0.65 s      1.00 s      3.68 s
``git diff`` of that commit                                   0.02 s      0.13 s      0.96 s
========================================================  ==========  ==========  ==========

- *Beside the cassette, by content*, would spare git nothing that lasts. Eleven versions of the 10 MB
  cassette, each with another small row, are 10.1 MB once packed (10.0 MB with the body in a file of its own)
  and the last of them is 1 KB to push: the large row is the same bytes, and git stores it as a delta. Until
  ``git gc`` they are 114 MB of loose objects (10 MB), and ``git diff`` shows the unchanged large row where it
  stands within three lines of a changed one. Against that stands what a second file costs: a cassette could
  be half there, and every rename, rotation, acceptance and revision would be of several files.
- *Deflated*, text would be a fifth as long, but an interaction would no longer be the same row everywhere:
  the output of zlib differs between its implementations and their versions. And zlib takes 58 MB/s of what
  does not shrink, a fifth of the speed of all of sealing.
"""

from __future__ import annotations

import binascii
import gc
import re
import secrets
import shlex
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec

from sealtape.errors import CassetteMisnamed, CassetteTampered, CassetteTooNew, KeyWrong, UsageError
from sealtape.interaction import Failure, Recording, Scrubbed, Sealed, Tree
from sealtape.seal import content, primitives, structure
from sealtape.seal.keyring import Key
from sealtape.seal.structure import (
    CIPHER,
    END_OPENING,
    FORMAT,
    MAC_OPENING,
    MAC_TAIL_BYTES,
    ROW_END,
    SEALED,
    TAG_CHARS,
    ClearCassette,
    ClearRow,
    Layout,
    Row,
    read_clear,
)

__all__ = ["ClearCassette", "ClearRow", "new_cassette_id", "read_clear", "seal", "unseal"]

_MARK = len(SEALED)
_FACTS = ("seed", "start", "regions", "additions")
_TABLES = ("regions", "additions")
_TAIL = len(ROW_END)
_BASE64 = msgspec.json.Decoder(bytes)
"""Reads a JSON string in base64, quotation marks and all, at twice the speed of binascii."""


@dataclass(frozen=True, slots=True, repr=False)
class _CassetteKeys:
    """What one cassette is sealed with."""

    cipher: primitives.Cipher
    mac: bytes


def new_cassette_id() -> str:
    """Return a fresh cassette id: 16 random bytes in hex."""
    return secrets.token_hex(16)


def seal(recording: Recording, key: Key, *, clear: bool = True) -> Sealed:
    """Return the cassette file of ``recording``: the same recording and key give the same bytes.

    Without ``clear`` the rows carry no clear words. Raise `UsageError` for a cassette id that
    `new_cassette_id` would not return.
    """
    if not re.fullmatch("[0-9a-f]{32}", recording.cassette_id):
        raise UsageError("a cassette id is 32 hex digits", where=recording.name)
    keys = _cassette_keys(key, recording.cassette_id)
    header = {
        "sealtape": FORMAT,
        "cipher": CIPHER,
        "key": key.id,
        "cassette": recording.cassette_id,
        "name": recording.name,
    }
    facts: dict[str, Tree] = {name: getattr(recording, name) for name in _FACTS if getattr(recording, name)}
    lines = [_line(keys, header, content.pack_facts(facts))]
    lines += [
        _line(keys, _clear_words(row) if clear else {}, content.pack(row)) for row in recording.interactions
    ]
    tags = b"".join(_tag(line) for line in lines)
    lines.append(_end(len(lines) - 1, tags))
    lines.append(_mac_tail(keys, lines))
    return Sealed(b"".join(lines))


def unseal(
    data: bytes | list[bytes], key: Key, *, where: str, name: str | None = None, retired: bool = False
) -> Recording:
    """Return the recording in ``data``, every byte of which is authenticated first.

    ``data`` are the bytes of a file, whole or in blocks of whole lines: such a list is used up, so that
    little is held both sealed and open. ``where`` names the file in errors; ``name`` is what the cassette
    should be bound to, if that matters. A cassette that was sealed with a key before ``key`` opens with that
    one; with a ``retired`` one only if that is asked for, as it is for what git's history holds. Raise
    `CassetteTruncated`, `CassetteConflicted`, `CassetteMalformed`, `CassetteTampered`, `CassetteTooNew`,
    `KeyWrong` or `CassetteMisnamed`, naming file, row and remedy; never anything else.
    """
    blocks = data if isinstance(data, list) else [data]
    first = blocks[0].find(b"\n") if blocks else 0
    headed = structure.header_of(blocks[0][:first]) if first > 0 else None
    if headed is None:
        _refuse_damage(b"".join(blocks), key, where)
    header = headed[1]
    key = key.named(header.key_id, retired=retired)
    keys = _cassette_keys(key, header.cassette_id)
    if not _mac_holds(blocks, keys):
        _refuse_damage(b"".join(blocks), key, where)
    facts = _facts(keys, headed[0], where)
    with collector_paused():
        interactions = _open(blocks, first + 1, keys, where)
    if name is not None and _normal(name) != _normal(header.name):
        raise CassetteMisnamed(
            f"this cassette is bound to the name {header.name!a}",
            where=where,
            why=f"it lies where {name!a} belongs: it was renamed or copied",
            hint=f"sealtape mv {shlex.quote(header.name + '.tape')} {shlex.quote(where)}",
        )
    return Recording(header.cassette_id, header.name, interactions, **facts)


def _cassette_keys(key: Key, cassette_id: str) -> _CassetteKeys:
    derived = key.derive("cassette", salt=bytes.fromhex(cassette_id), length=96)
    split = primitives.CIPHER_KEY_BYTES
    return _CassetteKeys(primitives.cipher(derived[:split]), derived[split:])


def _clear_words(row: Scrubbed) -> dict[str, object]:
    outcome = row.interaction.outcome
    return {
        "id": row.interaction.request.label,
        "status": outcome.kind if isinstance(outcome, Failure) else outcome.status,
        "scrubbed": dict(sorted(row.scrubbed_counts.items())),
    }


def _line(keys: _CassetteKeys, words: dict[str, object], frame: bytes) -> bytes:
    clear = content.canonical({**words, "sealed": ""}).encode("ascii")[: -len('"sealed":""}')]
    sealed = primitives.encrypt(keys.cipher, frame, clear)
    del frame  # of a large body no more is held than what the next step takes
    text = binascii.b2a_base64(sealed, newline=False)
    del sealed
    return b"".join((clear, SEALED, text, ROW_END, b"\n"))


def _tag(line: bytes) -> bytes:
    start = line.index(SEALED) + len(SEALED)
    return line[start : start + TAG_CHARS]


def _end(count: int, tags: bytes) -> bytes:
    return b'%b%d,"tags":"%b"' % (END_OPENING, count, tags)


def _mac_tail(keys: _CassetteKeys, parts: Iterable[bytes | memoryview]) -> bytes:
    """Return how a file ends whose bytes before its MAC are ``parts``."""
    mac = binascii.b2a_base64(primitives.mac(keys.mac, parts), newline=False)
    return MAC_OPENING + mac + b'"}\n'


def _mac_holds(blocks: Sequence[bytes], keys: _CassetteKeys) -> bool:
    *others, last = blocks
    tail = _mac_tail(keys, [*others, memoryview(last)[:-MAC_TAIL_BYTES]])
    return primitives.equal(tail, last[-MAC_TAIL_BYTES:])


def _open(blocks: list[bytes], start: int, keys: _CassetteKeys, where: str) -> tuple[Scrubbed, ...]:
    """Return the interactions of a file whose MAC holds; each block is let go of when it has been read."""
    cipher, decode = keys.cipher, _BASE64.decode
    decrypt, unpack = primitives.decrypt, content.unpack
    interactions: list[Scrubbed] = []
    last = len(blocks) - 1
    for number, block in enumerate(blocks):
        blocks[number] = b""
        view = memoryview(block)  # slicing bytes would copy every large body once more
        end = block.rfind(b"\n", 0, -1) + 1 if number == last else len(block)
        while start < end:
            mark = block.index(SEALED, start)
            stop = block.index(b"\n", mark)
            # Not named: of a large body the sealed bytes go before its own are made.
            frame = decrypt(cipher, decode(view[mark + _MARK - 1 : stop - _TAIL + 1]), block[start:mark])
            try:
                if frame is None:
                    raise content.NotUnderstood
                interactions.append(unpack(frame))
            except content.NotUnderstood:
                row = f"{where} row {len(interactions) + 1}"
                raise _too_new(row, "the content of this row") from None
            start = stop + 1
        start = 0
    return tuple(interactions)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking, over and over, a growing heap that has no cycles.

    What was made meanwhile is then counted among the old without being walked even once: all of it is held
    by what is made of it. Both together save some microseconds an interaction.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            if not gc.get_freeze_count():  # else the project, or Python 3.12, has some that would thaw too
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def _facts(keys: _CassetteKeys, header_row: Row, where: str) -> dict[str, Any]:
    """Return what holds for the whole cassette; raise `CassetteTooNew` for what is not known here."""
    frame = _opened(keys, header_row)
    try:
        facts = None if frame is None else content.unpack_facts(frame)
    except content.NotUnderstood:
        facts = None
    unknown = None if facts is None else sorted(facts.keys() - set(_FACTS))
    if facts is None or unknown or not all(map(_is_fact, facts, facts.values())):
        raise _too_new(f"{where} header row", ", ".join(unknown) if unknown else "what the header holds")
    return facts


def _is_fact(name: str, value: Tree) -> bool:
    if name in _TABLES:
        return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())
    return isinstance(value, str)


def _opened(keys: _CassetteKeys, row: Row) -> bytes | None:
    return primitives.decrypt(keys.cipher, binascii.a2b_base64(row.sealed), row.clear)


def _refuse_damage(data: bytes, key: Key, where: str) -> NoReturn:
    """Raise the error that names why ``data``, which did not pass, did not pass."""
    layout = structure.inspect(data, where)
    header = layout.header
    keys = _cassette_keys(key, header.cassette_id)
    if header.key_id != key.id:
        _refuse_other_key(data, layout, key, where)
    rows = (layout.header_row, *layout.rows)
    # With the rows' own tags in it the MAC holds: then it is the end row that was changed.
    lines = data.splitlines(keepends=True)[:-1]
    end = _end(len(layout.rows), b"".join(row.tag for row in rows))
    if not data.endswith(_mac_tail(keys, [*lines, end])):
        structure.refuse_wrong_order(layout, where, lambda row: _opened(keys, row) is not None)
        for number, row in enumerate(rows):
            if _opened(keys, row) is None:
                raise _edited(row, number, where)
    raise structure.tampered(
        f"{where} end row", "the end row was edited", where, why="its MAC does not fit the rows"
    )


def _refuse_other_key(data: bytes, layout: Layout, key: Key, where: str) -> NoReturn:
    header = layout.header
    mended = data.replace(header.key_id.encode(), key.id.encode(), 1)
    if _mac_holds([mended], _cassette_keys(key, header.cassette_id)):
        raise _edited(layout.header_row, 0, where)
    if any(old.key.id == header.key_id for old in key.older):
        raise KeyWrong(
            "this cassette was sealed with a retired key",
            where=where,
            why=f"all cassettes were sealed anew when {header.key_id} was rotated, so this one is older, "
            "or made by somebody who kept that key",
            hint=f"{structure.restore_hint(where)}, or delete it and record it: pytest --record-mode=once",
        )
    raise KeyWrong(
        "this cassette was sealed with another key",
        where=where,
        why=f"it names the key {header.key_id}, and the key at hand is {key.id}",
        hint=f"export SEALTAPE_KEY=… with the key {header.key_id}",
    )


def _edited(row: Row, number: int, where: str) -> CassetteTampered:
    return structure.tampered(
        structure.spot_of(row, number, where),
        "this row was edited",
        where,
        why="its clear words and its sealed part do not belong together",
    )


def _too_new(spot: str, subject: str) -> CassetteTooNew:
    return CassetteTooNew(
        "this cassette was written by a later version",
        where=spot,
        why=f"{subject} cannot be read by this one",
        hint="pip install -U sealtape",
    )


def _normal(name: str) -> str:
    # macOS hands file names back decomposed.
    return unicodedata.normalize("NFC", name)

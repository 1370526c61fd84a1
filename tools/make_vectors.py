"""Make ``tests/vectors``: sealed cassettes, good and bad, and what a reader must say of each.

::

    python tools/make_vectors.py           writes the files that are missing; changes none
    python tools/make_vectors.py --check   fails if a file is not what this version would make

The files are frozen: a released format stays readable, so an existing one is never written again. They
are sealed with the key in ``cassettes/SAMPLE_KEY``. ``expected.json`` holds, for a good file, the whole
content (bodies and other bytes as ``{"base64": …}``); for a bad one, the class of the error, the place
that it names after the file, and the error that reading without the key gives (null: none).
"""

from __future__ import annotations

import base64
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

from sealtape.interaction import (
    AwsRequest,
    Failure,
    HttpRequest,
    Interaction,
    Recording,
    Removal,
    Response,
    Scrubbed,
)
from sealtape.seal import Key, content, format, parse_key, seal, structure

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "vectors"
XML = (("Content-Type", "text/xml"),)

ASSUME = Scrubbed(
    Interaction(
        AwsRequest(
            "sts",
            "AssumeRole",
            {"RoleArn": "arn:aws:iam::000000000001:role/deploy", "RoleSessionName": "ci"},
            region="eu-central-1",
            caller="caller-1",
            protocol="query",
        ),
        Response(200, "OK", XML, b"<AssumeRoleResponse/>"),
    ),
    (
        Removal("aws-account", "request.parameters.RoleArn", "000000000001", "1f" * 16, 12),
        Removal("aws-secret", "response.body.SecretAccessKey", "stand-in", "2e" * 16, 40, 2),
    ),
)
UPLOAD = Scrubbed(
    Interaction(
        AwsRequest(
            "s3",
            "PutObject",
            {
                "Bucket": "artifacts",
                "Body": {"$stream": True},
                "SSECustomerKey": b"\x00\xff\x10",
                "Metadata": {"$bytes": "not a tag"},
                "Weird": [float("inf"), {"$$float": [1.5, -7, None, True]}],
            },
            bytes(range(256)),
            "us-east-1",
            "caller-1",
            "rest-xml",
        ),
        Response(200, "OK", (("ETag", '"0cc175b9"'),), b""),
    )
)
POLL = Scrubbed(
    Interaction(
        AwsRequest("ecs", "DescribeTasks", {"tasks": ["a"]}, protocol="json"),
        Response(200, "OK", (), b'{"tasks":[{"lastStatus":"PENDING"}]}'),
    )
)
DONE = Scrubbed(
    Interaction(POLL.interaction.request, Response(200, "OK", (), b'{"tasks":[{"lastStatus":"RUNNING"}]}'))
)
BUILD = Scrubbed(
    Interaction(
        HttpRequest(
            "POST",
            "https://api.example.com:8443/builds/ü?token=stand-in",
            (("Accept", "*/*"), ("X-Tag", "a"), ("X-Tag", "b")),
            b'{"n": 1}',
        ),
        Response(201, "Created", (("Content-Encoding", "gzip"),), b"\x1f\x8b\x08\x00not really"),
    ),
    (Removal("http-query", "request.url.token", "stand-in", "3d" * 16, 20),),
)
BROKEN = Scrubbed(
    Interaction(HttpRequest("GET", "https://example.com/slow"), Failure("ReadTimeout", "timed out after 5 s"))
)


START = "2026-01-31T12:00:00.250000+00:00"


def recording(name: str, *rows: Scrubbed) -> Recording:
    """Return the recording called ``name``, whose cassette id is made from its name."""
    return Recording(name.encode().hex().ljust(32, "0")[:32], f"tests/vectors/{name}", rows)


def good_files(key: Key) -> dict[str, tuple[bytes, Recording]]:
    """Return the good files: name, bytes, content."""
    files = {}
    for made, clear in (
        (recording("empty"), True),
        (recording("aws", ASSUME, UPLOAD), True),
        (recording("http", BUILD, BROKEN), True),
        (recording("polls", POLL, POLL, DONE, POLL), True),
        (recording("hidden", ASSUME, BUILD), False),
        (recording("prüfung", BUILD), True),
        (dataclasses.replace(recording("inputs", POLL), seed="5eed" * 8, start=START), True),
    ):
        # The name is not ASCII, the file's is: zip files and checkouts on other systems mangle those.
        file = f"{made.name.removeprefix('tests/vectors/').replace('ü', 'ue')}.tape"
        files[file] = (seal(made, key, clear=clear).data, made)
    return files


def bad_files(key: Key) -> dict[str, tuple[bytes, dict[str, object]]]:
    """Return the bad files: name, bytes, and what is expected of a reader."""
    made = recording("bad", ASSUME, POLL, BUILD)
    data = seal(made, key).data
    lines = data.splitlines(keepends=True)
    older = seal(dataclasses.replace(made, interactions=(ASSUME, DONE, BUILD)), key).data.splitlines(True)
    other = seal(recording("other", ASSUME, POLL, BUILD), key).data.splitlines(True)

    def laid(*order: int) -> bytes:
        return b"".join(lines[at] for at in order)

    tampered, row_2 = "CassetteTampered", "row 2 (ecs.DescribeTasks)"
    conflict = [
        *lines[:2],
        b"<<<<<<< ours\n",
        lines[2],
        b"=======\n",
        older[2],
        b">>>>>>> theirs\n",
        *lines[3:],
    ]
    table: dict[str, tuple[bytes, str, str, str | None]] = {
        "no-bytes": (b"", "CassetteTruncated", "", "CassetteTruncated"),
        "cut-in-a-row": (data[:600], "CassetteTruncated", "", "CassetteTruncated"),
        "no-end-row": (laid(0, 1, 2, 3), "CassetteTruncated", "", "CassetteTruncated"),
        "no-last-line-feed": (data[:-1], "CassetteTruncated", "", "CassetteTruncated"),
        "row-removed": (laid(0, 1, 3, 4), tampered, "row 2", tampered),
        "row-repeated": (laid(0, 1, 2, 2, 3, 4), tampered, "row 3 (ecs.DescribeTasks)", tampered),
        "rows-swapped": (laid(0, 2, 1, 3, 4), tampered, "row 1 (ecs.DescribeTasks)", tampered),
        "row-older": (b"".join([*lines[:2], older[2], *lines[3:]]), tampered, row_2, tampered),
        "row-of-another": (b"".join([*lines[:2], other[2], *lines[3:]]), tampered, row_2, tampered),
        "clear-word-edited": (data.replace(b'"status":201', b'"status":200'), tampered, "row 3", None),
        "header-edited": (data.replace(b"vectors/bad", b"vectors/evil"), tampered, "header row", None),
        "end-row-older": (b"".join([*lines[:4], older[4]]), tampered, row_2, tampered),
        "mac-edited": (data[:-10] + b"AAAAAA" + data[-4:], tampered, "end row", None),
        "appended": (data + b"{}\n", tampered, "line 6", tampered),
        "joined": (data + data, tampered, "line 6", tampered),
        "crlf": (data.replace(b"\n", b"\r\n"), tampered, "", tampered),
        "duplicate-member": (data.replace(b'{"id"', b'{"id":"x","id"', 1), tampered, "row 1", tampered),
        "deep": (lines[0] + b"[" * 5000 + b"\n" + laid(2, 3, 4), tampered, "row 1", tampered),
        "conflict": (b"".join(conflict), "CassetteConflicted", "", "CassetteConflicted"),
        "later-format": (b'{"sealtape":2,"needs":"3.1"}\n', "CassetteTooNew", "", "CassetteTooNew"),
        "later-fact": (_later(key, {"seed": 7}, 0), "CassetteTooNew", "header row", None),
        "later-encoding": (_later(key, {}, 1), "CassetteTooNew", "row 1", None),
        "yaml": (b"interactions:\n- request: {}\n", "CassetteMalformed", "", "CassetteMalformed"),
        "other-key": (seal(made, Key(b"Another key: hides nothing too!!")).data, "KeyWrong", "", None),
        "renamed": (seal(recording("original", POLL), key).data, "CassetteMisnamed", "", None),
    }
    return {
        f"bad-{name}.tape": (damaged, {"error": error, "where": where, "without_key": without_key})
        for name, (damaged, error, where, without_key) in table.items()
    }


def _later(key: Key, facts: dict[str, Any], encoding: int) -> bytes:
    """Return a file of format 1 as a later version could seal it."""
    cassette_id = "ab" * 16
    keys = format._cassette_keys(key, cassette_id)
    header = {
        "sealtape": 1,
        "cipher": structure.CIPHER,
        "key": key.id,
        "cassette": cassette_id,
        "name": "later",
    }
    frame = bytes([encoding]) + content.pack(POLL)[1:]
    lines = [format._line(keys, header, content.pack_facts(facts)), format._line(keys, {}, frame)]
    lines.append(format._end(1, b"".join(map(format._tag, lines))))
    return b"".join([*lines, format._mac_tail(keys, lines)])


_LATER = frozenset(("additions", "regions", "stays", "url", "version"))
"""Members that files have had since the frozen ones, which leave them out where they say nothing."""


def plain(value: Any) -> Any:
    """Return ``value`` (a recording or a part of one) as JSON."""
    if dataclasses.is_dataclass(value):
        members = {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
        usual = {item.name: item.default for item in dataclasses.fields(value)}
        silent = {name for name in _LATER & usual.keys() if members[name] in (usual[name], {})}
        return {name: plain(item) for name, item in members.items() if name not in silent}
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return {"float": repr(value)}
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def vectors() -> dict[str, bytes]:
    """Return every file of ``tests/vectors``: name and bytes."""
    key = parse_key((ROOT / "cassettes" / "SAMPLE_KEY").read_text(encoding="utf-8"))
    good, bad = good_files(key), bad_files(key)
    expected = {
        "key": key.id,
        "good": {file: plain(made) for file, (_, made) in good.items()},
        "bad": {file: told for file, (_, told) in bad.items()},
    }
    text = json.dumps(expected, indent=1, sort_keys=True) + "\n"
    files = {file: data for file, (data, _) in [*good.items(), *bad.items()]}
    return {**files, "expected.json": text.encode("ascii")}


def main(arguments: list[str]) -> int:
    """Write the missing vectors, or compare all of them; return the exit code."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    differing = []
    for file, data in vectors().items():
        path = FOLDER / file
        if path.exists() and path.read_bytes() == data:
            continue
        if arguments == ["--check"] or (path.suffix == ".tape" and path.exists()):
            differing.append(file)
        else:
            path.write_bytes(data)
            print(f"wrote {path.relative_to(ROOT)}")
    for file in differing:
        print(f"{file} is not what this version makes; a frozen vector is never changed", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

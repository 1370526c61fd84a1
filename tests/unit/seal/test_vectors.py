"""The frozen files of tests/vectors: read by sealtape, and by a reader that shares nothing with it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import sealtape
from sealtape import errors
from sealtape.seal import Key, parse_key, read_clear, seal, unseal

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "tests" / "vectors"
EXPECTED = json.loads((VECTORS / "expected.json").read_text(encoding="ascii"))
KEY_TEXT = (ROOT / "cassettes" / "SAMPLE_KEY").read_text(encoding="ascii").strip()


# --- a second implementation, written from the specification in sealtape.seal.format ---


def independent_reader(data: bytes, key_text: str) -> dict[str, Any]:
    """Return the content of a cassette of format 1 as tests/vectors/expected.json writes it."""
    secret = base64.urlsafe_b64decode(key_text.removeprefix("sealtape1_"))
    assert secret[32:] == hashlib.sha256(b"sealtape key 1" + secret[:32]).digest()[:4]

    def derived(label: bytes, salt: bytes | None, length: int) -> bytes:
        return HKDF(hashes.SHA256(), length, salt, label).derive(secret[:32])

    *lines, nothing = data.split(b"\n")
    assert nothing == b""
    header, end = json.loads(lines[0]), json.loads(lines[-1])
    assert header["sealtape"] == 1
    assert header["key"] == derived(b"sealtape/1/id", None, 8).hex()
    keys = derived(b"sealtape/1/cassette", bytes.fromhex(header["cassette"]), 96)
    mac = hmac.HMAC(keys[64:], hashes.SHA256())
    mac.update(data[: data.rindex(b',"mac":')])
    mac.verify(base64.b64decode(end["mac"]))
    assert end["end"] == len(lines) - 2
    assert end["tags"] == "".join(json.loads(line)["sealed"][:8] for line in lines[:-1])

    def opened(line: bytes) -> tuple[Any, bytes, bytes]:
        clear = line[: line.index(b'"sealed":')]
        frame = AESSIV(keys[:64]).decrypt(base64.b64decode(json.loads(line)["sealed"]), [clear])
        head, sent = int.from_bytes(frame[1:5], "big"), int.from_bytes(frame[5:13], "big")
        assert frame[0] == 0
        middle = 13 + head + sent
        return json.loads(frame[13 : 13 + head]), frame[13 + head : middle], frame[middle:]

    def tree(value: Any) -> Any:
        if isinstance(value, list):
            return [tree(item) for item in value]
        if not isinstance(value, dict):
            return value
        name = next(iter(value), "")
        if len(value) == 1 and name.lstrip("$") in ("bytes", "float") and name.startswith("$"):
            if name.startswith("$$"):
                return {name[1:]: tree(value[name])}
            return {"base64" if name == "$bytes" else "float": value[name]}
        return {key: tree(item) for key, item in value.items()}

    def pairs(flat: list[str]) -> list[list[str]]:
        return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]

    def interaction(line: bytes) -> dict[str, Any]:
        head, sent, received = opened(line)
        bodies = [{"base64": base64.b64encode(body).decode()} for body in (sent, received)]
        if "aws" in head:
            streams = head["aws"].pop("streams")
            parameters = {name: tree(value) for name, value in head["aws"]["parameters"].items()}
            request = {**head["aws"], "parameters": parameters, "body": bodies[0] if streams else None}
        else:
            request = {**head["http"], "headers": pairs(head["http"]["headers"]), "body": bodies[0]}
        if "response" in head:
            headers = pairs(head["response"]["headers"])
            outcome = {"broken": "", **head["response"], "headers": headers, "body": bodies[1]}
        else:
            outcome = head["failure"]
        names = ("rule", "place", "stand_in", "digest", "length", "count")
        removals = [dict(zip(names, removal, strict=True)) for removal in head["removals"]]
        return {"interaction": {"request": request, "outcome": outcome}, "removals": removals}

    facts, *bodies = opened(lines[0])
    assert bodies == [b"", b""]
    rows = [interaction(line) for line in lines[1:-1]]
    made = {"cassette_id": header["cassette"], "name": header["name"], "interactions": rows}
    return {**made, "seed": "", "start": "", **facts}


# --- and what it and sealtape make of the frozen files ---


@pytest.fixture(scope="module")
def sample_key() -> Key:
    return parse_key(KEY_TEXT)


@pytest.mark.parametrize("file", EXPECTED["good"])
def test_an_independent_reader_opens_a_good_file(file: str) -> None:
    assert independent_reader((VECTORS / file).read_bytes(), KEY_TEXT) == EXPECTED["good"][file]


@pytest.mark.parametrize("file", EXPECTED["good"])
def test_a_good_file_opens_and_seals_to_the_same_bytes(file: str, sample_key: Key) -> None:
    data = (VECTORS / file).read_bytes()
    recording = unseal(data, sample_key, where=file, name=EXPECTED["good"][file]["name"])
    assert seal(recording, sample_key, clear=file != "hidden.tape").data == data
    clear = read_clear(data, where=file)
    assert clear.key_id == EXPECTED["key"] == sample_key.id
    assert len(clear.rows) == len(recording.interactions) == len(EXPECTED["good"][file]["interactions"])


@pytest.mark.parametrize("file", EXPECTED["bad"])
def test_a_bad_file_is_refused_by_name(file: str, sample_key: Key) -> None:
    expected = EXPECTED["bad"][file]
    name = "tests/vectors/bad-renamed" if expected["error"] == "CassetteMisnamed" else None
    with pytest.raises(getattr(errors, expected["error"])) as caught:
        unseal((VECTORS / file).read_bytes(), sample_key, where=file, name=name)
    assert caught.value.where == f"{file} {expected['where']}".rstrip()
    assert caught.value.hint


@pytest.mark.parametrize("file", EXPECTED["bad"])
def test_what_can_be_seen_of_a_bad_file_without_the_key_is_seen(file: str) -> None:
    data, error = (VECTORS / file).read_bytes(), EXPECTED["bad"][file]["without_key"]
    if error is None:
        assert read_clear(data, where=file).format == 1
    else:
        with pytest.raises(getattr(errors, error)):
            read_clear(data, where=file)


def test_every_vector_is_expected_and_there() -> None:
    files = {path.name for path in VECTORS.glob("*.tape")}
    assert files == {*EXPECTED["good"], *EXPECTED["bad"]}


def test_the_tool_makes_the_frozen_files() -> None:
    source = str(Path(sealtape.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "make_vectors.py"), "--check"],
        env={"PYTHONPATH": source},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from sealtape.errors import CassetteMalformed, ResidueFound, UsageError
from sealtape.importing import sealing
from sealtape.importing.sealing import seal_into
from sealtape.interaction import HttpRequest, Interaction, Recording, Response, Scrubbed
from sealtape.library import Library

SECRET = "hunter2" + "-Qw8xZ4tLm"
TOKEN = "tok-" + "5f0c9c1be7a84d25b3a1"


def exchange(body: bytes, *headers: tuple[str, str], sent: bytes = b"") -> Interaction:
    request = HttpRequest("POST", "https://api.example.com/login", (("X-Api-Key", SECRET),), sent)
    return Interaction(request, Response(200, "OK", headers, body))


def test_secrets_are_gone_and_said(tmp_path: Path, library: Library) -> None:
    source = exchange(b"you are " + SECRET.encode(), ("Set-Cookie", f"sid={TOKEN}"))
    imported = seal_into(tmp_path / "a.tape", [source], library, "a.yaml")
    assert imported.outcome == "new"
    assert {removal.rule for removal in imported.secrets} >= {"api-key", "cookie"}
    opened = repr(asdict(library.read(tmp_path / "a.tape")))
    assert SECRET not in opened
    assert TOKEN not in opened


@pytest.mark.parametrize("value", ["DUMMY", "[FILTERED]", "<token>", "***REDACTED***", "fake"])
def test_a_placeholder_of_the_tool_that_recorded_is_no_secret_to_be_revoked(
    tmp_path: Path, library: Library, value: str
) -> None:
    headers = (("X-Api-Key", value), ("Authorization", f"Bearer {value}"))
    source = Interaction(HttpRequest("GET", "https://a.example.com/", headers), Response(200))
    assert seal_into(tmp_path / "a.tape", [source], library, "a.yaml").secrets == ()


def test_importing_again_changes_nothing(tmp_path: Path, library: Library) -> None:
    target = tmp_path / "a.tape"
    sources = [exchange(b"one"), exchange(b"two")]
    seal_into(target, sources, library, "a.yaml")
    before = target.read_bytes()
    assert seal_into(target, sources, library, "a.yaml").outcome == "same"
    assert target.read_bytes() == before


def test_a_cassette_that_holds_something_else_is_not_overwritten(tmp_path: Path, library: Library) -> None:
    target = tmp_path / "a.tape"
    seal_into(target, [exchange(b"one")], library, "a.yaml")
    before = target.read_bytes()
    with pytest.raises(UsageError, match="nothing was overwritten"):
        seal_into(target, [exchange(b"two")], library, "a.yaml")
    assert target.read_bytes() == before


def test_a_trial_writes_nothing(tmp_path: Path, library: Library) -> None:
    assert seal_into(tmp_path / "a.tape", [exchange(b"one")], library, "a.yaml", write=False).outcome == "new"
    assert list(tmp_path.iterdir()) == []


def test_what_scrubbing_cannot_remove_refuses_the_write(tmp_path: Path, library: Library) -> None:
    headers = (("Content-Encoding", "x-unknown"), ("Authorization", f"Bearer {SECRET}"))
    with pytest.raises(ResidueFound):
        seal_into(tmp_path / "a.tape", [exchange(b"\x00" + SECRET.encode(), *headers)], library, "a.yaml")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"access_token": TOKEN, "again": [TOKEN], "n": 1}).encode(),
        gzip.compress(json.dumps({"access_token": TOKEN, "text": "a" * 99}).encode(), mtime=0),
        f"<r><Password>{SECRET}</Password></r>".encode(),
        json.dumps({"access_token": TOKEN, "coded": b64encode(f"is {TOKEN}".encode()).decode()}).encode(),
        f"access_token={TOKEN}&again=%22{TOKEN}%22".encode(),
    ],
    ids=["json", "gzip", "xml", "base64", "form"],
)
def test_a_scrubbed_body_passes_for_the_one_it_was(tmp_path: Path, library: Library, body: bytes) -> None:
    coding = [("Content-Encoding", "gzip")] if body[:2] == b"\x1f\x8b" else []
    headers = (*coding, ("Content-Length", str(len(body))))
    imported = seal_into(tmp_path / "a.tape", [exchange(body, *headers, sent=body)], library, "a.yaml")
    assert imported.secrets


def _without_last(recording: Recording) -> Recording:
    return replace(recording, interactions=recording.interactions[:-1])


def _changed(recording: Recording, change: Callable[[Interaction], Interaction]) -> Recording:
    first, *others = recording.interactions
    return replace(
        recording,
        interactions=(Scrubbed(change(first.interaction), first.removals), *others),
    )


def _other_body(found: Interaction) -> Interaction:
    assert isinstance(found.outcome, Response)
    return replace(found, outcome=replace(found.outcome, body=found.outcome.body[:-1]))


def _other_header(found: Interaction) -> Interaction:
    assert isinstance(found.outcome, Response)
    return replace(found, outcome=replace(found.outcome, headers=found.outcome.headers[1:]))


def _other_request(found: Interaction) -> Interaction:
    assert isinstance(found.request, HttpRequest)
    return replace(found, request=replace(found.request, body=b"other"))


@pytest.mark.parametrize("loss", [_other_body, _other_header, _other_request])
def test_a_cassette_that_would_not_answer_as_its_source_is_never_written(
    tmp_path: Path, library: Library, loss: Callable[[Interaction], Interaction]
) -> None:
    source = [exchange(f'{{"access_token": "{TOKEN}", "n": 1}}'.encode(), ("A", "b")), exchange(b"two")]
    imported = seal_into(tmp_path / "a.tape", source, library, "a.yaml", write=False)
    opened = Recording("0" * 32, "a", imported.interactions)
    sealing._replay(source, opened, library, "a.yaml")
    with pytest.raises(CassetteMalformed, match="interaction 1"):
        sealing._replay(source, _changed(opened, loss), library, "a.yaml")

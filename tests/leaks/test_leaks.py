"""No planted secret survives, no look-alike is touched: over a generated corpus."""

from __future__ import annotations

import base64
import contextlib
import gzip
import html
import json
import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import unquote_plus

import pytest

from sealtape.interaction import AwsRequest, Captured, Interaction, Response, Scrubbed
from sealtape.scrub import Scrubber, find_residue
from sealtape.settings import ScrubSettings
from tests.leaks.corpus import LookAlike, Planted, look_alikes, planted

KEY = bytes(range(32))
SECRETS = tuple(planted())
HARMLESS = tuple(look_alikes())


def scrubber(removals: Iterable[Any] = ()) -> Scrubber:
    return Scrubber(ScrubSettings(), KEY, removals=removals, environ={})


def scrubbed(interactions: Iterable[Interaction]) -> tuple[Scrubbed, ...]:
    return scrubber().scrub([Captured(interaction) for interaction in interactions])


def everything(value: object, depth: int = 5) -> Iterable[str]:
    """Yield every text that can be had from ``value``: written on its own, not with the codecs."""
    if isinstance(value, (bytes, bytearray)):
        data = bytes(value)
        if data[:2] == b"\x1f\x8b":
            with contextlib.suppress(EOFError, OSError, zlib.error):
                yield from everything(gzip.decompress(data), depth)
        yield data.decode("latin-1")
        yield from everything(data.decode("utf-16-le", "ignore"), 0)
        yield from everything(data.decode("utf-8", "ignore"), depth)
    elif isinstance(value, str):
        yield value
        if depth:
            yield from decodings(value, depth - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from everything(key, depth)
            yield from everything(item, depth)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from everything(item, depth)


def decodings(text: str, depth: int) -> Iterable[str]:
    for decoded in (unquote_plus(text), html.unescape(text)):
        if decoded != text:
            yield from everything(decoded, depth)
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, (dict, list)):
        yield from everything(document, depth)
    for run in re.findall(r"[A-Za-z0-9+/_-]{12,}={0,2}", text):
        bare = run.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from everything(base64.b64decode(bare + "=" * (-len(bare) % 4)), depth)
        except ValueError:
            continue


def texts_of(interaction: Interaction) -> Iterable[str]:
    request, outcome = interaction.request, interaction.outcome
    assert isinstance(outcome, Response)
    if isinstance(request, AwsRequest):
        yield from everything([request.parameters, request.body or b"", request.caller])
    else:
        yield from everything([request.url, request.headers, request.body])
    yield from everything([outcome.headers, outcome.body])


T = TypeVar("T", Planted, LookAlike)


def by_kind(corpus: Sequence[T]) -> list[Any]:
    """Return a corpus in groups, a test for each: one for each of its thousands would take longer to tell."""
    groups: dict[str, list[T]] = {}
    for one in corpus:
        groups.setdefault(one.kind, []).append(one)
    return [pytest.param(group, id=kind) for kind, group in groups.items()]


@pytest.mark.parametrize("secrets", by_kind(SECRETS))
def test_a_planted_secret_is_gone_from_every_view(secrets: list[Planted]) -> None:
    for secret in secrets:
        for item in scrubbed(secret.interactions):
            assert not any(secret.value in text for text in texts_of(item.interaction)), str(secret)
            assert item.removals, str(secret)


@pytest.mark.parametrize("harmless", by_kind(HARMLESS))
def test_a_look_alike_stays_byte_for_byte(harmless: list[LookAlike]) -> None:
    for one in harmless:
        assert [item.interaction for item in scrubbed(one.interactions)] == list(one.interactions), str(one)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(SECRETS) >= 300
    assert len(HARMLESS) >= 120


@pytest.mark.parametrize("secrets", by_kind(SECRETS[::3]))
def test_scrubbing_twice_changes_nothing_more(secrets: list[Planted]) -> None:
    for secret in secrets:
        once = scrubbed(secret.interactions)
        removals = [removal for item in once for removal in item.removals]
        again = scrubber(removals).scrub([Captured(item.interaction) for item in once])
        assert [item.interaction for item in again] == [item.interaction for item in once], str(secret)


@pytest.mark.parametrize("secrets", by_kind(SECRETS))
def test_a_live_request_with_the_value_or_with_the_stand_in_equals_the_recorded_one(
    secrets: list[Planted],
) -> None:
    for secret in secrets:
        once = scrubbed(secret.interactions)
        replaying = scrubber([removal for item in once for removal in item.removals])
        for live, recorded in zip(secret.interactions, once, strict=True):
            for request in (live.request, recorded.interaction.request):
                assert replaying.scrub_request(request) == recorded.interaction.request, str(secret)


@pytest.mark.parametrize("secrets", by_kind(SECRETS))
def test_the_gate_finds_a_planted_value_that_was_not_removed(secrets: list[Planted]) -> None:
    for secret in secrets:
        raw = [Scrubbed(interaction) for interaction in secret.interactions]
        places = [residue.place for residue in find_residue(raw, ScrubSettings(), [secret.value])]
        assert places, str(secret)
        assert not any(secret.value in place for place in places), str(secret)


@pytest.mark.parametrize("harmless", by_kind(HARMLESS))
def test_the_gate_lets_a_look_alike_pass(harmless: list[LookAlike]) -> None:
    for one in harmless:
        raw = [Scrubbed(interaction) for interaction in one.interactions]
        assert find_residue(raw, ScrubSettings()) == [], str(one)

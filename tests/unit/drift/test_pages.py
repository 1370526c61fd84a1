"""HTML over HTTP: its tags and texts are compared one by one, so what is drawn hides no change beside it."""

from __future__ import annotations

import random
import string

import pytest

from sealtape.drift import compare
from tests.unit.drift.recordings import http, recording


def page(seed: int, *, heading: str = "Welcome, Ada", tries: int = 3, rows: int = 2) -> str:
    drawn = random.Random(seed)

    def word(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
        return "".join(drawn.choice(alphabet) for _ in range(length))

    digits = string.hexdigits[:16]
    return f"""<!DOCTYPE html><html><head><meta name="csrf-token" content="{word(40)}+{word(12)}==">
    <script nonce="{word(22)}" src="/static/main.{word(20, digits)}.js"></script></head>
    <body><h1>{heading}</h1><!-- rendered in {drawn.random():.3f} s by web-{drawn.randint(1, 20)} -->
    <form><input type="hidden" name="authenticity_token" value="{word(64)}=="></form>
    <p>You have at most {tries} tries.</p>{"<p>one row</p>" * rows}
    <footer>request {word(8, digits)}-{word(4, digits)}-{word(12, digits)}</footer></body></html>"""


def found(old: str, new: str) -> list[str]:
    sides = (recording(http("/", side, media="text/html")) for side in (old, new))
    return [finding.id for finding in compare(*sides)]


@pytest.mark.parametrize("seed", range(1, 40))
def test_a_page_with_other_tokens_and_comments_is_the_same(seed: int) -> None:
    assert found(page(0), page(seed)) == []


def test_a_change_beside_what_is_drawn_is_one_fact_however_long_the_page_is() -> None:
    for rows in (2, 3000):
        assert found(page(1, rows=rows), page(2, rows=rows, tries=5)) == ["limit-changed"]
        assert found(page(1, rows=rows), page(2, rows=rows, heading="Hello, Ada")) == ["text-changed"]


def test_a_page_of_other_tags_is_one_fact() -> None:
    assert found(page(1), page(2, rows=3)) == ["text-changed"]

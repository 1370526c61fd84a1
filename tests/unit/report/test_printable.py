from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealtape.report.printable import printable, printable_line, text_of


@pytest.mark.parametrize("text", ["", "a\tb\r\nc\n", "größe ✓", "\u202e"])
def test_utf_8_without_control_characters_is_text(text: str) -> None:
    assert text_of(text.encode()) == text


@pytest.mark.parametrize("data", [b"\xff", b"a\x00b", b"\x1b[31m", "\u0085".encode(), b"\x7f"])
def test_other_bytes_are_not(data: bytes) -> None:
    assert text_of(data) is None


@given(st.text(st.characters()))
def test_nothing_printable_returns_can_drive_a_terminal(text: str) -> None:
    shown = printable_line(text)
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2028\u2029")
    shown.encode("utf-8")


def test_lines_stay_lines_unless_one_is_asked_for() -> None:
    assert printable("a\r\nb\tc\x07") == "a\nb\tc\\x07"
    assert printable_line("a\r\nb\tc") == "a\\x0ab\\x09c"

"""Times that were read from a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sealtape.interaction import Failure, Response
from sealtape.renaming.moments import Clocks, Moment, answered_by, moment_of, spellings
from sealtape.renaming.values import pieces

THEN = datetime(2025, 6, 17, 9, 30, 4, 599479, tzinfo=UTC)
NOW = THEN + timedelta(days=40, hours=3, minutes=7, seconds=11)
CLOCKS = Clocks(
    (THEN.timestamp(), THEN.timestamp() + 5), (NOW.timestamp(), NOW.timestamp() + 1), NOW.timestamp() + 9e6
)
"""A recording of five seconds, and a replay that began forty days later by its clock."""


@pytest.mark.parametrize(
    ("text", "grain"),
    [
        ("2025-06-17T09:30:04.599479+00:00", 1e-6),
        ("2025-06-17T09:30:04Z", 1),
        ("2025-06-17 09:30:04", 1),
        ("20250617T093004Z", 1),
        ("Tue, 17 Jun 2025 09:30:04 GMT", 1),
        ("1750152604", 1),
        ("1750152604599", 0.001),
    ],
)
def test_a_time_is_read_in_every_way_that_it_is_written(text: str, grain: float) -> None:
    (piece,) = pieces(text)
    moment = moment_of(piece)
    assert moment is not None
    assert abs(moment.at - THEN.timestamp()) < 1
    assert moment.grain == pytest.approx(grain)


@pytest.mark.parametrize("text", ["1.0.3", "12345678", "20250617", "example", "2025-99-99T09:30:04Z"])
def test_what_says_no_time_is_none(text: str) -> None:
    assert all(moment_of(piece) is None for piece in pieces(text))


def moment(at: datetime, grain: float = 1e-6) -> Moment:
    return Moment(at.timestamp(), grain)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=-2), timedelta(hours=6), timedelta(days=365)])
def test_what_was_added_to_the_time_does_not_matter(ahead: timedelta) -> None:
    assert CLOCKS.read(moment(THEN + ahead), moment(NOW + ahead))


@pytest.mark.parametrize(
    "off", [timedelta(seconds=9), timedelta(seconds=-9), timedelta(hours=1), timedelta(days=40)]
)
def test_a_time_that_is_off_is_another(off: timedelta) -> None:
    assert not CLOCKS.read(moment(THEN), moment(NOW + off))


def test_a_round_time_far_from_the_recording_was_chosen() -> None:
    noon = datetime(2025, 3, 1, 12, tzinfo=UTC)
    assert not CLOCKS.read(moment(noon), moment(noon + (NOW - THEN)))


def test_a_day_is_as_far_off_as_the_days_of_both() -> None:
    day = 86400.0
    then, now = (datetime(at.year, at.month, at.day, tzinfo=UTC) for at in (THEN, NOW))
    assert CLOCKS.read(moment(then, day), moment(now, day))
    assert not CLOCKS.read(moment(then, day), moment(now + timedelta(days=1), day))
    assert not CLOCKS.read(moment(then - timedelta(days=30), day), moment(now - timedelta(days=30), day))


def test_what_was_read_before_both_began_was_read_from_the_clock() -> None:
    clocks = Clocks(CLOCKS.recorded, CLOCKS.recorded, NOW.timestamp())
    assert clocks.read(moment(THEN - timedelta(seconds=30)), moment(NOW - timedelta(seconds=50)))
    assert not clocks.read(moment(THEN - timedelta(hours=3)), moment(NOW - timedelta(hours=3)))


def test_both_times_are_written_as_providers_write_them() -> None:
    written = dict(spellings(moment(THEN), moment(NOW)))
    assert written["2025-06-17T09:30:04"] == "2025-07-27T12:37:15"
    assert written["1750152604599"] == str(round(NOW.timestamp() * 1000))
    assert written["Tue, 17 Jun 2025 09:30:04 GMT"] == "Sun, 27 Jul 2025 12:37:15 GMT"


def test_a_response_had_been_made_by_the_end_of_the_second_of_its_date() -> None:
    date = ("Date", "Sat, 31 Jan 2026 12:00:40 GMT")
    assert answered_by(Response(200, "OK", (date,), b"")) == 1_769_860_841


@pytest.mark.parametrize("outcome", [Response(200), Response(200, "", (("date", "soon"),)), Failure("x")])
def test_what_is_not_dated_says_no_time(outcome: Response | Failure) -> None:
    assert answered_by(outcome) == 0.0

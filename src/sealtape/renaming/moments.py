"""Times that a test read from its clock, told from those that somebody chose.

A recording began at one time and its replay at another, or at the same where the clock comes again. Of a
time that both read, and added a day to perhaps, all that differs is how long each took to get there. A
chosen date is the same in both, or is off by anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import TypeAlias

from sealtape.interaction import Outcome, Response
from sealtape.renaming.values import Piece, is_epoch

Window: TypeAlias = "tuple[float, float]"
"""From when to when, in seconds since 1970."""

_HOUR, _DAY = 3600.0, 86400.0
_STEP = _HOUR / 2
_SLACK = 1.0
_FRACTION = re.compile(r"[.,](\d{1,9})")
_EPOCH = re.compile(r"\d{10}(?:\.\d{1,9})?|\d{13}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as it was written: seconds since 1970, and how exactly, in seconds."""

    at: float
    grain: float


def moment_of(piece: Piece) -> Moment | None:
    """Return the time that a piece of a text says, None if it says none."""
    kind, text = piece
    if kind == "word":
        return moment_of_number(text)
    if kind not in ("time", "date"):
        return None
    when = _read(text)
    if when is None:
        return None
    at = when.timestamp() if when.tzinfo else when.replace(tzinfo=UTC).timestamp()
    fraction = _FRACTION.search(text)
    return Moment(at, _DAY if kind == "date" else 10.0 ** -len(fraction[1]) if fraction else 1.0)


def _read(text: str) -> datetime | None:
    plain = re.sub(r"(?<=\d)[ _](?=\d)", "T", text).replace("/", "-").rstrip("UTCGM ")
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None


def moment_of_number(text: str) -> Moment | None:
    """Return the time that a number since 1970 says, in seconds or milliseconds, None if it is none."""
    if not _EPOCH.fullmatch(text) or not is_epoch(float(text)):
        return None
    if len(text) == 13 and "." not in text:
        return Moment(int(text) / 1000, 0.001)
    _, _, fraction = text.partition(".")
    return Moment(float(text), 10.0 ** -len(fraction))


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of a recording and that of its replay, as far as it has come.

    ``opened`` is when the replay really began, whatever its clock says: what a module read while it was
    imported was read before that.
    """

    recorded: Window
    live: Window
    opened: float

    def read(self, recorded: Moment, live: Moment) -> bool:
        """Whether both times were read from the clocks, with the same time added perhaps."""
        if recorded.grain == live.grain == _DAY:
            return self._read_day(recorded, live)
        slack = _SLACK + max(recorded.grain, live.grain)
        low, high = self.live[0] - self.recorded[1] - slack, self.live[1] - self.recorded[0] + slack
        if low <= live.at - recorded.at <= high and self._shows_the_clock(recorded):
            return True
        starts = (recorded.at, self.recorded[0]), (live.at, self.opened)
        return all(start - _HOUR <= at <= start + slack for at, start in starts)

    def _read_day(self, recorded: Moment, live: Moment) -> bool:
        """Whether both are today, or the day before or after."""
        then, now = ({int(at // _DAY) for at in window} for window in (self.recorded, self.live))
        days = int(recorded.at // _DAY)
        near = min(abs(days - day) for day in then) <= 1
        return near and int(live.at // _DAY) - days in {b - a for a in then for b in now}

    def _shows_the_clock(self, recorded: Moment) -> bool:
        """Whether a recorded time is near the recording, or whole half hours from its first minute.

        A chosen one is round by itself, or by chance as far off.
        """
        start, end = self.recorded
        if start - _HOUR <= recorded.at <= end + _HOUR:
            return True
        since = (recorded.at - start + _SLACK) % _STEP
        return recorded.at % 60 >= recorded.grain and since <= min(end - start, 60.0) + 2 * _SLACK


_SPELLINGS: tuple[Callable[[datetime], str], ...] = (
    lambda at: f"{at.timestamp():.6f}",
    lambda at: f"{at.timestamp():.3f}",
    lambda at: str(round(at.timestamp() * 1000)),
    lambda at: str(int(at.timestamp())),
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S.%f}",
    lambda at: at.isoformat(timespec="milliseconds")[:23],
    lambda at: f"{at:%Y-%m-%dT%H:%M:%S}",
    lambda at: f"{at:%Y-%m-%d %H:%M:%S.%f}",
    lambda at: f"{at:%Y-%m-%d %H:%M:%S}",
    lambda at: format_datetime(at, usegmt=True),
)


def dates(outcome: Outcome) -> Iterator[float]:
    """Yield when a response says that it was answered, in seconds since 1970."""
    for name, value in outcome.headers if isinstance(outcome, Response) else ():
        if len(name) == 4 and name.lower() == "date" and (when := _dated(value)) is not None:
            yield when


def answered_by(outcome: Outcome) -> float:
    """Return by when a response had been made, in seconds since 1970; 0.0 if it does not say.

    Its ``Date`` says in which second: by its end all has happened that the response tells of.
    """
    return next((when + 1.0 for when in dates(outcome)), 0.0)


@lru_cache(maxsize=1024)
def _dated(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def spellings(recorded: Moment, live: Moment) -> Iterator[tuple[str, str]]:
    """Yield both times as a provider may write them, the exact ways first."""
    one, other = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=m.at) for m in (recorded, live))
    for spell in _SPELLINGS:
        pair = spell(one), spell(other)
        if pair[0] != pair[1]:
            yield pair

"""What one run measured, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

from bench.workloads import Track


@dataclass(frozen=True, slots=True)
class Result:
    """One contender at one N: medians over ``rounds``, in microseconds for one call.

    ``ratio`` is the median over rounds of its time to that of its track's floor in the same round.
    ``opening`` is for one interaction, None where there is no cassette to open.
    """

    contender: str
    track: Track
    n: int
    rounds: int
    call: float
    ratio: float | None
    opening: float | None


@dataclass(frozen=True, slots=True)
class Recording:
    """What recording ``n`` AWS calls costs beside making them: medians in microseconds for one call.

    Sealing and writing are included in ``recorded``.
    """

    n: int
    live: float
    recorded: float


@dataclass(slots=True)
class Measured:
    """All that one run measured. ``memory`` is the peak in bytes after one round at the largest N."""

    results: list[Result] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)
    recording: Recording | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    def result(self, contender: str, n: int) -> Result | None:
        """Return what was measured of ``contender`` (by its id) at ``n``, if it was."""
        found = (r for r in self.results if f"{r.track}/{r.contender}" == contender and r.n == n)
        return next(found, None)

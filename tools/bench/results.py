"""What one run measured, as values."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Result:
    """One contender with one workload at one N: medians over ``rounds``, in microseconds for one call.

    ``call`` and ``opening``, which is whatever comes before the first call, are the processor's time;
    ``wall`` is all of a round by the clock on the wall. ``ratio`` is the median over rounds of opening and
    calls to the calls of the floor in the same round; ``ratios`` are all of them. ``calls_ratio`` leaves
    the opening out.
    """

    workload: str
    contender: str
    n: int
    rounds: int
    call: float
    opening: float
    wall: float
    ratio: float | None
    calls_ratio: float | None
    ratios: tuple[float, ...] = ()

    @property
    def whole(self) -> float:
        """Opening and call, in microseconds for one call."""
        return self.opening + self.call


@dataclass(frozen=True, slots=True)
class Rate:
    """What one step costs an interaction whose body is ``size`` bytes of a kind, in microseconds."""

    step: str
    kind: str
    size: int
    micros: float

    @property
    def megabytes(self) -> float:
        """How many MB (10^6 bytes) of body it does in a second."""
        return self.size / self.micros


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number with its unit, and what it was made of."""

    value: float
    unit: str
    detail: str = ""


@dataclass(slots=True)
class Measured:
    """All that one run measured.

    ``memory`` is the peak in bytes after one round at the largest N, by workload and contender.
    ``figures`` are by name; ``skipped`` says what was left out and why; ``took`` how many seconds each
    part of the bench took.
    """

    results: list[Result] = field(default_factory=list)
    memory: dict[str, int] = field(default_factory=dict)
    rates: list[Rate] = field(default_factory=list)
    figures: dict[str, Figure] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    took: dict[str, float] = field(default_factory=dict)

    def of(self, workload: str, contender: str) -> dict[int, Result]:
        """Return what was measured of a contender with a workload, by N."""
        return {r.n: r for r in self.results if (r.workload, r.contender) == (workload, contender)}

"""A second recording tells what the provider changed from what is another one each time."""

from __future__ import annotations

from typing import Any

from sealtape.drift import compare
from sealtape.drift.confirmation import Confirmed, confirmed_by
from tests.unit.drift.recordings import aws, recording


def confirmed(accepted: Any, first: Any, second: Any) -> Confirmed:
    sides = [recording(aws("example.List", answer)) for answer in (accepted, first, second)]
    before, one, other = sides
    return confirmed_by(compare(before, one), compare(before, other), compare(one, other))


def told(found: Confirmed) -> list[tuple[str, str, str]]:
    return [(finding.id, finding.path, finding.severity) for finding in found.findings]


def test_what_differs_both_times_in_the_same_way_is_drift() -> None:
    found = confirmed({"A": "on", "B": 1}, {"A": "off"}, {"A": "off"})
    assert told(found) == [("field-removed", "B", "breaking"), ("value-changed", "A", "risky")]
    assert found.varying == ()


def test_a_value_that_is_another_one_each_time_is_noise_and_remembered_by_its_place() -> None:
    found = confirmed({"A": "alpha", "B": 1}, {"A": "beta"}, {"A": "gamma"})
    assert told(found) == [("field-removed", "B", "breaking"), ("value-changed", "A", "quiet")]
    assert found.varying == ("example.List A",)


def test_a_value_that_is_the_accepted_one_again_is_noise() -> None:
    found = confirmed({"A": "alpha"}, {"A": "beta"}, {"A": "alpha"})
    assert told(found) == [("value-changed", "A", "quiet")]


def test_what_is_there_only_once_is_flapping_and_not_hidden() -> None:
    for first, second in (({}, {"A": "on"}), ({"A": "on"}, {})):
        (finding,) = confirmed({"A": "on"}, first, second).findings
        assert (finding.id, finding.kind, finding.path, finding.severity) == (
            "flapping",
            "flapping",
            "A",
            "risky",
        )
        assert finding.cause == "provider"


def test_the_same_fact_flaps_under_one_fingerprint() -> None:
    (one,) = confirmed({"A": "on"}, {}, {"A": "on"}).findings
    (other,) = confirmed({}, {"A": "off"}, {}).findings
    assert one.fingerprint == other.fingerprint

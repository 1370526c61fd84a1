"""What pytest's last lines say about cassettes: what is locked, what was recorded, what to type next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sealtape.plugin.session import SESSION

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def write_summary(reporter: TerminalReporter) -> None:
    """Write a section if there is anything to say."""
    locked = reporter.stats.get("locked", [])
    skipped = [r for r in reporter.stats.get("skipped", []) if getattr(r, "sealtape_locked", "")]
    written = reporter.config.stash[SESSION].written
    plain = reporter.config.stash[SESSION].plain
    expired = sorted(set(map(tuple, reporter.config.stash[SESSION].expired)))
    renamed = _renamed(reporter) if reporter.config.get_verbosity() > 0 else {}
    if not (locked or skipped or written or plain or expired or renamed):
        return
    reporter.section("sealtape")
    for reports, verb in ((locked, "failed"), (skipped, "skipped")):
        for said, number in Counter(report.sealtape_locked for report in reports).items():
            reporter.line(f"{_counted(number, 'test is', 'tests are')} locked and {verb}: {said}")
    if plain:
        count = _counted(len(plain), "cassette is", "cassettes are")
        reporter.line(f"{count} still there in plain text beside a sealed one, which is used")
        reporter.line(f"hint: git rm {plain[0]}")
    if expired:
        day, oldest, age = expired[0]
        count = _counted(len(expired), "cassette is", "cassettes are")
        reporter.line(f"{count} older than max_age: {oldest} was last confirmed on {day}")
        reporter.line(f"hint: sealtape refresh --older-than {age}")
    for test, names in renamed.items():
        reporter.line(f"{test} made up {_counted(len(names), 'value')} anew:")
        for recorded, live in names:
            reporter.line(f"  {live} here, {recorded} recorded")
    if written:
        _write_recorded(reporter, written)


def _renamed(reporter: TerminalReporter) -> dict[str, list[list[str]]]:
    """Return, by test, the values that stand for recorded ones."""
    reports = (report for listed in reporter.stats.values() for report in listed)
    return {r.nodeid: r.sealtape_renamed for r in reports if getattr(r, "sealtape_renamed", None)}


def _write_recorded(reporter: TerminalReporter, written: list[dict[str, Any]]) -> None:
    interactions = sum(entry["interactions"] for entry in written)
    scrubbed: Counter[str] = Counter()
    for entry in written:
        scrubbed.update(entry["scrubbed"])
    reporter.line(
        f"recorded {_counted(len(written), 'cassette')} with {_counted(interactions, 'interaction')}"
    )
    if scrubbed:
        rules = ", ".join(f"{count} {rule}" for rule, count in scrubbed.most_common())
        reporter.line(f"scrubbed {_counted(scrubbed.total(), 'value')}: {rules}")
    reporter.line(f"next: sealtape show {written[0]['path']}")


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"

"""Cassettes that nobody has confirmed for longer than ``max_age`` allows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sealtape.errors import Expired
from sealtape.plugin.session import Session

if TYPE_CHECKING:
    from sealtape.cassette import Cassette
    from sealtape.settings import Settings


def judge(session: Session, cassette: Cassette, path: Path, settings: Settings) -> None:
    """Take note of a replayed cassette that is too old, or raise `Expired` where that is to fail the test.

    It is as old as the last refresh that confirmed it, or its recording, whichever is younger. One that was
    recorded without a clock and never refreshed has no age.
    """
    if not settings.max_age or session.refreshes or not (cassette.exists and cassette.mode.plays):
        return
    from sealtape import ledger
    from sealtape.determinism.clock import real_now
    from sealtape.settings import age

    known = [moment for moment in (ledger.confirmed_at(path), cassette.recorded_at) if moment is not None]
    # The test may have set the clock; how old a cassette is does not depend on that.
    if not known or real_now() - max(known) <= age(settings.max_age):
        return
    if settings.max_age_action == "fail":
        raise Expired(
            f"nobody has confirmed it since {max(known):%Y-%m-%d}",
            where=cassette.where,
            why=f"max_age is {settings.max_age}",
            hint=f"sealtape refresh --older-than {settings.max_age}",
        )
    session.expired.append((f"{max(known):%Y-%m-%d}", cassette.where, settings.max_age))

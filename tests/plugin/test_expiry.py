"""Cassettes that nobody has confirmed for too long."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sealtape import store
from sealtape.ledger import confirm
from sealtape.library import Library
from sealtape.seal.format import seal
from sealtape.settings import load_settings
from tests.plugin.projects import Project
from tests.servers import Service

TESTS = """
    import os, pytest, requests

    @pytest.mark.vcr
    def test_old():
        requests.get(os.environ["URL"] + "/json")

    @pytest.mark.vcr(max_age="200w")
    def test_stable():
        requests.get(os.environ["URL"] + "/json")
"""


def test_a_replayed_cassette_that_is_too_old_is_reported_or_fails_its_test(
    project: Project, http: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write({"test_a.py": TESTS, "pyproject.toml": '[tool.sealtape]\nmax_age = "4w"\n'})
    assert project.pytest("--record-mode=once", URL=http.url).outcomes == {"passed": 2}
    assert "max_age" not in project.replay(URL=http.url).output
    monkeypatch.setenv("SEALTAPE_KEY", project.key)
    library = Library(load_settings(project.folder))
    now = datetime.now(UTC)
    for name in project.tapes():
        path = project.folder / name
        aged = replace(library.read(path), start=now.replace(year=now.year - 1, day=1).isoformat())
        store.write(path, seal(aged, library.key))
    old = "cassettes/test_a/test_old.tape"
    warned = project.replay("-n2", URL=http.url, SEALTAPE_MAX_AGE="")
    assert warned.outcomes == {"passed": 2}, warned.output
    assert f"1 cassette is older than max_age: {old} was last confirmed on {now.year - 1}" in warned.output
    assert "hint: sealtape refresh --older-than 4w" in warned.output
    failed = project.replay(URL=http.url, SEALTAPE_MAX_AGE_ACTION="fail")
    assert failed.outcomes == {"passed": 2, "error": 1}
    assert f"{old}: nobody has confirmed it since {now.year - 1}" in failed.output
    confirm([project.folder / old], now.date())
    assert project.replay(URL=http.url, SEALTAPE_MAX_AGE_ACTION="fail").outcomes == {"passed": 2}

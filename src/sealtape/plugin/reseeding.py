"""Beside pytest-randomly, which seeds every generator anew before each phase of a test.

The draws of a test with a cassette go on where they were, so that it replays with pytest-randomly and
without it, and under whatever seed. After it has seeded, pytest-randomly calls the entry points of its group
``pytest_randomly.random_seeder``: `go_on` is one.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from sealtape.determinism import derived_seed, go_on, keep_place

__all__ = ["Reseeding", "go_on"]


class Reseeding:
    """A pytest plugin object for runs with pytest-randomly."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        keep_place()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        keep_place()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        made: Any = yield
        # Faker's fixture has a generator of its own, seeded as the nearest ``faker_seed`` says.
        if fixturedef.argname == "faker" and (seed := derived_seed("faker")) is not None:
            definitions = request.node._fixtureinfo.name2fixturedefs.get("faker_seed", ())
            if definitions and definitions[-1].func.__module__ == "pytest_randomly":
                made.seed_instance(seed)
        return made

"""The hooks that projects and other plugins may implement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest


def pytest_sealtape_scrub(config: pytest.Config) -> Mapping[str, Iterable[str]] | None:
    """Say what else is secret in this run, by the settings of ``[tool.sealtape.scrub]`` that add something.

    For example ``{"values": [vault.read("deploy-key")], "names": ["x-internal-ticket"]}``: ``names``,
    ``patterns``, ``environment``, ``values``, and ``allow``, for findings of the residue gate that are
    accepted. All that the hooks say is added to the file's. What lets rules not hold (``keep``, ``off``) can
    stand in the file only, where a review sees it. It is asked once a run, when a marked test first runs.
    """

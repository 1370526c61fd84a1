from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.project import Project


@pytest.fixture
def bare(tmp_path: Path) -> Project:
    """A folder with nothing in it."""
    for name in ("project", "home"):
        (tmp_path / name).mkdir()
    return Project(tmp_path / "project", tmp_path / "home")


@pytest.fixture
def project(bare: Project) -> Project:
    """A project that is set up."""
    bare.set_up()
    return bare

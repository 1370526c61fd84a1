from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.projects import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project in a folder of its own."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)

from __future__ import annotations

from pathlib import Path

import pytest

from sealtape.library import Library
from sealtape.seal.keyring import new_key
from sealtape.settings import Settings


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """The cassettes of a project with a key of its own."""
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)
    return Library(Settings(root=tmp_path))

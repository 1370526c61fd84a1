from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sealtape
from sealtape.seal.keyring import new_key


@pytest.fixture
def tape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Open the cassette of a project of the test's own: to record, or, with ``"none"``, to replay."""
    (tmp_path / "pyproject.toml").write_text("[tool.sealtape]\n")
    monkeypatch.setenv("SEALTAPE_KEY", new_key().text)

    def opened(mode: str = "rewrite", name: str = "tape") -> Any:
        return sealtape.use_cassette(tmp_path / name, record_mode=mode)

    return opened

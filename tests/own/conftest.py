"""This project's own recordings, in ``cassettes/``, sealed with a key that says it is a sample.

Record them again with ``python3 tools/dev.py record``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import http_service

CASSETTES = Path(__file__).parents[2] / "cassettes"
PORT = 8643


@pytest.fixture(scope="module")
def vcr_cassette_dir() -> str:
    return str(CASSETTES)


@pytest.fixture(autouse=True, scope="session")
def _sample_key() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEALTAPE_KEY", (CASSETTES / "SAMPLE_KEY").read_text().strip())
        yield


@pytest.fixture(scope="session")
def service_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The HTTP service at a port that stays the same; it runs only while something is recorded."""
    if request.config.getoption("--record-mode") in (None, "none"):
        yield f"http://127.0.0.1:{PORT}"
    else:
        with http_service(PORT) as service:
            yield service.url

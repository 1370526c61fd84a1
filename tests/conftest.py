"""What every test shares: it sees neither the settings nor the credentials of who runs it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers import Service, http_service


def pytest_configure(config: pytest.Config) -> None:
    """Take what would change a result out of this process, and so out of those it starts."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "SEALTAPE_")):
            del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.devnull
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    # It is installed for the one test that asks for it, and would shuffle those of runs inside of tests.
    os.environ["PYTEST_ADDOPTS"] = "-p no:randomly"


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """moto's server, as the AWS sandbox."""
    from sealtape.capture.embedded import embedded_sandbox

    with embedded_sandbox() as url:
        yield url


@pytest.fixture
def http() -> Iterator[Service]:
    """A real HTTP service on loopback."""
    with http_service() as service:
        yield service

"""Hosts that hand out credentials are known however a URL spells them."""

from __future__ import annotations

import pytest

from sealtape.capture.asking import serves_credentials


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "169.254.170.2:80", "169.254.170.23", "[fd00:ec2::254]", "[FD00:EC2::254]:80"]
)
def test_the_hosts_of_the_metadata_services_serve_credentials(host: str) -> None:
    assert serves_credentials(f"http://{host}/latest/meta-data/")
    assert serves_credentials(f"HTTP://someone@{host}")


@pytest.mark.parametrize(
    "variable", ["AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI"]
)
def test_a_host_that_the_environment_names_serves_credentials(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not serves_credentials("http://vault.example.com/role")

    monkeypatch.setenv(variable, "http://Vault.example.com:8080/credentials")

    assert serves_credentials("http://vault.example.com/role")
    assert not serves_credentials("http://api.example.com/role")


@pytest.mark.parametrize(
    "url",
    ["http://169.254.169.254.example.com/", "http://api.example.com/?from=169.254.169.254", "mailto:", ""],
)
def test_a_host_that_only_looks_like_one_does_not(url: str) -> None:
    assert not serves_credentials(url)

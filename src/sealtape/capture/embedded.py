"""moto's server on a free loopback port, for as long as a recording session lasts."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

import urllib3

from sealtape.errors import SandboxUnreachable, UsageError

_START_SECONDS = 60.0

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIA" + "SEALTAPESANDBOX0",
    "AWS_SECRET_ACCESS_KEY": "sealtape/embedded/sandbox/not/a/secret00",
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""Invented credentials; whatever else would win over them must be removed, see `OVERRULING`."""

OVERRULING = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION")


@contextlib.contextmanager
def embedded_sandbox(python: str | Path = sys.executable) -> Iterator[str]:
    """Start moto's server, yield its URL, and stop it.

    It runs in a process of its own: moto patches botocore when it is imported. Raises `UsageError` if
    moto's server is not installed and `SandboxUnreachable` if it does not come up.
    """
    if python == sys.executable and importlib.util.find_spec("moto") is None:
        raise UsageError(
            "the embedded sandbox is not installed",
            where="--sandbox=embedded",
            why="it is moto's server, which comes with an extra",
            hint='pip install "sealtape[sandbox]"',
        )
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_until_up(process, url, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(process: subprocess.Popen[bytes], url: str, log: IO[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if answers(url):
            return
        time.sleep(0.05)
    log.seek(0)
    last = log.read().decode(errors="replace").strip().splitlines()[-1:]
    raise SandboxUnreachable(
        "the embedded sandbox did not start",
        where="--sandbox=embedded",
        why="; ".join(last) or f"no answer within {_START_SECONDS:.0f} seconds",
        hint=f"{sys.executable} -m moto.server -p 5000",
    )


def answers(url: str) -> bool:
    """Whether something speaks HTTP at ``url``."""
    try:
        urllib3.request("GET", url, retries=False, timeout=2.0)
    except urllib3.exceptions.HTTPError:
        return False
    return True


def require_sandbox(url: str) -> str:
    """Return ``url`` if a sandbox answers there; raise `UsageError` or `SandboxUnreachable`."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"{url!r} is not a sandbox",
            where="--sandbox",
            why="it is 'embedded' or the URL of a server",
            hint="pytest --record-mode=once --sandbox=embedded",
        )
    if not answers(url):
        raise SandboxUnreachable(
            f"nothing answers at {url}",
            where="--sandbox",
            why="so nothing was recorded",
            hint="start it, or: pytest --record-mode=once --sandbox=embedded",
        )
    return url

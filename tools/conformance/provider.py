"""The provider: moto's server, while the suite runs plain and is recorded."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from environments import NoSuite
from sealtape.capture.embedded import answers

FIXED_PORT = 5000
"""moto's default, which some of its tests have in their source."""

_START_SECONDS = 60.0


def free_ports(count: int) -> list[int]:
    """Return ports to serve on, `FIXED_PORT` first where nobody has it."""
    with socket.socket() as wanted:
        wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            wanted.bind(("127.0.0.1", FIXED_PORT))
            ports = [FIXED_PORT]
        except OSError:
            ports = []
    while len(ports) < count:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
    return ports


@contextmanager
def served(python: Path, ports: Sequence[int], folder: Path) -> Iterator[None]:
    """Serve on ``ports`` until the block ends, with logs in ``folder``; raise `NoSuite` if that fails."""
    with ExitStack() as servers:
        for port in ports:
            servers.enter_context(_served(python, port, folder / f"moto-{port}.log"))
        yield


@contextmanager
def _served(python: Path, port: int, log: Path) -> Iterator[None]:
    command = [str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not answers(f"http://127.0.0.1:{port}"):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NoSuite(f"moto's server did not start on port {port}: see {log}")
                time.sleep(0.05)
            yield
        finally:
            process.kill()
            process.wait()

"""A command on a real terminal: what it prints there, and keys that are pressed."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Sequence

from tests.cli.project import PROGRAM, Project

_TIMEOUT_SECONDS = 60.0
_BETWEEN_KEYS_SECONDS = 0.5


def on_terminal(
    project: Project,
    *arguments: str,
    keys: Sequence[str | Sequence[str]] = (),
    after: str = "",
    **environment: str,
) -> tuple[int, str]:
    """Run ``sealtape`` on a terminal and return its exit code and what the terminal got.

    Each of ``keys`` is pressed when ``after`` has been printed once more; a list of them one by one.
    """
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=project.root,
        env={**project.environ(), "TERM": "xterm", "COLUMNS": "120", **environment},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    ) as process:
        os.close(slave)
        printed = b""
        left = list(keys)
        pressed = 0
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            data = _read(master)
            if data is None:
                break
            printed += data
            # A key pressed before the terminal gives single keys would be thrown away with the line.
            if left and printed.count(after.encode()) > pressed and not _takes_lines(master):
                pressed += 1
                for number, key in enumerate(left.pop(0)):
                    time.sleep(_BETWEEN_KEYS_SECONDS if number else 0)
                    os.write(master, key.encode())
        else:
            process.kill()
        code = process.wait()
    os.close(master)
    return code, printed.decode().replace("\r\n", "\n")


def _takes_lines(master: int) -> bool:
    return bool(termios.tcgetattr(master)[3] & termios.ICANON)


def _read(master: int) -> bytes | None:
    """Return what there is to read within a moment, None once the terminal was left."""
    ready, _, _ = select.select([master], [], [], 0.1)
    if not ready:
        return b""
    try:
        return os.read(master, 65536) or None
    except OSError:  # on Linux, how the end of a terminal shows
        return None

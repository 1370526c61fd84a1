"""Commands of the demo, run as a person would type them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from demo.screen import WIDTH

KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "TERM", "COVERAGE_PROCESS_START")


class Failed(Exception):
    """A step of the demo did not do what it shows."""


class Ran(NamedTuple):
    """What a command printed, and the seconds it took."""

    output: str
    seconds: float


class Shell:
    """Commands in one folder, with nothing of this machine around them."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        bin_folder = str(Path(sys.executable).parent)
        self.environment["PATH"] = bin_folder + os.pathsep + self.environment.get("PATH", os.defpath)
        self.environment |= {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "COLUMNS": str(WIDTH - 8),
        }

    def run(self, *command: str, exits: int = 0) -> Ran:
        """Run a command, without a terminal; any other exit code than ``exits`` ends the demo."""
        started = time.monotonic()
        done = subprocess.run(
            command,
            cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
        if done.returncode != exits:
            told = f"{' '.join(command)} exited with {done.returncode}, not {exits}, and said"
            raise Failed(f"{told}\n{done.stdout}{done.stderr}")
        return Ran(done.stdout, time.monotonic() - started)

    @property
    def key_file(self) -> Path:
        """The key file that ``sealtape init`` made in the demo's own home folder."""
        found = sorted(self.home.rglob("*.key"))
        if not found:
            raise Failed("sealtape init left no key")
        return found[0]

"""The vocabulary of the plugin tests: a small project, and real pytest runs in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

from sealtape.seal.keyring import new_key

DEAD = "http://127.0.0.1:9"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIA" + "EXAMPLEEXAMPLE00",
    "AWS_SECRET_ACCESS_KEY": "notAReal/secret+" + "0123456789abcdefghijklmn",
    "AWS_DEFAULT_REGION": "eu-west-1",
}


@dataclass(frozen=True)
class Run:
    """What a pytest run said: its exit code, its counts, its output."""

    code: int
    outcomes: dict[str, int]
    output: str


class Project:
    """A folder with tests, and a key of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = new_key().text
        self.write({"pyproject.toml": "[tool.sealtape]\n"})

    def write(self, files: dict[str, str]) -> Project:
        """Write ``files``, each dedented."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return self

    def pytest(self, *args: str, key: str | None = "", **environment: str) -> Run:
        """Run pytest in a process of its own, with the project's key unless another (or None) is given."""
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SEALTAPE_"))
        }
        env |= {"HOME": str(self.folder.parent / "home"), "PY_COLORS": "0", "COLUMNS": "200"} | environment
        # A test file rewritten within a second has the time stamp and perhaps the size of its old bytecode.
        env["PYTHONDONTWRITEBYTECODE"] = "1"
        env["AWS_CONFIG_FILE"] = env["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
        if key is not None:
            env["SEALTAPE_KEY"] = key or self.key
        # These import much, in each of many runs: hypothesis, and numpy and Faker for pytest-randomly.
        without = [f"-pno:{name}" for name in ("cacheprovider", "hypothesispytest", "randomly")]
        command = [sys.executable, "-m", "pytest", *without, *args]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, timeout=180)
        output = done.stdout + done.stderr
        counts = {
            word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) ([a-z]+)", _last_line(done.stdout))
        }
        return Run(done.returncode, counts, output)

    def record(self, url: str, *args: str, mode: str = "once", **environment: str) -> Run:
        """Record against the sandbox at ``url``."""
        live = CREDENTIALS | {"AWS_ENDPOINT_URL": url} | environment
        return self.pytest(f"--record-mode={mode}", *args, **live)

    def replay(self, *args: str, key: str | None = "", **environment: str) -> Run:
        """Replay with no credentials and nothing to reach."""
        return self.pytest(*args, key=key, **({"AWS_ENDPOINT_URL": DEAD} | environment))

    def tapes(self) -> dict[str, bytes]:
        """Return the cassettes there are, by path."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*.tape*"))
        }


def _last_line(output: str) -> str:
    lines = [line for line in output.splitlines() if line.startswith("=") or " in " in line]
    return lines[-1] if lines else ""

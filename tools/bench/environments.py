"""The Python environments of the contenders: this one, and one for the peers that cannot live here."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
_STATE = ROOT / ".dev"
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_CONSTRAINTS = ROOT / "tools" / "constraints.txt"
_UNREACHABLE = ("NewConnectionError", "ConnectTimeout", "ProxyError", "name resolution", "refused")


class NoEnvironment(Exception):
    """The peers' environment cannot be made here; the text says why."""


def peers_python() -> Path:
    """Return the Python of the peers' environment, which is made under ``.dev/`` when it is not there.

    It is named by all that decides its content, so that changed pins make it anew. Raises
    `NoEnvironment` where pip cannot install, for want of a network above all.
    """
    content = (_REQUIREMENTS.read_text(), _CONSTRAINTS.read_text(), sys.version, sys.base_prefix, str(ROOT))
    digest = hashlib.sha256(repr(content).encode()).hexdigest()[:12]
    folder = _STATE / f"bench-{digest}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / "complete").exists():
        _STATE.mkdir(exist_ok=True)
        with FileLock(_STATE / "bench.lock"):
            if not (folder / "complete").exists():
                _make(folder, python)
    return python


def _make(folder: Path, python: Path) -> None:
    for other in _STATE.glob("bench-*"):
        shutil.rmtree(other, ignore_errors=True)
    print(f"bench: making {folder.relative_to(ROOT)} (once, from the package index)", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(folder)], "no environment could be made")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    install = [*pip, "--retries", "1", "-c", str(_CONSTRAINTS), "-r", str(_REQUIREMENTS)]
    _run(install, "pip could not install tools/bench/requirements.txt")
    (folder / "complete").touch()


def _run(command: list[str], otherwise: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise NoEnvironment(f"{otherwise}: {_reason(done.stdout + done.stderr)}")


def _reason(output: str) -> str:
    if any(word in output for word in _UNREACHABLE):
        return "no package index can be reached"
    lines = output.strip().splitlines()
    errors = [line for line in lines if line.startswith("ERROR: ")] or lines[-1:]
    return errors[0].removeprefix("ERROR: ") if errors else "it did not say why"

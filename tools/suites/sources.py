"""The peers' suites and the Python environment that they run in."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
_STATE = ROOT / ".dev"
_REQUIREMENTS = Path(__file__).parent / "requirements.txt"
_CONSTRAINTS = ROOT / "tools" / "constraints.txt"


class NoSuite(Exception):
    """A suite or its environment cannot be had here; the text says why."""


def put(distribution: str, checkout: Path | None, folder: Path) -> None:
    """Put the tests of ``distribution``, from ``checkout`` or its source distribution, into ``folder``.

    The source distribution is that of the version that is installed. Nothing but the tests is taken: what
    they test is what is installed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if checkout is not None:
        if not (checkout / "tests").is_dir():
            raise NoSuite(f"there is no folder tests in {checkout}")
        shutil.copytree(checkout / "tests", folder / "tests")
        return
    version = importlib.metadata.version(distribution)
    stem = f"{distribution.replace('-', '_')}-{version}"
    with tarfile.open(_downloaded(f"{distribution}=={version}", f"{stem}.tar.gz")) as archive:
        members = [m for m in archive.getmembers() if m.name.startswith(f"{stem}/tests/")]
        if not members:
            raise NoSuite(
                f"the source distribution of {distribution} {version} holds no tests"
                f"\nhint: python3 tools/dev.py suites --{distribution} PATH, with the path of a checkout"
            )
        for member in members:
            member.name = member.name.removeprefix(f"{stem}/")
        archive.extractall(folder, members, filter="data")


def _downloaded(requirement: str, file: str) -> Path:
    source = _STATE / "suite-sources" / file
    if not source.exists():
        wanted = ["--no-deps", "--no-binary", ":all:", requirement, "--dest", str(source.parent)]
        _pip(Path(sys.executable), "download", *wanted)
    return source


def environment() -> Path:
    """Return the Python of the suites' environment, which is made under ``.dev/`` when it is not there.

    It sees all that this Python sees, sealtape included. It is named by all that decides its content.
    """
    content = (_REQUIREMENTS.read_text(), _CONSTRAINTS.read_text(), sys.version, sys.prefix)
    folder = _STATE / f"suites-{hashlib.sha256(repr(content).encode()).hexdigest()[:12]}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    _STATE.mkdir(exist_ok=True)
    with FileLock(_STATE / "suites.lock"):
        if not (folder / "complete").exists():
            for other in _STATE.glob("suites-*"):
                shutil.rmtree(other, ignore_errors=True)
            print(f"suites: making {folder.relative_to(ROOT)} (once)", file=sys.stderr)
            _run([sys.executable, "-m", "venv", str(folder)], "no environment could be made")
            paths = {"base": str(folder), "platbase": str(folder)}
            packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
            # addsitedir, because the editable installation of sealtape is itself a .pth file over there.
            below = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
            (packages / "development.pth").write_text(below, encoding="utf-8")
            _pip(python, "install", "-c", str(_CONSTRAINTS), "-r", str(_REQUIREMENTS))
            (folder / "complete").touch()
    return python


def _pip(python: Path, *arguments: str) -> None:
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--retries", "1"]
    _run([str(python), "-m", "pip", arguments[0], *quiet, *arguments[1:]], f"pip {arguments[0]} failed")


def _run(command: list[str], otherwise: str) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).strip().splitlines()
        errors = [line for line in lines if line.startswith("ERROR: ")] or lines[-1:]
        raise NoSuite("; ".join([otherwise, *errors[:1]]))

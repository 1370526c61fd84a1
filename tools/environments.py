"""Python environments for the test suites of other projects, on top of the one that runs this."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
STATE = ROOT / ".dev"
_CONSTRAINTS = ROOT / "tools" / "constraints.txt"


class NoSuite(Exception):
    """A suite or its environment cannot be had here; the text says why."""


def environment(name: str, requirements: Path, *more: str) -> Path:
    """Return the Python of the environment ``name``, which is made under ``.dev/`` when it is not there.

    It sees all that this Python sees, sealtape included, and before that what ``requirements`` lists and
    ``more`` requires. It is named by all that decides its content, so that changed pins make it anew.
    """
    content = (requirements.read_text(), *more, _CONSTRAINTS.read_text(), sys.version, sys.prefix)
    folder = STATE / f"{name}-{hashlib.sha256(repr(content).encode()).hexdigest()[:12]}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    STATE.mkdir(exist_ok=True)
    with FileLock(STATE / f"{name}.lock"):
        if not (folder / "complete").exists():
            for other in STATE.glob(f"{name}-*"):
                shutil.rmtree(other, ignore_errors=True)
            print(f"{name}: making {folder.relative_to(ROOT)} (once)", file=sys.stderr)
            _make(folder, python, ["-r", str(requirements), *more])
            (folder / "complete").touch()
    return python


def _make(folder: Path, python: Path, wanted: list[str]) -> None:
    _run([sys.executable, "-m", "venv", str(folder)], "no environment could be made")
    paths = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    # addsitedir, because the editable installation of sealtape is itself a .pth file over there.
    below = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (packages / "development.pth").write_text(below, encoding="utf-8")
    _pip(python, "install", "-c", str(_CONSTRAINTS), *wanted)


def source_of(distribution: str, version: str, kept: Path, unbuilt: str) -> Path:
    """Return the source distribution of a release, downloaded into ``kept`` when it is not there.

    ``unbuilt`` is what pip may take no wheel of: a distribution, or ``:all:``. Raises `NoSuite`.
    """
    source = kept / f"{distribution.replace('-', '_')}-{version}.tar.gz"
    STATE.mkdir(exist_ok=True)
    with FileLock(STATE / "sources.lock"):
        if not source.exists():
            wanted = ["--no-deps", "--no-binary", unbuilt, f"{distribution}=={version}", "--dest", str(kept)]
            _pip(Path(sys.executable), "download", *wanted)
    return source


def unpack_tests(source: Path, folder: Path) -> None:
    """Unpack the folder ``tests`` of a source distribution into ``folder``; raise `NoSuite` without one."""
    top = source.name.removesuffix(".tar.gz")
    with tarfile.open(source) as archive:
        members = [member for member in archive.getmembers() if member.name.startswith(f"{top}/tests/")]
        if not members:
            raise NoSuite(f"the source distribution {source.name} holds no tests")
        for member in members:
            member.name = member.name.removeprefix(f"{top}/")
        archive.extractall(folder, members, filter="data")


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

"""moto's test suite, its Python environment, and the tests of it that are run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]
MOTO = "5.2.5"
_STATE = ROOT / ".dev"
_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE / "requirements.txt"
_CONSTRAINTS = ROOT / "tools" / "constraints.txt"

# Without a table of its own the suite would take the settings of the project around its folder.
_PYPROJECT = """\
[tool.sealtape]

[tool.pytest.ini_options]
addopts = ["-p", "no:cacheprovider"]
markers = [
    "network: requires network connection",
    "requires_docker: requires running docker",
    "aws_verified: verified against AWS",
    "requires_clean_slate: no parallel testing",
]
"""


class NoSuite(Exception):
    """moto's tests or their environment cannot be had here; the text says why."""


def chosen_tests(services: Iterable[str] = (), containing: str = "") -> dict[str, list[str]]:
    """Return the node ids of the listed tests by service, narrowed to some services and a part of the id."""
    wanted = set(services)
    chosen: dict[str, list[str]] = {}
    for line in (_HERE / "moto_tests.txt").read_text(encoding="utf-8").splitlines():
        service = service_of(line)
        if (not wanted or service in wanted) and containing in line:
            chosen.setdefault(service, []).append(line)
    return chosen


def service_of(test: str) -> str:
    """Return the service that a test of moto's is about: ``s3`` for ``tests/test_s3/test_s3.py::…``."""
    return test.split("/")[1].removeprefix("test_")


def bound_to(address: str, folder: Path, tests: Iterable[str]) -> frozenset[str]:
    """Return those of ``tests``, unpacked in ``folder``, whose file or package names ``address``."""

    def names_it(test: str) -> bool:
        file = folder / test.partition("::")[0]
        sources = (file, file.with_name("__init__.py"))
        return any(address in source.read_text(encoding="utf-8") for source in sources if source.exists())

    return frozenset(filter(names_it, tests))


def unpack(folder: Path) -> None:
    """Put moto's tests into ``folder``, without what an earlier run recorded there."""
    shutil.rmtree(folder / "tests", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    prefix = f"moto-{MOTO}/"
    with tarfile.open(_source()) as archive:
        members = [m for m in archive.getmembers() if m.name.startswith(f"{prefix}tests/")]
        if not members:
            raise NoSuite(f"the source distribution of moto {MOTO} holds no tests")
        for member in members:
            member.name = member.name.removeprefix(prefix)
        archive.extractall(folder, members, filter="data")
    (folder / "pyproject.toml").write_text(_PYPROJECT, encoding="utf-8")


def _source() -> Path:
    folder = _STATE / f"suite-moto-{MOTO}"
    source = folder / f"moto-{MOTO}.tar.gz"
    if not source.exists():
        with FileLock(_STATE / "conformance.lock"):
            if not source.exists():
                wanted = ["--no-deps", "--no-binary", "moto", f"moto=={MOTO}", "--dest", str(folder)]
                _pip(Path(sys.executable), "download", *wanted)
    return source


def suite_python() -> Path:
    """Return the Python of the suite's environment, which is made under ``.dev/`` when it is not there.

    It sees all that this Python sees, sealtape included, and before that the suite's own pins. It is named
    by all that decides its content, so that changed pins make it anew.
    """
    content = (_REQUIREMENTS.read_text(), MOTO, _CONSTRAINTS.read_text(), sys.version, sys.prefix)
    folder = _STATE / f"conformance-{hashlib.sha256(repr(content).encode()).hexdigest()[:12]}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not (folder / "complete").exists():
        _STATE.mkdir(exist_ok=True)
        with FileLock(_STATE / "conformance.lock"):
            if not (folder / "complete").exists():
                _make(folder, python)
    return python


def _make(folder: Path, python: Path) -> None:
    for other in _STATE.glob("conformance-*"):
        shutil.rmtree(other, ignore_errors=True)
    print(f"conformance: making {folder.relative_to(ROOT)} (once)", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(folder)], "no environment could be made")
    paths = {"base": str(folder), "platbase": str(folder)}
    packages = Path(sysconfig.get_path("purelib", "venv", vars=paths))
    # addsitedir, because the editable installation of sealtape is itself a .pth file over there.
    below = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (packages / "development.pth").write_text(below, encoding="utf-8")
    _pip(python, "install", "-c", str(_CONSTRAINTS), "-r", str(_REQUIREMENTS), f"moto[server]=={MOTO}")
    (folder / "complete").touch()


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

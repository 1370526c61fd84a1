"""What protects a sealed cassette, its keys and its writes, and for each the test that fails without it.

::

    python3 tools/dev.py run python tools/protections.py [WORDS]

runs the tests of all protections (or of those with WORDS in their name) in a copy of this checkout, then
takes the protections out of it, one at a time, each with its test alone: a quarter of an hour for all. It
ends with 1 if a test fails where nothing is missing or passes where its protection is, or if a protection no
longer stands as ``protections.toml`` has it: then mend its row.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("src", "tests", "tools", "cassettes", "pyproject.toml", "README.md")


class Protection(NamedTuple):
    """One line or two that protect something.

    ``file`` is relative to ``src/sealtape``, ``test`` to ``tests``; without the protection ``instead`` stands
    where ``stands`` does.
    """

    what: str
    file: str
    stands: str
    instead: str
    test: str


PROTECTIONS = tuple(
    Protection(**row)
    for row in tomllib.loads((ROOT / "tools" / "protections.toml").read_text("utf-8"))["protection"]
)


def main(words: list[str]) -> int:
    """Try the protections whose names hold ``words``; return 1 if one is not tested."""
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in COPIED:
            place = ROOT / name
            if place.is_dir():
                shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(place, copy / name)
        chosen = [protection for protection in PROTECTIONS if " ".join(words) in protection.what]
        if ended(copy, *dict.fromkeys(protection.test for protection in chosen)) != 0:
            print("their tests fail where nothing is missing")
            return 1
        for protection in chosen:
            told = without(protection, copy)
            bad += told != "fails"
            print(f"{told:21} {protection.what}: {protection.test}", flush=True)
    return 1 if bad else 0


def without(protection: Protection, copy: Path) -> str:
    """Return what the test of ``protection`` does where that is missing: ``fails`` is right."""
    path = copy / "src" / "sealtape" / protection.file
    text = path.read_text(encoding="utf-8")
    if text.count(protection.stands) != 1:
        return "STANDS NO LONGER"
    path.write_text(text.replace(protection.stands, protection.instead), encoding="utf-8")
    try:
        code = ended(copy, protection.test)
    finally:
        path.write_text(text, encoding="utf-8")
    return {0: "PASSES ALL THE SAME", 1: "fails"}.get(code, f"ENDS WITH {code}")


def ended(copy: Path, *tests: str) -> int:
    """Return the exit code of pytest with ``tests`` of ``copy``."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-pno:cacheprovider", "-pno:randomly"),
            *(f"tests/{test}" for test in tests),
        ],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": f"{copy / 'src'}", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=900,
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

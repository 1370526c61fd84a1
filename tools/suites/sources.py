"""The peers' suites: their tests, and the Python environment that they run in."""

from __future__ import annotations

import importlib.metadata
import shutil
from pathlib import Path

import environments
from environments import STATE, NoSuite

_REQUIREMENTS = Path(__file__).parent / "requirements.txt"


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
    source = environments.source_of(distribution, version, STATE / "suite-sources", ":all:")
    try:
        environments.unpack_tests(source, folder)
    except NoSuite as error:
        hint = f"hint: python3 tools/dev.py suites --{distribution} PATH, with the path of a checkout"
        raise NoSuite(f"{error}\n{hint}") from None


def environment() -> Path:
    """Return the Python of the suites' environment."""
    return environments.environment("suites", _REQUIREMENTS)

"""moto's test suite, its Python environment, and the tests of it that are run."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import environments
from environments import STATE

MOTO = "5.2.5"
_HERE = Path(__file__).parent

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
    source = environments.source_of("moto", MOTO, STATE / f"suite-moto-{MOTO}", "moto")
    environments.unpack_tests(source, folder)
    (folder / "pyproject.toml").write_text(_PYPROJECT, encoding="utf-8")


def suite_python() -> Path:
    """Return the Python of the suite's environment, in which the suite's own pins come first."""
    return environments.environment("conformance", _HERE / "requirements.txt", f"moto[server]=={MOTO}")

"""Run pytest-recording's own suite and vcrpy's integration tests with sealtape installed.

``python3 tools/dev.py suites`` runs this: each suite once without sealtape, to know what can pass
here, and once with it; vcrpy's with sealed cassettes under its own ``use_cassette``. What is lost must stand
in ``exceptions.toml``, and what stands there must be lost: otherwise the exit code is 1. It is 2 if a
suite cannot be had.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from environments import ROOT, NoSuite
from sealtape.seal.keyring import new_key
from suites.sources import environment, put

_WORK = ROOT / ".dev" / "peers"
_EXCEPTIONS = Path(__file__).with_name("exceptions.toml")
_TEST_SECONDS = 60
_CONFIGURATION = """\
[pytest]
addopts = -p no:cacheprovider
asyncio_default_fixture_loop_scope = session
asyncio_default_test_loop_scope = session
markers = online
"""


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite: whose it is, which of its tests are run, and the plugin they run under with sealtape."""

    distribution: str
    tests: tuple[str, ...]
    plugin: str


SUITES = (
    # pytester removes what a test imported: cryptography's second copy would not know its first.
    Suite("pytest-recording", ("tests",), "sealtape.library"),
    Suite(
        "vcrpy",
        # niquests comes with an urllib3 of its own, in the place of the real one.
        ("tests/integration", "--ignore", "tests/integration/test_niquests.py", "-m", "not online"),
        "suites.sealed",
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suites, print what does not agree with the list, and judge."""
    parser = argparse.ArgumentParser(
        prog="tools/dev.py suites", description=(__doc__ or "").partition("\n")[0]
    )
    for suite in SUITES:
        parser.add_argument(
            f"--{suite.distribution}", type=Path, metavar="PATH", dest=suite.distribution,
            help="a checkout, instead of the source distribution of the version that is installed",
        )  # fmt: skip
    checkouts = vars(parser.parse_args(arguments))
    excepted = tomllib.loads(_EXCEPTIONS.read_text(encoding="utf-8"))
    try:
        python = environment()
        found = []
        for suite in SUITES:
            folder = _WORK / suite.distribution
            put(suite.distribution, checkouts[suite.distribution], folder)
            found += _judged(suite, python, folder, reasons(excepted[suite.distribution]))
    except NoSuite as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for complaint in found:
        print(complaint)
    return int(bool(found))


def reasons(groups: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """Return the reason of every test that may be lost."""
    return {str(test): str(group["reason"]) for group in groups for test in _texts(group["tests"])}


def _texts(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def _judged(suite: Suite, python: Path, folder: Path, excepted: Mapping[str, str]) -> list[str]:
    (folder / "pytest.ini").write_text(_CONFIGURATION, encoding="utf-8")
    # Without a table of its own the suite would take the settings of the project around its folder.
    (folder / "pyproject.toml").write_text("[tool.sealtape]\n", encoding="utf-8")
    plain = _outcomes(suite, python, folder, "plain", "suites.without")
    sealed = _outcomes(suite, python, folder, "sealed", suite.plugin)
    can_pass = {test for test, outcome in plain.items() if outcome == "passed"}
    lost = {test for test in can_pass if sealed.get(test) != "passed"}
    print(
        f"{suite.distribution}: {len(can_pass)} of {len(plain)} tests pass here without sealtape, "
        f"{len(can_pass - lost)} of these with it; {len(lost)} are lost, {len(excepted)} names excepted"
    )
    return complaints(can_pass, lost, excepted)


def complaints(can_pass: Set[str], lost: Set[str], excepted: Mapping[str, str]) -> list[str]:
    """Return what does not agree with the list: tests that are lost and not in it, names in it that pass.

    A name in the list with parameters is that one test, one without stands for all of its parameters.
    """
    unlisted = [test for test in sorted(lost) if test not in excepted and bare(test) not in excepted]
    lost_names, names = ({*tests, *map(bare, tests)} for tests in (lost, can_pass))
    passing = [name for name in sorted(excepted) if name in names and name not in lost_names]
    return [
        *(f"{test}: lost, and not in exceptions.toml" for test in unlisted),
        *(f"{name}: in exceptions.toml, and passes" for name in passing),
    ]


def bare(test: str) -> str:
    """Return the name of a test without its parameters."""
    return test.partition("[")[0]


def _outcomes(suite: Suite, python: Path, folder: Path, name: str, plugin: str) -> dict[str, str]:
    """Run a suite and return how each of its tests went."""
    report = folder / f"{name}.xml"
    bundle = [str(python), "-m", "pytest_httpbin.certs"]
    certificates = subprocess.run(bundle, capture_output=True, text=True, check=True).stdout.strip()
    path = [str(ROOT / "tools"), os.environ.get("PYTHONPATH", "")]
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SEALTAPE_")},
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "REQUESTS_CA_BUNDLE": certificates,
        "SEALTAPE_KEY": new_key().text,
    }
    # In their own order: some want an event loop that another one has left.
    command = [
        str(python), "-m", "pytest", *suite.tests, "-p", plugin, "-p", "no:randomly", "-q", "-n", "2",
        f"--timeout={_TEST_SECONDS}", f"--junitxml={report}",
    ]  # fmt: skip
    with (folder / f"{name}.log").open("w", encoding="utf-8") as log:
        subprocess.run(command, cwd=folder, env=environ, stdout=log, stderr=log, check=False)
    if not report.exists():
        raise NoSuite(f"{suite.distribution}'s suite did not run: see {folder / f'{name}.log'}")
    return outcomes_in(report)


def outcomes_in(report: Path) -> dict[str, str]:
    """Return how each test of a JUnit report went: ``passed``, ``failed`` or ``skipped``."""
    return {
        f"{case.get('classname')}::{case.get('name')}": _outcome(case)
        for case in ElementTree.parse(report).iter("testcase")
    }


def _outcome(case: ElementTree.Element) -> str:
    kinds = {child.tag for child in case}
    return "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"


if __name__ == "__main__":
    sys.exit(main())

"""System calls that fail, and commands that are killed at one, each in its turn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli import killed
from tests.cli.project import Project

CALLS = ("open", "fsync", "replace", "unlink")


@contextmanager
def failing_at(
    number: int, fault: BaseException, calls: tuple[str, ...] = CALLS, *, lasting: bool = False
) -> Iterator[list[str]]:
    """Let the call numbered ``number`` (from 1) of those of `os` end in ``fault``, and with ``lasting`` those
    that follow; yield what was called."""
    seen: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            seen.append(name)
            if len(seen) == number or (lasting and len(seen) > number):
                raise fault
            return call(*given, **named)

        return counting

    with pytest.MonkeyPatch.context() as patch:
        for name in calls:
            patch.setattr(os, name, counted(name, getattr(os, name)))
        yield seen


def killed_copies(project: Project, folder: Path, *arguments: str) -> list[Project]:
    """Return copies of ``project`` in which ``sealtape ARGUMENTS…`` was killed, a call later in each."""
    done = subprocess.run(
        [sys.executable, killed.__file__, str(project.root), str(folder), *arguments],
        env=project.environ(), capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    places = [folder / str(moment) for moment in range(1, int(done.stdout))]
    return [
        Project(place / "project", place / "home", project.key, dict(project.environment)) for place in places
    ]

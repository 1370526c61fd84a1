"""A command that is killed on one copy of a project after another, a system call later each time.

::

    python tests/cli/killed.py PROJECT FOLDER ARGUMENTS…

copies the folder PROJECT to FOLDER/1/project, FOLDER/2/project and so on, each beside an empty home folder,
runs ``sealtape ARGUMENTS…`` there, and kills it before the Nth time that it puts, syncs or removes a file. It
prints the number of the first run that was not killed. It is a program of its own so that it can fork, which
costs milliseconds where a fresh interpreter would cost half a second.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sealtape.cli import main


def killed_at(moment: int, arguments: list[str]) -> None:
    """Run ``sealtape ARGUMENTS…`` in this process, and kill that before the call numbered ``moment``."""
    left = moment

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*given, **named)

        return counting

    for name in ("replace", "fsync", "unlink"):
        setattr(os, name, counted(getattr(os, name)))
    os._exit(main(arguments))


def first_that_ends(project: Path, folder: Path, arguments: list[str]) -> int:
    """Return the first moment at which the command has ended before it could be killed."""
    for moment in range(1, 200):
        place = folder / str(moment)
        shutil.copytree(project, place / "project")
        (place / "home").mkdir()
        child = os.fork()
        if not child:
            os.environ["HOME"] = str(place / "home")
            os.chdir(place / "project")
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            try:
                killed_at(moment, arguments)
            finally:
                os._exit(1)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            return moment
        if status != signal.SIGKILL:
            sys.exit(f"it ended by itself at {moment}: {status}")
    sys.exit("it has no end")


if __name__ == "__main__":
    print(first_that_ends(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))

"""Tracebacks that end in the code under test.

Between the line that made a request and the error that sealtape raised lie a dozen frames of the client
library and of sealtape itself. They explain nothing, and long tracebacks print their arguments.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType

import pytest

_LIBRARIES = ("sealtape", "botocore", "boto3", "s3transfer", "urllib3", "requests", "httpx", "vcr", "wrapt")


def shortened(excinfo: pytest.ExceptionInfo[BaseException]) -> pytest.ExceptionInfo[BaseException]:
    """Return ``excinfo`` without the frames of client libraries and of sealtape.

    As it is, if nothing else would be left. The chain of frames itself is rebuilt: what is taken out of
    pytest's view of it comes back as soon as pytest cuts that.
    """
    folders = tuple(
        str(Path(module.__file__).parent)
        for name in _LIBRARIES
        if (module := sys.modules.get(name)) is not None and module.__file__
    )
    kept = None
    for entry in reversed(_entries(excinfo.tb)):
        if not entry.tb_frame.f_code.co_filename.startswith(folders):
            kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    if kept is None:
        return excinfo
    return pytest.ExceptionInfo.from_exc_info((excinfo.type, excinfo.value, kept))


def _entries(entry: TracebackType | None) -> list[TracebackType]:
    entries = []
    while entry is not None:
        entries.append(entry)
        entry = entry.tb_next
    return entries

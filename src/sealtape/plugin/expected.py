"""Misses that a test awaits by name: ``pytest.raises(Miss)``, ``self.assertRaises(Miss)``.

Whoever names vcrpy's exception or ours says that the request must not be answered. That is what
`sealtape.expect_miss` says too, so such a miss does not fail the test at its end. Whoever names
``Exception`` could have meant any other, and swallows it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from sealtape.errors import Miss, SealtapeError


def noticed() -> ExitStack:
    """Take note of awaited misses until what is returned is closed."""
    stack = ExitStack()
    # By type(), because the class has another name in each pytest.
    stack.enter_context(_noticed_by(type(pytest.raises(Miss))))
    unittest = sys.modules.get("unittest")
    if unittest is not None:
        awaiting = unittest.TestCase("run").assertRaises
        stack.enter_context(_noticed_by(type(awaiting(Miss))))
    return stack


@contextmanager
def _noticed_by(context: Any) -> Iterator[None]:
    leave = context.__exit__

    def __exit__(self: Any, kind: type[BaseException] | None, error: Any, traceback: Any) -> Any:
        is_caught = leave(self, kind, error, traceback)
        if is_caught and isinstance(error, Miss) and _names_it(_awaited(self), error):
            error.is_expected = True
        return is_caught

    context.__exit__ = __exit__
    try:
        yield
    finally:
        context.__exit__ = leave


def _awaited(context: Any) -> tuple[type[BaseException], ...]:
    """Return the exceptions that a context waits for, whatever their attribute is called there."""
    for name in ("expected_exceptions", "expected_exception", "expected"):
        awaited = getattr(context, name, None)
        if awaited is not None:
            return awaited if isinstance(awaited, tuple) else (awaited,)
    return ()


def _names_it(awaited: tuple[type[BaseException], ...], miss: Miss) -> bool:
    vcrpy = sys.modules.get("vcr.errors")
    ours: tuple[type[BaseException], ...] = (SealtapeError,)
    if vcrpy is not None:
        ours += (vcrpy.CannotOverwriteExistingCassetteException,)
    return any(issubclass(kind, ours) and isinstance(miss, kind) for kind in awaited)

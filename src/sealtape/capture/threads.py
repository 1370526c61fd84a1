"""Threads, and work that is handed to pools of them, belong to the conversation of who started them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import wrapt

from sealtape.capture.current import current, running_for

_installed = threading.Lock()


def install() -> None:
    """Wrap the doors through which all threads of the standard library come; again, it changes nothing."""
    if _installed.acquire(blocking=False):
        wrapt.wrap_function_wrapper(threading.Thread, "start", _start)
        wrapt.wrap_function_wrapper(ThreadPoolExecutor, "submit", _submit)


def _start(wrapped: Callable[..., Any], thread: threading.Thread, args: Any, kwargs: Any) -> Any:
    conversation = current()
    if conversation is not None:
        thread.run = functools.partial(running_for, conversation, thread.run)  # type: ignore[method-assign]
    return wrapped(*args, **kwargs)


def _submit(wrapped: Callable[..., Any], pool: Any, args: tuple[Any, ...], kwargs: Any) -> Any:
    conversation = current()
    if conversation is None or not args:
        return wrapped(*args, **kwargs)
    # A pool may be older than the conversation, and serve several.
    work, *given = args
    return wrapped(functools.partial(running_for, conversation, work), *given, **kwargs)

"""What a replay waits for: clients do not sleep, but what was cancelled is waited for until it is again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

import wrapt

from sealtape.capture.current import current

_PATIENCE_SECONDS = 60.0


def install() -> None:
    """Cut the waits of botocore, s3transfer and aiobotocore short, now or as soon as they are imported."""
    for name in ("botocore.endpoint", "botocore.waiter", "s3transfer.bandwidth"):
        wrapt.register_post_import_hook(_shim_time, name)
    for name in ("aiobotocore.endpoint", "aiobotocore.waiter"):
        wrapt.register_post_import_hook(_shim_asyncio, name)
    wrapt.register_post_import_hook(_open_bucket, "botocore.retries.bucket")
    wrapt.register_post_import_hook(_open_async_bucket, "aiobotocore.retries.bucket")


async def cancellation(unread: Callable[[], Exception]) -> NoReturn:
    """Wait until the task is cancelled, as it was when this was recorded: by a time limit of the code's own.

    A code that does not do it any more would wait forever; it gets the miss that ``unread`` makes.
    """
    await asyncio.sleep(_PATIENCE_SECONDS)
    raise unread()


def _skips() -> bool:
    conversation = current()
    return conversation is not None and conversation.skips_waiting()


def _shim_time(module: ModuleType) -> None:
    # The module attribute *is* the time module: replacing its sleep would stop everyone's clock.
    module.time = _Time()  # type: ignore[attr-defined]


def _shim_asyncio(module: ModuleType) -> None:
    module.asyncio = _Asyncio()  # type: ignore[attr-defined]


def _open_bucket(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "TokenBucket.acquire", _acquire)


def _open_async_bucket(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "AsyncTokenBucket.acquire", _acquire_async)


def _acquire(wrapped: Callable[..., Any], bucket: Any, args: Any, kwargs: Any) -> Any:
    """Let a client that throttles itself (retry mode adaptive) go on; nobody is there to be spared."""
    return True if _skips() else wrapped(*args, **kwargs)


async def _acquire_async(wrapped: Callable[..., Any], bucket: Any, args: Any, kwargs: Any) -> Any:
    return True if _skips() else await wrapped(*args, **kwargs)


class _Time:
    """The time module, except that it does not sleep."""

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    @staticmethod
    def sleep(seconds: float) -> None:
        if not _skips():
            time.sleep(seconds)


class _Asyncio:
    """The asyncio module, except that it sleeps no longer than it takes to let others run."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float, result: Any = None) -> Any:
        return await asyncio.sleep(0 if _skips() else seconds, result)

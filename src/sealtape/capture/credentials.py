"""What clients do to get credentials is not recorded, and not done on replay.

Profiles, roles, single sign-on, containers and instance metadata are how the machine at hand gets its
credentials, and no part of what the code under test asked for. So while recording, the traffic of
botocore's providers passes untouched: no row of a cassette holds it, and the guard judges the
credentials that come of it and not how they came. On replay no provider is asked but those that read
keys which are simply there (environment and files), a profile that is missing is an empty one, and
nothing is refreshed.

A session of a replay gets credentials that stay unknown until a request really leaves: a session that
later records, or belongs to a test without a cassette, then loads its own.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from collections.abc import Awaitable, Callable, Hashable
from types import ModuleType
from typing import Any

import wrapt

from sealtape.capture.current import Conversation, current, passing
from sealtape.capture.environment import (
    INVENTED_KEY_ID,
    INVENTED_SECRET,
    default_region,
    is_replay,
    region_is_invented,
)

# The providers that read keys, and ask nobody for them.
_READING = ("env", "shared-credentials-file", "config-file", "boto-config", "ec2-credentials-file")

# What tells providers besides the profile whose credentials to get.
_STEERING = (
    "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


_installed = threading.Lock()


def install() -> None:
    """Wrap botocore's sessions and credentials, and aiobotocore's, now or as soon as they are imported."""
    if not _installed.acquire(blocking=False):
        return
    for module, wrap in (
        ("botocore.session", _wrap_session),
        ("botocore.credentials", _wrap_credentials),
        ("aiobotocore.session", _wrap_async_session),
        ("aiobotocore.credentials", _wrap_async_credentials),
    ):
        wrapt.register_post_import_hook(wrap, module)


def _wrap_session(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "Session.get_scoped_config", _get_scoped_config)
    wrapt.wrap_function_wrapper(module, "Session.get_config_variable", _get_config_variable)
    wrapt.wrap_function_wrapper(module, "Session.get_credentials", _get_credentials)


def _wrap_credentials(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "RefreshableCredentials._refresh", _refresh)
    wrapt.wrap_function_wrapper(module, "RefreshableCredentials.get_frozen_credentials", _get_frozen)


def _wrap_async_session(module: ModuleType) -> None:
    wrapt.wrap_function_wrapper(module, "AioSession.get_credentials", _get_credentials_async)


def _wrap_async_credentials(module: ModuleType) -> None:
    kind = "AioRefreshableCredentials"
    wrapt.wrap_function_wrapper(module, f"{kind}._refresh", _refresh_async)
    wrapt.wrap_function_wrapper(module, f"{kind}.get_frozen_credentials", _get_frozen_async)


# Who is asking.

_configured: weakref.WeakKeyDictionary[Any, tuple[str | int | None, ...]] = weakref.WeakKeyDictionary()
_first_keys: weakref.WeakKeyDictionary[Conversation, dict[Hashable, str]] = weakref.WeakKeyDictionary()


def caller(conversation: Conversation, credentials: Any, access_key: str) -> str:
    """Return the access key id, or a name in its place, that stands for ``credentials`` in ``conversation``.

    A profile that was asked for stands for itself: a machine that lacks it knows its name, and threads may
    ask in any order. Keys that are given are who they are. Temporary ones are fetched anew by each session
    and change when they are refreshed: they stand for what they were configured by, under the first key of
    it. On a replay, which fetches none, that is a name of its own.
    """
    if credentials is None:
        return access_key
    profile, *_ = configured = _configured.get(credentials, (None, id(credentials)))
    if profile:
        return f"sealtape:profile:{profile}"
    if not hasattr(credentials, "refresh_needed"):
        return access_key
    first_keys = _first_keys.setdefault(conversation, {})
    if access_key or conversation.offline:
        return first_keys.setdefault(configured, access_key or f"unknown-{len(first_keys)}")
    return ""


def _configuration(session: Any) -> tuple[str | int | None, ...]:
    return session.profile, *map(os.environ.get, _STEERING)


# Sessions.


def _get_scoped_config(wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
    from botocore.exceptions import ProfileNotFound

    profile, conversation = session.profile, current()
    try:
        config = wrapped(*args, **kwargs)
    except ProfileNotFound:
        if not is_replay():
            raise
        recorded = conversation.region_of(profile) if conversation is not None else None
        return {"region": recorded or default_region()}
    if profile and "region" in config and conversation is not None and not conversation.offline:
        conversation.note_region(profile, config["region"])
    return config


def _get_config_variable(wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
    value = wrapped(*args, **kwargs)
    if args != ("region",) or not region_is_invented() or not session.profile:
        return value
    if wrapped("region", methods=("instance",)) is not None:
        return value
    # botocore lets the environment go before a profile, and the invented region is in the environment.
    return session.get_scoped_config().get("region", value)


def _get_credentials(wrapped: Callable[..., Any], session: Any, args: Any, kwargs: Any) -> Any:
    if session._credentials is None and is_replay():
        loaded = (provider.load() for provider in _reading(session))
        session._credentials = next(filter(_is_known, loaded), None) or _later(session, wrapped)
        return session._credentials
    with passing():
        credentials = wrapped(*args, **kwargs)
    return _noted(session, credentials)


async def _get_credentials_async(
    wrapped: Callable[..., Awaitable[Any]], session: Any, args: Any, kwargs: Any
) -> Any:
    if session._credentials is None and is_replay():
        loaded = [await provider.load() for provider in _reading(session)]
        session._credentials = next(filter(_is_known, loaded), None) or _later(session, wrapped)
        return session._credentials
    with passing():
        credentials = await wrapped(*args, **kwargs)
    return _noted(session, credentials)


def _reading(session: Any) -> list[Any]:
    providers = getattr(session.get_component("credential_provider"), "providers", ())
    return [provider for provider in providers if provider.METHOD in _READING]


def _is_known(credentials: Any) -> bool:
    # The invented ones of the environment are nobody's: two profiles would become one caller.
    return credentials is not None and credentials.access_key != INVENTED_KEY_ID


def _noted(session: Any, credentials: Any) -> Any:
    if credentials is not None and credentials not in _configured:
        _configured[credentials] = _configuration(session)
    return credentials


def _later(session: Any, load: Callable[[], Any]) -> Any:
    """Return credentials that ``load`` gets once they are really needed."""
    is_async = type(session).__name__ == "AioSession"

    def load_now() -> Any:
        session._credentials = None
        return load()

    return _noted(session, _later_class(is_async)(load_now))


@functools.cache
def _later_class(is_async: bool) -> type:
    """Return the class of credentials that are loaded with the first request that leaves."""
    from botocore.credentials import Credentials

    class Later(Credentials):  # type: ignore[misc]  # botocore is not typed
        method = "replay"
        refresh_needed = None
        found: Any = None

        def __init__(self, load: Callable[[], Any]) -> None:
            self._load = load

        def get_frozen_credentials(self) -> Any:
            if _is_played():
                return _invented()
            if self.found is None:
                with passing():
                    self.found = self._load()
            return self.found and self.found.get_frozen_credentials()

        access_key = property(lambda self: self._field("access_key"))
        secret_key = property(lambda self: self._field("secret_key"))
        token = property(lambda self: self._field("token"))
        account_id = property(lambda self: self._field("account_id"))

        def _field(self, name: str) -> Any:
            return getattr(self.get_frozen_credentials(), name, None)

    class LaterAsync(Later):
        async def get_frozen_credentials(self) -> Any:
            if _is_played():
                return _invented()
            if self.found is None:
                with passing():
                    self.found = await self._load()
            return self.found and await self.found.get_frozen_credentials()

        async def get_account_id(self) -> Any:
            return getattr(await self.get_frozen_credentials(), "account_id", None)

        def _field(self, name: str) -> Any:
            return getattr(_invented(), name, None)

    return LaterAsync if is_async else Later


def _invented() -> Any:
    from botocore.credentials import Credentials

    return Credentials(INVENTED_KEY_ID, INVENTED_SECRET).get_frozen_credentials()


def _is_played() -> bool:
    conversation = current()
    return conversation is not None and conversation.offline


# Refreshing.


def _refresh(wrapped: Callable[..., Any], credentials: Any, args: Any, kwargs: Any) -> None:
    if not _is_played():
        with passing():
            wrapped(*args, **kwargs)


def _get_frozen(wrapped: Callable[..., Any], credentials: Any, args: Any, kwargs: Any) -> Any:
    frozen = wrapped(*args, **kwargs)
    return _invented() if frozen is None and _is_played() else frozen


async def _refresh_async(
    wrapped: Callable[..., Awaitable[Any]], credentials: Any, args: Any, kwargs: Any
) -> None:
    if not _is_played():
        with passing():
            await wrapped(*args, **kwargs)


async def _get_frozen_async(
    wrapped: Callable[..., Awaitable[Any]], credentials: Any, args: Any, kwargs: Any
) -> Any:
    frozen = await wrapped(*args, **kwargs)
    return _invented() if frozen is None and _is_played() else frozen

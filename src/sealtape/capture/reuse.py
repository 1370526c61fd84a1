"""What botocore works out anew for every session and every call, and the replays of a process once.

Nearly all the time of a replayed test is botocore's own, and nearly all of that is spent on two things
that come out the same each time:

* Every session reads and parses the models of its services: 30 to 300 ms a client, where the rest of
  making one takes 5. During a replay, sessions share what their loaders found. They do so only if all
  folders that a loader looks into belong to installed packages, which do not change: models in
  ``AWS_DATA_PATH`` or ``~/.aws/models``, and loaders of somebody's own, are read as ever.
* Every call cleans the same words for its user agent twice, and puts the same components together, which is
  a third of the call. The functions that do it depend on nothing but their arguments; their results are
  remembered.

The shared models are the objects that botocore itself shares between the clients of a session. A test that
changes one in place changes it for all sessions: ``share_models = false`` is for such a project.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import wrapt

from sealtape.capture.environment import is_replay

_LOADING = (
    "determine_latest_version", "list_api_versions", "list_available_services",
    "load_data", "load_data_with_path", "load_service_model",
)  # fmt: skip

# Packages that bring models.
_PACKAGES = ("botocore", "boto3", "awscli")

# More words than there are in the user agents of any process.
_WORDS = 4096

_installed = threading.Lock()
_found: dict[Any, Any] = {}


def install() -> None:
    """Let replays reuse botocore's results, now or as soon as it is imported; again, it changes nothing."""
    if _installed.acquire(blocking=False):
        wrapt.register_post_import_hook(_wrap_loaders, "botocore.loaders")
        wrapt.register_post_import_hook(_remember_words, "botocore.useragent")


def _remember_words(module: ModuleType) -> None:
    # Botocore promises neither. A component is a tuple; what is no plain value in it counts by identity.
    component = getattr(module, "UserAgentComponent", None)
    for owner, name in ((module, "sanitize_user_agent_string_component"), (component, "to_string")):
        work = getattr(owner, name, None)
        if work is not None:
            setattr(owner, name, functools.lru_cache(_WORDS)(work))


def _wrap_loaders(module: ModuleType) -> None:
    packages = filter(None, map(find_spec, _PACKAGES))
    packaged = {
        os.path.join(folder, "data") for one in packages for folder in one.submodule_search_locations or ()
    }

    for name in _LOADING:
        # By this name and not by the wrapped function's: botocore's decorator gives all the same one.
        shared = functools.partial(_load, module, frozenset(packaged), name)
        wrapt.wrap_function_wrapper(module, f"Loader.{name}", shared)


def _load(
    module: ModuleType,
    packaged: frozenset[str],
    name: str,
    wrapped: Callable[..., Any],
    loader: Any,
    args: Any,
    kwargs: Any,
) -> Any:
    if not is_replay() or type(loader) is not module.Loader:
        return wrapped(*args, **kwargs)
    folders = tuple(filter(os.path.isdir, loader.search_paths))
    if type(loader.file_loader) is not module.JSONFileLoader or not packaged.issuperset(folders):
        return wrapped(*args, **kwargs)
    key = (name, args, *kwargs.items(), folders, *loader.extras_types)
    found = _found.get(key)
    if found is None:
        # Threads that are here at once take the same one.
        found = _found.setdefault(key, wrapped(*args, **kwargs))
    # Code sorts and filters the lists that it is given; models it reads.
    return list(found) if isinstance(found, list) else found

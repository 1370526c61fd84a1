"""A pytest plugin under which pytest, and the pytest that tests run in it, do not see sealtape.

pytester drops ``PYTEST_ADDOPTS``, so ``-p no:sealtape`` would not reach the inner runs.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

_distributions = importlib.metadata.distributions


def _others(**options: Any) -> list[importlib.metadata.Distribution]:
    return [found for found in _distributions(**options) if found.name != "sealtape"]


importlib.metadata.distributions = _others

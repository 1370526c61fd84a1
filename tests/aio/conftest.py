"""Tests of aiobotocore run where it is installed: it wants another botocore than the other tests.

``tox run -e aiobotocore`` does, and ``tox run -e aioboto3`` with an older one.
"""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("aiobotocore") else ["test_*.py"]

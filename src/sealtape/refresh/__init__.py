"""Recording anew beside the accepted cassettes, and saying what the provider changed.

- `running`: pytest in a process of its own, which writes every new recording to a pending file
- `judging`: what differs between those and the accepted cassettes, and what becomes of them
"""

from sealtape.refresh.judging import RECORDING_FAILED, Refreshed, judged
from sealtape.refresh.running import (
    EMBEDDED,
    Progress,
    RecordedTest,
    Run,
    record_anew,
    require_key,
    require_none_pending,
    require_rules,
)

__all__ = [
    "EMBEDDED",
    "RECORDING_FAILED",
    "Progress",
    "RecordedTest",
    "Refreshed",
    "Run",
    "judged",
    "record_anew",
    "require_key",
    "require_none_pending",
    "require_rules",
]

"""Who is measured. Libraries are imported by the contender that needs them, in a process of its own."""

from __future__ import annotations

from bench.contenders import aws, http
from bench.contenders.base import Contender

CONTENDERS: tuple[Contender, ...] = (*aws.CONTENDERS, *http.CONTENDERS)

__all__ = ["CONTENDERS", "Contender"]

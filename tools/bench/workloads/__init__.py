"""What is measured: one kind of call each, made N times with one client."""

from __future__ import annotations

from bench.workloads import aws, http
from bench.workloads.base import Answer, Site, Workload, name_of

WORKLOADS: dict[str, Workload] = {one.name: one for one in (*aws.WORKLOADS, *http.WORKLOADS)}

__all__ = ["WORKLOADS", "Answer", "Site", "Workload", "name_of"]

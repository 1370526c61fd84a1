"""Who is measured. Libraries are imported by the contender that needs them, in a process of its own."""

from __future__ import annotations

from bench.contenders.base import Contender
from bench.contenders.floors import Floor, SignedFloor
from bench.contenders.recorders import Cassetter, Placebo, Sealtape, Vcrpy
from bench.contenders.stubs import Moto, Responses, Stubber

CONTENDERS: dict[str, Contender] = {
    one.name: one
    for one in (
        Floor(), SignedFloor(), Sealtape(), Cassetter(), Vcrpy(),
        Stubber(), Placebo(), Moto(), Responses(),
    )
}  # fmt: skip

__all__ = ["CONTENDERS", "Contender"]

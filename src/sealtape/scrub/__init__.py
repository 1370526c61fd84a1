"""Captured -> Scrubbed: secrets out, stable stand-ins in, and a gate that reads the result."""

from sealtape.scrub.residue import Residue, find_residue
from sealtape.scrub.rules import RULES, Rule, explain
from sealtape.scrub.scrubber import Scrubber

__all__ = ["RULES", "Residue", "Rule", "Scrubber", "explain", "find_residue"]

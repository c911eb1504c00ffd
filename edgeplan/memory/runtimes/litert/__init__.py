"""LiteRT: the interpreter's arenas, what its delegates add, and what the process takes beside."""

from __future__ import annotations

from edgeplan.memory.runtimes.litert.terms import litert_pools, litert_terms
from edgeplan.memory.runtimes.profile import Profile

__all__ = ["PROFILE"]

PROFILE = Profile(litert_pools, litert_terms)
"""All that a process takes for a model on LiteRT, on the CPU, the GPU or another delegate."""

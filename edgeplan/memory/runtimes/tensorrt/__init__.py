"""TensorRT on a Jetson: weights, one region for activations and workspaces, and what CUDA and the builder add."""

from __future__ import annotations

from edgeplan.memory.runtimes.profile import Profile
from edgeplan.memory.runtimes.tensorrt.terms import pools, terms

__all__ = ["PROFILE"]

PROFILE = Profile(pools, terms)

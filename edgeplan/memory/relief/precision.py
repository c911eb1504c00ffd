"""Less memory by computing in half precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeplan.graph import DType
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.relief.value import NoRelief, Relief
from edgeplan.memory.runtimes import profile_of

__all__ = ["precision"]

_NAME = "float16"

_HOW: Mapping[str, str] = {"tensorrt": "built with --fp16, or from a model exported in float16"}
"""How to get there, by backend: those that compute in the model's own types and have half precision on every device."""


def precision(given: Deployment, pools: Sequence[Pool]) -> Relief | NoRelief:
    """The runtime's own plan again, with every float32 activation as float16; inputs and outputs as well."""
    how = _HOW.get(given.target.backend.name)
    if how is None or given.target.precision == "float16":
        return NoRelief(_NAME, "the runtime computes in half precision already, or is not known to")
    graph = given.graph
    wide = {n: v for n, v in graph.values.items() if v.dtype is DType.FLOAT32 and not v.const}
    if not wide:
        return NoRelief(_NAME, "no activation is float32")
    halved = replace(graph, values={**graph.values, **{n: replace(v, dtype=DType.FLOAT16) for n, v in wide.items()}})
    before = sum(pool.arena.size for pool in pools)
    after = sum(pool.arena.size for pool in profile_of(given.target.backend.name).pools(replace(given, graph=halved)))
    if after >= before:
        return NoRelief(_NAME, "the peak is not made of float32 tensors")
    return Relief(_NAME, before, after, "computed", how, "accuracy")

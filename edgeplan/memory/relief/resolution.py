"""Less memory from smaller images."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from edgeplan.graph import Graph, Op
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.pool import Pool
from edgeplan.memory.relief.spatial import Powers, image_axes, powers, scaled_shape
from edgeplan.memory.relief.value import NoRelief, Relief
from edgeplan.memory.runtimes import profile_of

__all__ = ["resolution"]

_NAME = "smaller-input"
_MOST_OPS = 20_000
"""Ops up to which a plan is made anew."""


def resolution(given: Deployment, pools: Sequence[Pool], factor: float) -> Relief | NoRelief:
    """The runtime's own plan again, with images of `factor` times the side.

    Estimated: which axes follow the image is told from how tensors come from one another, and sizes are rounded up.
    """
    graph = given.graph
    if len(graph.ops) > _MOST_OPS:
        return NoRelief(_NAME, f"not looked at above {_MOST_OPS:,} ops")
    images = [graph.values[n] for n in graph.inputs if image_axes(graph.values[n]) is not None]
    if not images:
        return NoRelief(_NAME, "no input is an image")
    follow = powers(graph)
    resized = next((op.name for op in graph.ops if _resizes(graph, op, follow)), None)
    if resized is not None:
        return NoRelief(_NAME, f"the model scales its images itself, in {resized}")
    fixed = _fixed_by(graph, follow)
    if fixed is not None:
        return NoRelief(_NAME, f"the weights of {fixed} fix the input's size")
    before = sum(pool.arena.size for pool in pools)
    smaller = replace(given, graph=_scaled(graph, follow, factor))
    after = sum(pool.arena.size for pool in profile_of(given.target.backend.name).pools(smaller))
    if after >= before:
        return NoRelief(_NAME, "the peak is not made of tensors that follow the image's size")
    sizes = " and ".join(dict.fromkeys(_said(scaled_shape(v, follow[v.name], factor)) for v in images[:3]))
    return Relief(
        _NAME, before, after, "estimated", f"exported for images of {sizes}, {factor:g} of the side", "accuracy"
    )


def _scaled(graph: Graph, follow: dict[str, Powers], factor: float) -> Graph:
    values = dict(graph.values)
    for name, power in follow.items():
        values[name] = replace(values[name], shape=scaled_shape(values[name], power, factor), data=None)
    return replace(graph, values=values)


def _resizes(graph: Graph, op: Op, follow: dict[str, Powers]) -> bool:
    """Whether an op scales an image before anything is computed on it."""
    if not _RESIZES.search(op.type) or op.inputs[0] not in follow:
        return False
    image = graph.values[op.inputs[0]]
    return image_axes(image) is not None and not (image.elements or 0) > max(
        graph.values[n].elements or 0 for n in graph.inputs
    )


_RESIZES = re.compile("resize|upsample", re.IGNORECASE)


def _fixed_by(graph: Graph, follow: dict[str, Powers]) -> str | None:
    """The first op that multiplies the image's own axes with weights: its weights fit one size of image only."""
    for op in graph.ops:
        if op.type.lower().replace("_", "") in _CONTRACT and op.inputs and op.inputs[0] in follow:
            weights = [graph.values[n] for n in op.inputs[1:2]]
            if weights and weights[0].const and follow[op.inputs[0]][-1] and not op.attrs.get("transA"):
                return op.name
    return None


_CONTRACT = frozenset({"matmul", "gemm", "linear", "fullyconnected"})


def _said(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))

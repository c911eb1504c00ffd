"""Which tensors still are the raw input, or lie before a depth or an op after which data may leave the device.

A rule on what is sent, and no promise of what cannot be told from it: features of early layers let pictures be
reconstructed (Mahendran and Vedaldi, CVPR 2015; He et al., ACSAC 2019).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.cost.families import CONTRACTIONS, family_of
from edgeplan.graph import Graph, Op
from edgeplan.splitting.forced import with_followers
from edgeplan.splitting.problem import INPUT
from edgeplan.splitting.wiring import Wiring

__all__ = ["PrivacyError", "depths", "of_raw_input", "sendable"]

Array = NDArray[Any]

_COPIES = frozenset({"", "move", "transpose", "concat", "slice", "gather", "cast", "resize", "pool", "activation"})
"""Families that arrange, pick, round or shrink the elements of what they read, or change each by itself."""

_KEEPING = frozenset({
    "DynamicQuantizeLinear", "com.microsoft.QuantizeLinear", "com.microsoft.DequantizeLinear", "Where", "SELECT",
    "SELECT_V2", "BitwiseNot", "CumSum", "CUMSUM", "DFT", "STFT", "RFFT2D", "Compress", "Trilu", "Dropout",
})  # fmt: skip
"""Ops of other families that do no more than that, or can be undone."""

_SCALING = frozenset({"arithmetic", "norm"})
"""Families that shift and scale: what they read still is there if all else they read is smaller, or is it, too."""


class PrivacyError(ValueError):
    """What is asked does not fit the model, in one line."""


@dataclass(frozen=True, slots=True)
class _Flow:
    """By tensor of a wiring: whether it is the raw input in another form, and the contractions behind the inputs."""

    raw: Array
    depth: Array


def of_raw_input(wiring: Wiring) -> Array:
    """Which tensors [T] are an input of the model, or one that was only copied, cropped, resized, cast, scaled, or
    changed element by element.
    """
    return _flow(wiring).raw


def depths(wiring: Wiring) -> Array:
    """The fewest contractions [T] (convolutions, products) that lie between an input of the model and a tensor."""
    return _flow(wiring).depth


def _flow(wiring: Wiring) -> _Flow:
    graph, at = wiring.graph, {name: i for i, name in enumerate(wiring.tensors)}
    raw = np.zeros(len(at), bool)
    depth = np.full(len(at), np.iinfo(np.int64).max, np.int64)
    given = wiring.problem.maker == INPUT
    raw[given], depth[given] = True, 0
    for i in wiring.ops:
        op = graph.ops[i]
        read = [at[n] for n in graph.reads(op) if n in at]
        if not read:
            continue
        still = _keeps(graph, op, [n for n in graph.reads(op) if n in at and raw[at[n]]])
        least = min(int(depth[read].min()) + _contracts(graph, op), np.iinfo(np.int64).max)
        for out in op.outputs:
            if out in at:
                raw[at[out]], depth[at[out]] = still, least
    return _Flow(raw, depth)


def _contracts(graph: Graph, op: Op) -> bool:
    """Whether an op sums products; an Einsum of one operand only arranges it, or adds its elements."""
    return family_of(graph, op) in CONTRACTIONS and len(op.inputs) > 1


def _keeps(graph: Graph, op: Op, raw: Collection[str]) -> bool:
    """Whether what an op makes still is the `raw` of what it reads: of a body, that of any branch."""
    if not raw:
        return False
    if op.bodies:
        return any(_all_keep(body.graph) for body in op.bodies)
    label = op.type if op.domain == "onnx" else op.label
    family = family_of(graph, op)
    if label in _KEEPING or family in _COPIES:
        return True
    if family in CONTRACTIONS:
        return not _contracts(graph, op)
    largest = max((graph.values[n].elements or 0 for n in raw), default=0)
    others = [n for n in op.inputs if n not in raw and not graph.values[n].const]
    return family in _SCALING and all((graph.values[n].elements or 0) < largest for n in others)


def _all_keep(body: Graph) -> bool:
    """Whether a body hands out what it is given or captures, at most arranged or scaled."""
    reads = ([n for n in body.reads(op) if not body.values[n].const] for op in body.ops)
    return all(not read or _keeps(body, op, read) for op, read in zip(body.ops, reads, strict=True))


def sendable(wiring: Wiring, *, keep_raw_input: bool, min_depth: int, private_until: str | None) -> Array:
    """Which tensors [T] may leave the device.

    With `keep_raw_input` none that still is the input, with `min_depth` none with fewer contractions behind the inputs
    on some path, and with `private_until` only what follows from the results of the op of that name.
    Raises `PrivacyError` where there is no such op, or the model is not that deep.
    """
    allowed = np.ones(len(wiring.tensors), bool)
    if keep_raw_input:
        allowed &= ~of_raw_input(wiring)
    if min_depth:
        depth = depths(wiring)
        deepest = int(depth[depth < np.iinfo(np.int64).max].max(initial=0))
        if min_depth > deepest:
            raise PrivacyError(f"nothing lies behind {min_depth:,} convolutions or products: the most is {deepest:,}")
        allowed &= depth >= min_depth
    if private_until:
        allowed &= _behind(wiring, private_until)
    return allowed


def _behind(wiring: Wiring, name: str) -> Array:
    """Which tensors [T] follow from an op's results."""
    found = wiring.at.get(name)
    if found is None:
        raise PrivacyError(f"the model has no op {name!r} that data could be private until")
    maker = wiring.problem.maker
    follows = with_followers(wiring.problem, np.arange(wiring.problem.ops) == found)
    behind: Array = (maker != INPUT) & follows[np.where(maker == INPUT, 0, maker)]
    return behind

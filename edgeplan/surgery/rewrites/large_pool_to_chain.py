"""A pool with a large window becomes a chain of pools with small ones.

Before:
    y = MaxPool(x, kernel_shape=[25, 25], strides=[2, 2])
After:
    a = MaxPool(x, kernel_shape=[13, 13])
    y = MaxPool(a, kernel_shape=[13, 13], strides=[2, 2])

The maximum of maxima of overlapping windows is the maximum of all: windows of a and b make one of a + b - 1. Padding
is shared out among them, as much to each as its window takes. An average over windows that stand side by side is
the average of averages over parts of them. Not done for averages that overlap or pad, or whose window has no such
parts; where sizes are rounded up; or where the places of the maxima are asked for.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.looking import attribute, is_used
from edgeplan.surgery.pooling import Pool, pool
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["LargePoolToChain"]

_MOST = 13
"""The largest window that the oldest accelerators take."""


class LargePoolToChain(Rewrite):
    """See the module's page."""

    id: ClassVar[str] = "large-pool-to-chain"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FORM
    roots: ClassVar[frozenset[str]] = frozenset({"MaxPool", "AveragePool"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on a pool with a window of more than 13 along an axis."""
        data, found = node.inputs[0], pool(node)
        if data is None or isinstance(found, str) or max(found.kernel) <= _MOST:
            return None
        if any(map(is_used, node.outputs[1:])):
            return NearMiss("the pool gives the places of the maxima, too")
        if attribute(node, "ceil_mode", 0):
            return NearMiss("the output size is rounded up")
        chain = _maxima(found) if node.op_type == "MaxPool" else _averages(found)
        if isinstance(chain, str):
            return NearMiss(chain)
        edit = Edit()
        here = data
        for step in chain:
            given = {"kernel_shape": list(step.kernel), "strides": list(step.strides), "pads": step.pads}
            here = edit.typed(edit.op(node.op_type, [here], given), like=data)
        return edit.replaces([node], {node.outputs[0]: here})


def _maxima(found: Pool) -> list[Pool]:
    """Pools by steps of 1 and a last one by the steps of the whole; each pads as far as its window reaches."""
    left, before, behind = list(found.kernel), list(found.before), list(found.behind)
    chain: list[Pool] = []
    ones = (1,) * len(left)
    while any(k > 1 for k in left):
        kernel = tuple(min(k, _MOST) for k in left)
        left = [k - part + 1 for k, part in zip(left, kernel, strict=True)]
        low = tuple(min(p, k - 1) for p, k in zip(before, kernel, strict=True))
        high = tuple(min(p, k - 1) for p, k in zip(behind, kernel, strict=True))
        before = [p - q for p, q in zip(before, low, strict=True)]
        behind = [p - q for p, q in zip(behind, high, strict=True)]
        last = all(k == 1 for k in left)
        chain.append(Pool(kernel, found.strides if last else ones, low, high, None, None))
    return chain


def _averages(found: Pool) -> list[Pool] | str:
    """Pools whose windows stand side by side and multiply to the whole one."""
    if found.strides != found.kernel or any(found.pads):
        return "the windows of the average overlap, leave gaps or reach into padding"
    factors = [_factors(k) for k in found.kernel]
    if any(f is None for f in factors):
        return f"the window is no product of sizes up to {_MOST}"
    lists = [list(f or ()) for f in factors]
    steps = max(len(f) for f in lists)
    zeros = (0,) * len(lists)
    chain = []
    for at in range(steps):
        kernel = tuple(f[at] if at < len(f) else 1 for f in lists)
        chain.append(Pool(kernel, kernel, zeros, zeros, None, None))
    return chain


def _factors(size: int) -> list[int] | None:
    """Few numbers up to the largest window that multiply to `size`; None where a prime is larger."""
    found: list[int] = []
    while size > 1:
        part = next((f for f in range(_MOST, 1, -1) if size % f == 0), None)
        if part is None:
            return None
        found.append(part)
        size //= part
    return found

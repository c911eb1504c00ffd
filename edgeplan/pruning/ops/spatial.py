"""Ops on positions: pools, resizing, sampling, and what trades channels for positions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edgeplan.graph import Op
from edgeplan.pruning.layout import Block
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE"]


def _pool(trace: Trace, op: Op) -> None:
    """Windows slide over the axes from 2 on."""
    x = op.inputs[0]
    if len(op.outputs) > 1:
        trace.refuse(op, "it hands out where it found its values")
        return
    spatial = range(2, len(trace.shape(x) or ()))
    trace.layouts[op.outputs[0]] = trace.without(trace.layout(x), spatial, f"{op.label} slides over it")


def _resize(trace: Trace, op: Op) -> None:
    """Axes that keep their size pass, if it is no factor near 1 that lets them."""
    x = op.inputs[0]
    before, after = trace.shape(x) or (), trace.shape(op.outputs[0]) or ()
    changed = [a for a, (m, n) in enumerate(zip(before, after, strict=True)) if m != n or not isinstance(m, int)]
    sizes, scales, axes = op.input("sizes"), op.input("scales"), op.attrs.get("axes")
    factors = (trace.value(scales).data or ()) if scales is not None else op.attrs.get("scales", ())
    if isinstance(factors, tuple):
        named = axes if isinstance(axes, tuple) else range(len(before))
        changed += [int(a) % len(before) for a, f in zip(named, factors, strict=False) if f != 1]  # type: ignore[arg-type]
    found = trace.without(trace.layout(x), changed, f"{op.label} changes its size")
    if any(n is not None and trace.value(n).data is None and trace.value(n).elements != 0 for n in (sizes, scales)):
        trace.stick(found, "the size it gets is computed by the model")
    trace.layouts[op.outputs[0]] = found


def _sampled(trace: Trace, op: Op) -> None:
    """GridSample and RoiAlign: channels pass, and what says where to look stays."""
    for name in op.inputs[1:]:
        trace.stick(trace.layout(name), "a place to look at")
    rank = len(trace.shape(op.inputs[0]) or ())
    others = [a for a in range(rank) if a != 1]
    trace.layouts[op.outputs[0]] = trace.without(trace.layout(op.inputs[0]), others, f"{op.label} samples it")


def _depth_to_space(trace: Trace, op: Op) -> None:
    """Channels that become positions of one channel go together."""
    given = trace.without(trace.layout(op.inputs[0]), (2, 3), "positions")
    rows, size = trace.axis(given, 1), op.attrs["blocksize"]
    assert isinstance(size, int)
    if rows is None:
        trace.layouts[op.outputs[0]] = given
        return
    last = op.attrs.get("mode", "DCR") == "CRD"
    table = rows.reshape(-1, size * size).T if last else rows.reshape(size * size, -1)
    trace.atoms.tie(table[:1], table)
    trace.set(op.outputs[0], [Block((1,), table[0]) if table.shape[1] > 1 else None])
    if table.shape[1] == 1:
        trace.stick(rows, "all of an axis would go at once")


def _space_to_depth(trace: Trace, op: Op) -> None:
    """Every channel becomes one for each position of a block."""
    given = trace.without(trace.layout(op.inputs[0]), (2, 3), "positions")
    rows, size = trace.axis(given, 1), op.attrs["blocksize"]
    assert isinstance(size, int)
    trace.set(op.outputs[0], [Block((1,), np.tile(rows, size * size)) if rows is not None else None])


_POOLS = "AveragePool GlobalAveragePool GlobalLpPool GlobalMaxPool LpPool MaxPool"

TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    **dict.fromkeys(_POOLS.split(), _pool),
    "DepthToSpace": _depth_to_space,
    "GridSample": _sampled,
    "Resize": _resize,
    "RoiAlign": _sampled,
    "SpaceToDepth": _space_to_depth,
    "Upsample": _resize,
}

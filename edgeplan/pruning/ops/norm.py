"""Normalisations and reductions: channels pass where each is treated by itself, and stay where they are mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from edgeplan.graph import Op
from edgeplan.pruning.layout import Block, Layout
from edgeplan.pruning.trace import Trace

__all__ = ["TABLE"]

_SCALES = "its scales keep their number"


def _per_channel(trace: Trace, op: Op) -> None:
    """BatchNormalization and InstanceNormalization: axis 1 with one scale, bias and statistic for each index."""
    x = op.inputs[0]
    if any(len(trace.shape(name) or ()) != 1 for name in op.inputs[1:]):
        trace.refuse(op, f"{op.label} has scales of its own for every position")  # spatial = 0, before opset 9
        return
    spatial = range(2, len(trace.shape(x) or ()))
    given = trace.layout(x)
    if op.type == "InstanceNormalization":
        given = trace.without(given, spatial, f"{op.label} averages over it")
    rows = trace.axis(given, 1)
    for name in op.inputs[1:]:
        trace.tie(rows, trace.axis(trace.layout(name), 0), _SCALES)
    statistics = Layout((Block((0,), rows),) if rows is not None else ())
    trace.layouts.update(dict.fromkeys(op.outputs, statistics))
    trace.layouts[op.outputs[0]] = given


def _group_norm(trace: Trace, op: Op) -> None:
    """GroupNormalization: groups of axis 1 go as a whole, so that the statistics of the others stay as they are."""
    x, groups = op.inputs[0], op.attrs.get("num_groups", 1)
    assert isinstance(groups, int)
    given = trace.without(trace.layout(x), range(2, len(trace.shape(x) or ())), f"{op.label} averages over it")
    rows = trace.axis(given, 1)
    if rows is not None:
        if groups == 1:
            trace.stick(rows, f"{op.label} averages over it")
        table = rows.reshape(groups, -1)
        trace.atoms.tie(table[:, :1], table)
    for name in op.inputs[1:]:
        scale = trace.axis(trace.layout(name), 0)
        mine = (
            rows.reshape(groups, -1)[:, 0] if rows is not None and scale is not None and len(scale) == groups else rows
        )
        trace.tie(mine, scale, _SCALES)
    trace.layouts[op.outputs[0]] = given


def _along(default: int, onward: bool) -> Callable[[Trace, Op], None]:
    """What mixes the indices of an axis, or of it and all that follow, and keeps the shape."""

    def step(trace: Trace, op: Op) -> None:
        rank = len(trace.shape(op.inputs[0]) or ())
        axis = op.attrs.get("axis", default)
        if op.type in ("Softmax", "LogSoftmax", "Hardmax") and op.version < 13:
            axis, whole = op.attrs.get("axis", 1), True
        else:
            whole = onward
        assert isinstance(axis, int)
        axis %= max(rank, 1)
        _mixed(trace, op, range(axis, rank) if whole else (axis,))

    return step


def _cumulated(trace: Trace, op: Op) -> None:
    """CumSum: every index holds those before it."""
    axis = trace.value(op.inputs[1]).data
    rank = len(trace.shape(op.inputs[0]) or ())
    _mixed(trace, op, [int(axis[0]) % max(rank, 1)] if axis else range(rank))


def _moments(trace: Trace, op: Op) -> None:
    """MeanVarianceNormalization: over the batch and positions unless other axes are named."""
    axes = op.attrs.get("axes", (0, 2, 3))
    assert isinstance(axes, tuple)
    rank = len(trace.shape(op.inputs[0]) or ())
    _mixed(trace, op, [int(a) % max(rank, 1) for a in axes])  # type: ignore[arg-type]


def _lrn(trace: Trace, op: Op) -> None:
    """LRN: every channel is divided by its neighbours."""
    _mixed(trace, op, [1])


def _mixed(trace: Trace, op: Op, axes: Iterable[int]) -> None:
    """What lies along these axes stays, scales and biases with it; the other axes pass."""
    found = trace.without(trace.layout(op.inputs[0]), axes, f"{op.label} mixes its indices")
    for name in op.inputs[1:]:
        trace.stick(trace.layout(name), f"{op.label} mixes its indices")
    trace.layouts.update(dict.fromkeys(op.outputs, found))


def _reduced(trace: Trace, op: Op) -> None:
    """Reductions, and the index of the largest or least: the axes that are left pass."""
    rank = len(trace.shape(op.inputs[0]) or ())
    axes = _axes(trace, op, rank)
    if axes is None:
        trace.refuse(op, "the axes it reduces are computed by the model")
        return
    left = trace.without(trace.layout(op.inputs[0]), axes, f"{op.label} reduces it")
    if not op.attrs.get("keepdims", 1):
        rest = [a for a in range(rank) if a not in axes]
        left = left.moved({a: i for i, a in enumerate(rest)})
    trace.layouts[op.outputs[0]] = left


def _axes(trace: Trace, op: Op, rank: int) -> list[int] | None:
    if op.type in ("ArgMax", "ArgMin"):
        axis = op.attrs.get("axis", 0)
        assert isinstance(axis, int)
        return [axis % max(rank, 1)]
    given = op.attrs.get("axes")
    named = op.input("axes")
    if given is None and named is not None:
        given = trace.value(named).data
        if given is None:
            return None
    if not given:
        return [] if op.attrs.get("noop_with_empty_axes") else list(range(rank))
    assert isinstance(given, tuple)
    return [int(a) % max(rank, 1) for a in given]  # type: ignore[arg-type]


_REDUCTIONS = (
    "ArgMax ArgMin ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum "
    "ReduceSumSquare"
)

TABLE: Mapping[str, Callable[[Trace, Op], None]] = {
    **dict.fromkeys(_REDUCTIONS.split(), _reduced),
    "BatchNormalization": _per_channel,
    "CumSum": _cumulated,
    "GroupNormalization": _group_norm,
    "Hardmax": _along(-1, onward=False),
    "InstanceNormalization": _per_channel,
    "LRN": _lrn,
    "LayerNormalization": _along(-1, onward=True),
    "LogSoftmax": _along(-1, onward=False),
    "LpNormalization": _along(-1, onward=False),
    "MeanVarianceNormalization": _moments,
    "RMSNormalization": _along(-1, onward=True),
    "Softmax": _along(-1, onward=False),
}

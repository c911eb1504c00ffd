"""Conditions on ops that move or count elements."""

from __future__ import annotations

from edgeplan.capability.predicates.onnxruntime_coreml.read import axes_of, input_at, numbers, whole
from edgeplan.graph import Op, Value

__all__ = [
    "gathers_along_open_axis",
    "pads_before_last_two",
    "reflects_whole_axis",
    "slices_nothing",
    "split_off_axis",
    "split_unevenly",
    "tile_repeats_off",
]


def slices_nothing(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A range of the slice is empty: the output has an axis of no elements."""
    shape = outputs[0].shape
    if shape is None:
        return None
    return 0 in shape or (None if any(not isinstance(d, int) for d in shape) else False)


def pads_before_last_two(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An axis before the last two is padded."""
    rank, pads = None if inputs[0].shape is None else len(inputs[0].shape), numbers(op, inputs, "pads")
    if rank is None or pads is None:
        return None
    axes = axes_of(op, inputs, len(pads) // 2, rank)
    amounts = whole(pads)
    return any(a < rank - 2 and (amounts[i] or amounts[i + len(axes)]) for i, a in enumerate(axes))


def reflects_whole_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A reflecting pad is at least as long as the axis it pads."""
    shape, pads = inputs[0].shape, numbers(op, inputs, "pads")
    if op.attrs.get("mode") != "reflect":
        return False
    if shape is None or pads is None:
        return None
    axes = axes_of(op, inputs, len(pads) // 2, len(shape))
    amounts = whole(pads)
    sizes = [(shape[a], max(amounts[i], amounts[i + len(axes)])) for i, a in enumerate(axes)]
    return any(isinstance(size, int) and 0 < size <= most for size, most in sizes)


def split_off_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The sizes of a split hold a zero, or do not sum to the axis, or the axis is open."""
    shape, axis = inputs[0].shape, op.attrs.get("axis", 0)
    sizes = numbers(op, inputs, "split")
    if input_at(op, inputs, "split") is None and sizes is None:
        return False
    if shape is None or sizes is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    return shape[axis] != sum(whole(sizes)) or 0 in whole(sizes)


def split_unevenly(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """No sizes are given before opset 18, and the axis is not a multiple of the number of outputs."""
    shape, axis = inputs[0].shape, op.attrs.get("axis", 0)
    if op.version >= 18 or "split" in op.attrs or input_at(op, inputs, "split") is not None:
        return False
    if shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    size = shape[axis]
    return not isinstance(size, int) or size % len(outputs) != 0


def tile_repeats_off(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A known repeat is smaller than 1."""
    repeats = numbers(op, inputs, "repeats")
    return repeats is not None and any(r < 1 for r in whole(repeats))


def gathers_along_open_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An axis that the indices of a GatherND walk along has no known size."""
    data, indices = inputs[0].shape, inputs[1].shape
    if data is None or not indices or not isinstance(indices[-1], int):
        return True
    return any(not isinstance(d, int) for d in data[: indices[-1]])

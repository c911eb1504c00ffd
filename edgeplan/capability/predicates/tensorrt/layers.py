"""Conditions on layers of the GPU: pooling, resizing, recurrence, branches, axes of unknown size."""

from __future__ import annotations

from edgeplan.capability.predicates.tensorrt.values import at, numbers, size
from edgeplan.graph import Op, Value

__all__ = [
    "channels_unknown",
    "directions_differ_in_activations",
    "elu_in_several_gates",
    "gives_nothing",
    "lengths_with_batch_first",
    "pads_whole_window",
    "ranks_of_branches_differ",
    "scales_beyond_three_axes",
    "scales_beyond_two_axes",
]


def channels_unknown(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The size of the second axis of the input is not known before the model runs."""
    return not isinstance(size(inputs[0].shape, 1), int) if inputs and inputs[0].shape else None


def directions_differ_in_activations(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The two directions of a recurrent layer have different activation functions."""
    names = op.attrs.get("activations")
    if op.attrs.get("direction") != "bidirectional" or not isinstance(names, tuple):
        return False
    half = len(names) // 2
    return names[:half] != names[half : 2 * half]


def elu_in_several_gates(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Elu is computed more than once a step: the first activation of an LSTM serves three gates, every other one."""
    names = op.attrs.get("activations")
    if not isinstance(names, tuple):
        return False
    each = names[: len(names) // 2] if op.attrs.get("direction") == "bidirectional" else names
    gates = (3, 1, 1) if op.type == "LSTM" else (1, 1)
    return sum(n for n, name in zip(gates, each, strict=False) if name == "Elu") > 1


def gives_nothing(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The result is known to have no elements."""
    return any(v.elements == 0 for v in outputs)


def lengths_with_batch_first(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Sequence lengths are given, the batch comes first, and is neither 1 nor of the size of the sequence."""
    if op.attrs.get("layout") != 1 or at(op, inputs, "sequence_lens") is None:
        return False
    batch, length = size(inputs[0].shape, 0), size(inputs[0].shape, 1)
    if batch == 1:
        return False
    known = isinstance(batch, int), isinstance(length, int)
    return batch != length if any(known) else None


def pads_whole_window(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An average that leaves the padding out, with a padding at least as wide as the window.

    What `ceil_mode` needs beyond the padding counts as padding behind.
    """
    kernel = numbers(op.attrs.get("kernel_shape"))
    if op.attrs.get("count_include_pad", 0) == 1 or op.attrs.get("auto_pad", "NOTSET") != "NOTSET":
        return False
    axes = len(kernel)
    pads = numbers(op.attrs.get("pads")) or (0,) * 2 * axes
    strides = numbers(op.attrs.get("strides")) or (1,) * axes
    if len(pads) != 2 * axes or len(strides) != axes:
        return None
    for axis, (window, before, behind, stride) in enumerate(zip(kernel, pads, pads[axes:], strides, strict=False)):
        length = size(inputs[0].shape, axis - axes)
        if op.attrs.get("ceil_mode", 0) == 1 and isinstance(length, int):
            behind += -(length + before + behind - window) % stride
        if max(before, behind) >= window:
            return True
    return False


def ranks_of_branches_differ(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The condition is not known beforehand, and the branches give tensors of different ranks."""
    if op.type != "If" or not inputs or inputs[0].const or len(op.bodies) < 2:
        return False
    first, second = (b.graph for b in op.bodies[:2])
    unknown = False
    for a, b in zip(first.outputs, second.outputs, strict=False):
        left = first.values[a].shape if a in first.values else None
        right = second.values[b].shape if b in second.values else None
        if left is None or right is None:
            unknown = True
        elif len(left) != len(right):
            return True
    return None if unknown else False


def _scales_beyond(op: Op, inputs: tuple[Value, ...], most: int) -> bool | None:
    scales = at(op, inputs, "scales")
    if scales is None or "axes" in op.attrs:
        return False
    if scales.data is None:
        return None if scales.const else False
    return any(s != 1 for s in scales.data[: max(0, len(scales.data) - most)])


def scales_beyond_three_axes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A scale other than 1 lies before the last three axes."""
    return _scales_beyond(op, inputs, 3)


def scales_beyond_two_axes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A scale other than 1 lies before the last two axes."""
    return _scales_beyond(op, inputs, 2)

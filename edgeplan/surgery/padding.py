"""Padding: what a Pad adds to each axis, what a convolution or a pool adds itself, and both as one."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from edgeplan.surgery.looking import attribute, dims, integers, ints, only_reader, scalar

__all__ = ["both_paddings", "own_padding", "pad_value", "pad_widths"]


def pad_widths(pad: ir.Node, opset: int) -> tuple[tuple[int, int], ...] | None:
    """The widths before and behind every axis; None where they are not known."""
    shape = dims(pad.inputs[0])
    if shape is None:
        return None
    widths = integers(pad.inputs[1]) if opset >= 11 and len(pad.inputs) > 1 else ints(pad, "pads")
    if widths is None:
        return None
    axes = list(range(len(shape)))
    if len(pad.inputs) > 3 and pad.inputs[3] is not None:
        named = integers(pad.inputs[3])
        if named is None:
            return None
        axes = [a % len(shape) for a in named]
    if len(widths) != 2 * len(axes):
        return None
    found = [(0, 0)] * len(shape)
    for i, axis in enumerate(axes):
        found[axis] = (widths[i], widths[len(axes) + i])
    return tuple(found)


def pad_value(pad: ir.Node, opset: int) -> float | None:
    """What a Pad of mode constant writes; None where it is not known."""
    if opset < 11:
        return float(attribute(pad, "value", 0.0))
    return 0.0 if len(pad.inputs) < 3 or pad.inputs[2] is None else scalar(pad.inputs[2])


def own_padding(
    node: ir.Node, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[int, ...] | None:
    """What a Conv or a pool puts around its input: before each spatial axis, then behind each.

    None where it chooses that by a size that is not known.
    """
    auto, none = attribute(node, "auto_pad", "NOTSET"), (0,) * (2 * len(kernel))
    if auto in ("NOTSET", ""):
        return ints(node, "pads", none)
    if auto == "VALID":
        return none
    shape = dims(node.inputs[0])
    before, behind = [], []
    for axis, (k, s, d) in enumerate(zip(kernel, strides, dilations, strict=True)):
        reach = (k - 1) * d
        size = shape[2 + axis] if shape is not None and len(shape) == 2 + len(kernel) else None
        if s == 1:
            total = reach
        elif isinstance(size, int):
            total = max((-(-size // s) - 1) * s + reach + 1 - size, 0)
        else:
            return None
        small, large = total // 2, total - total // 2
        before.append(large if auto == "SAME_LOWER" else small)
        behind.append(small if auto == "SAME_LOWER" else large)
    return (*before, *behind)


def both_paddings(pad: ir.Node, node: ir.Node, opset: int) -> tuple[tuple[int, ...], tuple[int, ...]] | str:
    """What a Pad puts around the images that a convolution or pool alone reads, and what that adds itself.

    Or why the two cannot be one: words about them.
    """
    mode = attribute(pad, "mode", "constant")
    if mode != "constant":
        return f"the Pad's mode is {mode}"
    if only_reader(pad.outputs[0]) is not node:
        return "something else reads the padded tensor"
    widths = pad_widths(pad, opset)
    if widths is None or pad.inputs[0] is None:
        return "the Pad's widths are not known"
    if any(any(pair) for pair in widths[:2]):
        return "the Pad widens the batch or channel axis"
    if min(min(pair) for pair in widths) < 0:
        return "the Pad crops"
    if attribute(node, "auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        return f"the {node.op_type} chooses its padding by its input's size"
    outer = (*(w for w, _ in widths[2:]), *(w for _, w in widths[2:]))
    ones = (1,) * (len(outer) // 2)
    return outer, own_padding(node, ones, ones, ones) or ()

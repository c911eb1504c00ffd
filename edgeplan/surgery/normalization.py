"""What normalizations are made of: means over axes, the root of a mean of squares, and what is divided by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.axes import axes_reduced
from edgeplan.surgery.looking import (
    HALVES,
    attribute,
    dims,
    is_constant,
    made_by,
    only_reader,
    scalar,
    sizes,
)
from edgeplan.surgery.rewrite import Edit, NearMiss
from edgeplan.surgery.spelling import reduced, reshaped

__all__ = [
    "Quotient",
    "Spread",
    "affine_behind",
    "along_last",
    "both_ways",
    "narrow",
    "partner",
    "per_channel",
    "quotient",
    "root_mean_square",
    "sizes_of_last",
    "spread",
    "standardised",
    "weight",
]


@dataclass(frozen=True, slots=True)
class Spread:
    """sqrt(mean(value * value, axes) + epsilon), or 1 by it where `inverse`, and the nodes that compute it."""

    value: ir.Value
    axes: tuple[int, ...]
    epsilon: float
    inverse: bool
    nodes: tuple[ir.Node, ...]


@dataclass(frozen=True, slots=True)
class Quotient:
    """`value` divided by a spread, in `result`, and the nodes that compute it from both."""

    value: ir.Value
    result: ir.Node
    nodes: tuple[ir.Node, ...]


def standardised(
    edit: Edit, value: ir.Value, axes: Sequence[int], epsilon: float, opset: int
) -> tuple[ir.Value, ir.Value, ir.Value]:
    """(value - mean) / sqrt(variance + epsilon), over axes, written in plain ops; with it the mean and the root."""
    shape = dims(value)
    mean = reduced(edit, opset, "ReduceMean", value, axes)
    centred = edit.typed(edit.op("Sub", [value, mean]), value, shape)
    root = root_mean_square(edit, centred, axes, epsilon, opset)
    return edit.typed(edit.op("Div", [centred, root]), value, shape), mean, root


def root_mean_square(edit: Edit, value: ir.Value, axes: Sequence[int], epsilon: float, opset: int) -> ir.Value:
    """sqrt(mean(value * value) + epsilon), over axes, written in plain ops."""
    squared = edit.typed(edit.op("Mul", [value, value]), value, dims(value))
    mean = reduced(edit, opset, "ReduceMean", squared, axes)
    raised = edit.typed(edit.op("Add", [mean, edit.constant(epsilon, value.dtype)]), value, dims(mean))
    return edit.typed(edit.op("Sqrt", [raised]), value, dims(mean))


def per_channel(edit: Edit, value: ir.Value, scale: ir.Value, bias: ir.Value) -> ir.Value:
    """value * scale + bias, where both have one number for each entry of the second axis."""
    shape = dims(value)
    channels = sizes(scale)
    assert shape is not None
    assert channels is not None
    along = (*channels, *(1,) * (len(shape) - 2))
    for kind, weight in (("Mul", scale), ("Add", bias)):
        if is_constant(weight):
            standing = edit.folded(lambda a: a.reshape(along), weight, shape=along)
        else:
            standing = reshaped(edit, weight, along)
        value = edit.typed(edit.op(kind, [value, standing]), value, shape)
    return value


def narrow(value: ir.Value | None) -> NearMiss | None:
    """Why statistics of a value cannot be spelt out: plain ops would take them in its type, the op does in float32."""
    if value is None or value.dtype is None:
        return NearMiss("the type of its input is not known")
    if value.dtype in HALVES:
        return NearMiss(f"its sums would be taken in {value.dtype.name.lower()}, the op takes them in float32")
    return None


def both_ways(node: ir.Node) -> Iterator[tuple[ir.Value, ir.Value]]:
    """The two operands of an Add or Mul, in either order."""
    a, b = node.inputs[0], node.inputs[1]
    if a is not None and b is not None:
        yield a, b
        yield b, a


def spread(root: ir.Node) -> Spread | None:
    """The root of a mean of squares a Sqrt, or a Pow by 0.5 or -0.5, makes."""
    power = 0.5 if root.op_type == "Sqrt" else scalar(root.inputs[1])
    raised = made_by(root.inputs[0], "Add")
    if power not in (0.5, -0.5) or raised is None:
        return None
    for term, small in both_ways(raised):
        mean, epsilon = made_by(term, "ReduceMean"), scalar(small)
        if mean is None or epsilon is None or epsilon <= 0 or attribute(mean, "keepdims", 1) != 1:
            continue
        axes, square = axes_reduced(mean), made_by(mean.inputs[0], "Mul", "Pow")
        if square is None or axes is None or square.inputs[0] is None:
            return None
        twice = square.inputs[0] is square.inputs[1] if square.op_type == "Mul" else scalar(square.inputs[1]) == 2
        if not twice:
            return None
        return Spread(square.inputs[0], axes, epsilon, power < 0, (square, mean, raised, root))
    return None


def quotient(root: ir.Node, inverse: bool) -> Quotient | None:
    """What is divided by a root, or multiplied by its inverse, when that is all it is used for."""
    nodes: list[ir.Node] = []
    value = root.outputs[0]
    user = only_reader(value)
    if user is not None and not inverse and (user.op_type == "Reciprocal" or _one_by(user, value)):
        nodes.append(user)
        value, inverse = user.outputs[0], True
        user = only_reader(value)
    if user is None or user.domain != "":
        return None
    if inverse and user.op_type == "Mul":
        other = user.inputs[1] if user.inputs[0] is value else user.inputs[0]
    elif not inverse and user.op_type == "Div" and user.inputs[1] is value:
        other = user.inputs[0]
    else:
        return None
    if other is None or other is value:
        return None
    return Quotient(other, user, (*nodes, user))


def _one_by(node: ir.Node, value: ir.Value) -> bool:
    return node.op_type == "Div" and node.inputs[1] is value and scalar(node.inputs[0]) == 1


def partner(node: ir.Node, value: ir.Value) -> ir.Value | None:
    """The other operand of an Add or Mul."""
    return next((b for a, b in both_ways(node) if a is value), None)


def affine_behind(
    result: ir.Node, axes: int, source: ir.Value | None, kinds: Sequence[str] = ("Mul", "Add")
) -> tuple[list[ir.Node], ir.Node, dict[str, ir.Value]]:
    """Right behind a node, a Mul and an Add of constants along the last axes: nodes, the last one, constants by op."""
    nodes: list[ir.Node] = []
    found: dict[str, ir.Value] = {}
    last = result
    for kind in kinds:
        user = only_reader(last.outputs[0])
        if user is None or user.op_type != kind or user.domain != "":
            continue
        other = partner(user, last.outputs[0])
        if other is not None and along_last(other, axes, source):
            nodes.append(user)
            found[kind], last = other, user
    return nodes, last, found


def along_last(value: ir.Value, axes: int, source: ir.Value | None) -> bool:
    """Whether a constant lies along the last `axes` axes of `source` alone."""
    shape, whole = sizes(value) if is_constant(value) else None, dims(source)
    if shape is None or whole is None or len(shape) > len(whole):
        return False
    return prod(shape[: max(0, len(shape) - axes)]) == 1


def sizes_of_last(source: ir.Value, axes: Sequence[int]) -> tuple[int, ...] | NearMiss:
    """The sizes of the axes normalised over, when these are the last ones and of a type an op keeps statistics for."""
    shape = source.shape
    assert shape is not None
    rank = len(shape)
    if source.dtype == ir.DataType.DOUBLE:
        return NearMiss("it is in float64, and the op takes its statistics in float32")
    if tuple(axes) != tuple(range(rank - len(axes), rank)) or not axes:
        named = ", ".join(str(a) for a in axes)
        return NearMiss(f"the means are over axis {named} of {rank}, the op takes them over the last ones")
    whole = tuple(shape[a] for a in axes)
    fixed = tuple(d for d in whole if isinstance(d, int))
    return fixed if len(fixed) == len(whole) else NearMiss("the sizes of the axes normalised over are not known")


def weight(edit: Edit, source: ir.Value, given: ir.Value | None, shape: Sequence[int], neutral: float) -> ir.Value:
    """A scale or bias of the normalised shape; all `neutral` where none is given."""
    to = tuple(shape)
    if given is None:
        return edit.constant(np.full(to, neutral), source.dtype, name="neutral")
    if sizes(given) == to:
        return given
    return edit.folded(lambda a: np.broadcast_to(a.reshape(a.shape[max(0, a.ndim - len(to)) :]), to), given, shape=to)

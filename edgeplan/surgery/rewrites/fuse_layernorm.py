"""A layer normalization written out becomes LayerNormalization.

Before:
    m = ReduceMean(x, axes=last)
    d = Sub(x, m)
    v = ReduceMean(Pow(d, 2), axes=last)        # or Mul(d, d)
    z = Div(d, Sqrt(Add(v, epsilon)))           # or Mul by the Reciprocal, or by Pow(.., -0.5)
    y = Add(Mul(z, scale), bias)                # or one of them, or neither
After:
    y = LayerNormalization(x, scale, bias, axis, epsilon)

The op is this computation by definition. A runtime that knows it keeps mean and variance in float32 and out of
memory. TensorFlow's spelling, x * (scale / s) + (bias - m * (scale / s)), is the same. Not done below opset 17, which
has no such op, where the means are not over the last axes, or where something else reads what lies between.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.axes import axes_reduced
from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.groups import leaks
from edgeplan.surgery.looking import attribute, dims, made_by, only_reader, readers
from edgeplan.surgery.normalization import (
    Spread,
    affine_behind,
    along_last,
    partner,
    quotient,
    sizes_of_last,
    spread,
    weight,
)
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FuseLayerNorm"]

_FIRST_OPSET = 17


class FuseLayerNorm(Rewrite):
    """See the module's page. Its root is the root of the variance, which stands once in every spelling."""

    id: ClassVar[str] = "fuse-layernorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Sqrt", "Pow"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Sqrt, or the Pow by 0.5 or -0.5, of a variance by which the centred values are divided."""
        found = spread(node)
        centring = _centring(found.value, found.axes) if found is not None else None
        if found is None or centring is None:
            return None
        source = centring.inputs[0]
        whole = _divided(node, found, centring) or _affine(node, found, centring)
        if source is None or whole is None:
            return None
        nodes, last, scale, bias = whole
        shape = sizes_of_last(source, found.axes)
        if isinstance(shape, NearMiss):
            return shape
        if context.opset < _FIRST_OPSET:
            return NearMiss(f"opset {context.opset} has no LayerNormalization, {_FIRST_OPSET} has")
        if leaks(nodes, last):
            return NearMiss("something else reads the mean, the variance or the centred values")
        edit = Edit()
        given = [source, weight(edit, source, scale, shape, 1.0)]
        if bias is not None:
            given.append(weight(edit, source, bias, shape, 0.0))
        made = edit.op("LayerNormalization", given, {"axis": -len(found.axes), "epsilon": found.epsilon})
        return edit.replaces(nodes, {last.outputs[0]: edit.typed(made, like=source, shape=dims(source))})


_Whole = tuple[list[ir.Node], ir.Node, ir.Value | None, ir.Value | None]
"""The nodes of a normalization, the last of them, its scale and its bias."""


def _centring(value: ir.Value, axes: tuple[int, ...]) -> ir.Node | None:
    """The Sub that takes its own mean over `axes` off a value."""
    sub = made_by(value, "Sub")
    mean = made_by(sub.inputs[1], "ReduceMean") if sub is not None else None
    if sub is None or mean is None or mean.inputs[0] is not sub.inputs[0] or attribute(mean, "keepdims", 1) != 1:
        return None
    return sub if axes_reduced(mean) == axes else None


def _divided(root: ir.Node, found: Spread, centring: ir.Node) -> _Whole | None:
    """The centred values by the root, as most exporters write it, and the scale and bias behind."""
    by = quotient(root, found.inverse)
    again = _centring(by.value, found.axes) if by is not None else None
    if by is None or again is None or again.inputs[0] is not centring.inputs[0]:
        return None
    nodes = [*found.nodes, *_mean_of(centring), *_mean_of(again), *by.nodes]
    behind, last, affine = affine_behind(by.result, len(found.axes), centring.inputs[0])
    return list(dict.fromkeys([*nodes, *behind])), last, affine.get("Mul"), affine.get("Add")


def _affine(root: ir.Node, found: Spread, centring: ir.Node) -> _Whole | None:
    """TensorFlow's spelling: the scale is divided by the root first, and the mean goes into the bias."""
    source, mean = centring.inputs
    inverse: ir.Node | None = root if found.inverse else only_reader(root.outputs[0])
    if inverse is None or (inverse is not root and inverse.op_type != "Reciprocal"):
        return None
    nodes = [*found.nodes, *_mean_of(centring), inverse]
    factor, scale = inverse.outputs[0], None
    first = only_reader(factor)
    if first is not None and first.op_type == "Mul" and (scale := partner(first, factor)) is not None:
        if not along_last(scale, len(found.axes), source):
            return None
        nodes.append(first)
        factor = first.outputs[0]
    used = readers(factor)
    scaled = [n for n in used if n.op_type == "Mul" and partner(n, factor) is source]
    moved = [n for n in used if n.op_type == "Mul" and partner(n, factor) is mean]
    shift = only_reader(moved[0].outputs[0]) if len(moved) == 1 else None
    last = only_reader(scaled[0].outputs[0]) if len(scaled) == 1 else None
    if shift is None or last is None or shift.op_type != "Sub" or last.op_type != "Add":
        return None
    bias = shift.inputs[0]
    if shift.inputs[1] is not moved[0].outputs[0] or partner(last, scaled[0].outputs[0]) is not shift.outputs[0]:
        return None
    if bias is None or not along_last(bias, len(found.axes), source):
        return None
    return list(dict.fromkeys([*nodes, scaled[0], moved[0], shift, last])), last, scale, bias


def _mean_of(sub: ir.Node) -> tuple[ir.Node, ir.Node]:
    mean = made_by(sub.inputs[1], "ReduceMean")
    assert mean is not None
    return mean, sub

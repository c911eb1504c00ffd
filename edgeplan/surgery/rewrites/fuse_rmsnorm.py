"""A root mean square normalization written out becomes RMSNormalization.

Before:
    v = ReduceMean(Pow(x, 2), axes=last)        # or Mul(x, x)
    z = Mul(x, Reciprocal(Sqrt(Add(v, epsilon))))   # or Div by the Sqrt, or Mul by Pow(.., -0.5)
    y = Mul(z, scale)                           # or none
After:
    y = RMSNormalization(x, scale, axis, epsilon)

The op is this computation by definition; where a half-precision model casts to float32 before and back behind, the
op's own statistics in float32 stand for the casts. Not done below opset 23, which has no such op, where the mean is
not over the last axes, where something else reads what lies between, or where x is centred: that is a layer
normalization.
"""

from __future__ import annotations

from typing import ClassVar

import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, Claim
from edgeplan.surgery.groups import leaks
from edgeplan.surgery.looking import HALVES, dims, made_by, only_reader
from edgeplan.surgery.normalization import affine_behind, quotient, sizes_of_last, spread, weight
from edgeplan.surgery.rewrite import Context, Edit, NearMiss, Replacement, Rewrite, Stage

__all__ = ["FuseRmsNorm"]

_FIRST_OPSET = 23


class FuseRmsNorm(Rewrite):
    """See the module's page. Its root is the root of the mean, which stands once in every spelling."""

    id: ClassVar[str] = "fuse-rmsnorm"
    claim: ClassVar[Claim] = EQUAL
    stage: ClassVar[Stage] = Stage.FUSE
    roots: ClassVar[frozenset[str]] = frozenset({"Sqrt", "Pow"})

    def at(self, node: ir.Node, context: Context) -> Replacement | NearMiss | None:
        """Fires on the Sqrt, or the Pow by 0.5 or -0.5, of a mean of squares by which the same values are divided."""
        found = spread(node)
        by = quotient(node, found.inverse) if found is not None else None
        if found is None or by is None or by.value is not found.value or _centred(found.value):
            return None
        source, last, nodes = found.value, by.result, [*found.nodes, *by.nodes]
        widened, narrowed = made_by(source, "Cast"), only_reader(last.outputs[0])
        if widened is not None and narrowed is not None and narrowed.op_type == "Cast":
            half = widened.inputs[0]
            if half is not None and half.dtype in HALVES and narrowed.outputs[0].dtype == half.dtype:
                source, last, nodes = half, narrowed, [widened, *nodes, narrowed]
        behind, end, affine = affine_behind(last, len(found.axes), found.value, ["Mul"])
        shape = sizes_of_last(found.value, found.axes)
        if isinstance(shape, NearMiss):
            return shape
        if context.opset < _FIRST_OPSET:
            return NearMiss(f"opset {context.opset} has no RMSNormalization, {_FIRST_OPSET} has")
        nodes += behind
        if leaks([n for n in nodes if n is not widened], end):
            return NearMiss("something else reads the mean of squares or its root")
        edit = Edit()
        given = [source, weight(edit, source, affine.get("Mul"), shape, 1.0)]
        made = edit.op("RMSNormalization", given, {"axis": -len(found.axes), "epsilon": found.epsilon})
        return edit.replaces(nodes, {end.outputs[0]: edit.typed(made, like=source, shape=dims(source))})


def _centred(value: ir.Value) -> bool:
    """Whether a value has its own mean taken off."""
    sub = made_by(value, "Sub")
    mean = made_by(sub.inputs[1], "ReduceMean") if sub is not None else None
    return sub is not None and mean is not None and mean.inputs[0] is sub.inputs[0]

"""Rewrites that are wrong, each in a way somebody could get one wrong: what a proof is for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from edgeplan.surgery.claim import EQUAL, EXACT, Claim
from edgeplan.surgery.looking import attribute, attributes, dims, ints, is_constant, sizes
from edgeplan.surgery.rewrite import Context, Edit, Replacement, Rewrite, Stage

Wrong = Callable[[Edit, ir.Node], ir.Value | None]


class Mutant(Rewrite):
    """One wrong rewrite: `wrong` makes what it puts in an op's place, None where it has nothing to do."""

    def __init__(self, name: str, kind: str, wrong: Wrong, claim: Claim = EQUAL) -> None:
        self.id, self.roots, self.claim, self.stage, self._wrong = name, frozenset({kind}), claim, Stage.FORM, wrong

    def at(self, node: ir.Node, context: Context) -> Replacement | None:
        edit = Edit()
        made = self._wrong(edit, node)
        return edit.replaces([node], {node.outputs[0]: made}) if made is not None and len(node.outputs) == 1 else None


@dataclass(frozen=True)
class Example:
    """A mutant, and a model it spoils: ONNX text, with the inputs that are weights."""

    mutant: Mutant
    text: str
    weights: tuple[str, ...] = ()
    positive: tuple[str, ...] = ()


def like(
    edit: Edit, node: ir.Node, inputs: list[ir.Value | None] | None = None, kind: str = "", **changed: Any
) -> ir.Value:
    """The same op with something changed."""
    given = {**attributes(node), **changed}
    return edit.op(kind or node.op_type, list(node.inputs) if inputs is None else inputs, given)


def without_bias(edit: Edit, node: ir.Node) -> ir.Value | None:
    return like(edit, node, list(node.inputs[:2])) if len(node.inputs) == 3 else None


def shifted_pads(edit: Edit, node: ir.Node) -> ir.Value | None:
    pads = ints(node, "pads")
    if pads is None or pads == tuple(reversed(pads)):
        return None
    half = len(pads) // 2
    return like(edit, node, pads=[*pads[half:], *pads[:half]])


def turned_back(edit: Edit, node: ir.Node) -> ir.Value | None:
    perm = ints(node, "perm")
    back = [int(i) for i in np.argsort(perm)] if perm is not None else []
    shape = sizes(node.inputs[0])
    if perm is None or shape is None or back == list(perm) or [shape[i] for i in perm] != [shape[i] for i in back]:
        return None
    return like(edit, node, perm=back)


def left_out(edit: Edit, node: ir.Node) -> ir.Value | None:
    return node.inputs[0]


def other_op(kind: str) -> Wrong:
    return lambda edit, node: like(edit, node, kind=kind)


def swapped(edit: Edit, node: ir.Node) -> ir.Value | None:
    inputs = list(node.inputs)
    if len(inputs) < 2 or inputs[-1] is inputs[-2]:
        return None
    inputs[-2:] = inputs[:-3:-1]
    return like(edit, node, inputs)


def other_axis(edit: Edit, node: ir.Node) -> ir.Value | None:
    rank = len(dims(node.inputs[0]) or ())
    return like(edit, node, axis=(int(attribute(node, "axis", -1)) + 1) % rank) if rank > 1 else None


def turned_weight(edit: Edit, node: ir.Node) -> ir.Value | None:
    shape = sizes(node.inputs[1])
    if shape is None or len(shape) != 2 or shape[0] != shape[1] or shape[0] == 1 or not is_constant(node.inputs[1]):
        return None
    assert node.inputs[1] is not None
    return like(edit, node, [node.inputs[0], edit.folded(lambda w: w.T, node.inputs[1], shape=shape)])


def nearly(edit: Edit, node: ir.Node) -> ir.Value | None:
    """A factor that is off in the fifth digit."""
    shape = sizes(node.inputs[1])
    if shape is None or node.inputs[1] is None or not is_constant(node.inputs[1]):
        return None
    return like(edit, node, [node.inputs[0], edit.folded(lambda m: m * 1.00001, node.inputs[1], shape=shape)])


def padding_counted(edit: Edit, node: ir.Node) -> ir.Value | None:
    return like(edit, node, count_include_pad=1 - int(attribute(node, "count_include_pad", 0)))


def mirrored(edit: Edit, node: ir.Node) -> ir.Value | None:
    """A transposed convolution as a convolution would have its kernel."""
    shape = sizes(node.inputs[1])
    if shape is None or node.inputs[1] is None or not is_constant(node.inputs[1]):
        return None
    return like(edit, node, [node.inputs[0], edit.folded(lambda w: w[..., ::-1, ::-1], node.inputs[1], shape=shape)])


def mean_forgotten(edit: Edit, node: ir.Node) -> ir.Value | None:
    mean = node.inputs[3]
    shape = sizes(mean)
    if mean is None or shape is None or not is_constant(mean):
        return None
    inputs = list(node.inputs)
    inputs[3] = edit.folded(np.zeros_like, mean, shape=shape)
    return like(edit, node, inputs)


def other_mode(edit: Edit, node: ir.Node) -> ir.Value | None:
    return like(
        edit, node, mode={"reflect": "edge", "DCR": "CRD", "CRD": "DCR"}.get(attribute(node, "mode", "DCR"), "edge")
    )


def without_beta(edit: Edit, node: ir.Node) -> ir.Value | None:
    return like(edit, node, beta=1.0) if attribute(node, "beta", 1.0) != 1 else None


def next_row(edit: Edit, node: ir.Node) -> ir.Value | None:
    index = node.inputs[1]
    shape = sizes(index)
    if index is None or shape is None or not is_constant(index):
        return None
    return like(edit, node, [node.inputs[0], edit.folded(lambda i: np.maximum(i - 1, 0), index, shape=shape)])


def groups_turned(edit: Edit, node: ir.Node) -> ir.Value | None:
    shape = sizes(node.inputs[1])
    if attribute(node, "group", 1) == 1 or shape is None or node.inputs[1] is None:
        return None
    return like(
        edit, node, [node.inputs[0], edit.folded(lambda w: w[::-1], node.inputs[1], shape=shape), *node.inputs[2:]]
    )


def larger_epsilon(edit: Edit, node: ir.Node) -> ir.Value | None:
    return like(edit, node, epsilon=1.1 * float(attribute(node, "epsilon", 1e-5)) + 1e-4)


_IMAGE = "g (float[N,4,6,6] x%s) => (float[?,?,?,?] y) { y = %s }"
_ROWS = "g (float[N,4] x%s) => (float[?,?] y) { y = %s }"

EXAMPLES = (
    Example(
        Mutant("conv-without-bias", "Conv", without_bias),
        _IMAGE % (", float[2,4,3,3] w, float[2] b", "Conv(x, w, b)"),
        ("w", "b"),
    ),
    Example(
        Mutant("pads-shifted", "Conv", shifted_pads, EXACT),
        _IMAGE % (", float[2,4,3,3] w", "Conv<pads=[0,1,2,1]>(x, w)"),
        ("w",),
    ),
    Example(
        Mutant("pool-pads-shifted", "MaxPool", shifted_pads),
        _IMAGE % ("", "MaxPool<kernel_shape=[3,3], pads=[0,1,1,1]>(x)"),
    ),
    Example(
        Mutant("transposed-back", "Transpose", turned_back, EXACT),
        "g (float[3,3,3] x) => (float[?,?,?] y) { y = Transpose<perm=[1,2,0]>(x) }",
    ),
    Example(Mutant("relu-left-out", "Relu", left_out, EXACT), _ROWS % ("", "Relu(x)")),
    Example(Mutant("cast-left-out", "Floor", left_out, EXACT), _ROWS % ("", "Floor(x)")),
    Example(Mutant("leaky-relu-as-relu", "PRelu", left_out), _ROWS % (", float[4] s", "PRelu(x, s)"), ("s",)),
    Example(
        Mutant("leaky-relu-of-one-number", "PRelu", left_out),
        "g (float[1] x, float[1] s) => (float[?] y) { y = PRelu(x, s) }",
        ("s",),
    ),
    Example(Mutant("sum-for-difference", "Sub", other_op("Add")), _ROWS % (", float[4] s", "Sub(x, s)"), ("s",)),
    Example(Mutant("difference-turned", "Sub", swapped), _ROWS % (", float[4] s", "Sub(x, s)"), ("s",)),
    Example(
        Mutant("joined-in-another-order", "Concat", swapped, EXACT), _ROWS % (", float[N,4] z", "Concat<axis=1>(x, z)")
    ),
    Example(
        Mutant("branches-swapped", "Where", swapped, EXACT), _ROWS % (", float[N,4] z, bool[N,4] c", "Where(c, x, z)")
    ),
    Example(Mutant("softmax-axis", "Softmax", other_axis), _ROWS % ("", "Softmax<axis=1>(x)")),
    Example(Mutant("weight-turned", "MatMul", turned_weight), _ROWS % (", float[4,4] w", "MatMul(x, w)"), ("w",)),
    Example(Mutant("nearly-right", "Mul", nearly), _ROWS % (", float[4] s", "Mul(x, s)"), ("s",)),
    Example(
        Mutant("padding-counted", "AveragePool", padding_counted),
        _IMAGE % ("", "AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(x)"),
    ),
    Example(
        Mutant("kernel-mirrored", "ConvTranspose", mirrored),
        _IMAGE % (", float[4,2,2,2] w", "ConvTranspose<strides=[2,2]>(x, w)"),
        ("w",),
    ),
    Example(
        Mutant("mean-forgotten", "BatchNormalization", mean_forgotten),
        _IMAGE % (", float[4] s, float[4] b, float[4] m, float[4] v", "BatchNormalization(x, s, b, m, v)"),
        ("s", "b", "m"),
        ("v",),
    ),
    Example(
        Mutant("other-shuffle", "DepthToSpace", other_mode, EXACT),
        "g (float[N,8,3,3] x) => (float[?,?,?,?] y) { y = DepthToSpace<blocksize=2>(x) }",
    ),
    Example(
        Mutant("beta-forgotten", "Gemm", without_beta),
        _ROWS % (", float[4,3] w, float[3] b", "Gemm<beta=0.5>(x, w, b)"),
        ("w", "b"),
    ),
    Example(
        Mutant("row-before", "Gather", next_row, EXACT),
        "g (float[N,4] x) => (float[?,?] y) <int64[2] i = {2, 3}> { y = Gather<axis=1>(x, i) }",
    ),
    Example(
        Mutant("groups-turned", "Conv", groups_turned),
        _IMAGE % (", float[4,2,1,1] w, float[4] b", "Conv<group=2>(x, w, b)"),
        ("w", "b"),
    ),
    Example(
        Mutant("another-epsilon", "LayerNormalization", larger_epsilon),
        _ROWS % (", float[4] s", "LayerNormalization(x, s)"),
        ("s",),
    ),
    Example(
        Mutant("mean-for-sum", "ReduceSum", other_op("ReduceMean")),
        "g (float[N,4] x) => (float[?,?] y) <int64[1] a = {1}> { y = ReduceSum(x, a) }",
    ),
    Example(
        Mutant("largest-for-mean", "GlobalAveragePool", other_op("GlobalMaxPool")),
        _IMAGE % ("", "GlobalAveragePool(x)"),
    ),
)

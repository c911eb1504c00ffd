"""Matrix products: FULLY_CONNECTED where the weight is a constant matrix, BATCH_MATMUL elsewhere."""

from __future__ import annotations

from math import prod

from edgeplan.graph import Attr, Dim, Op, Shape
from edgeplan.lower.attributes import flag, number
from edgeplan.lower.shapes import broadcast, size, static
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.fused import only_reader, with_activation
from edgeplan.lower.tflite.layout import NATIVE
from edgeplan.lower.tflite.registry import lowers

__all__ = ["fused_matmul", "gemm", "matmul"]

_MOST_AXES = 5


def _row(b: Builder, bias: str, columns: int) -> str | None:
    """A constant as a bias [N]: itself, a new one when it is one row or one number, else None."""
    value = b.value(bias)
    if not b.is_weight(bias) or value.shape is None:
        return None
    if value.shape == (columns,):
        return bias
    if value.elements == 1 or (value.elements == columns and value.shape[-1] == columns):
        return b.weight(bias, (columns,), "bias")
    return None


@lowers("Gemm")
def gemm(op: Op, b: Builder) -> bool:
    """Gemm(A, const B, const C) -> FULLY_CONNECTED(input, filter [N,K], bias), alpha and beta folded into them.

    Else BATCH_MATMUL(x, y, adj_x, adj_y), MUL by alpha, ADD of beta * C (source: onnx2tf `op_builders/fc.py`
    build_fully_connected_from_gemm_or_matmul). Without C the bias is zeros.
    """
    x, w, c = op.input("A"), op.input("B"), op.input("C")
    alpha, beta = number(op, "alpha", 1.0), number(op, "beta", 1.0)
    flip_x, flip_w = flag(op, "transA", False), flag(op, "transB", False)
    if x is None or w is None or alpha is None or beta is None or flip_x is None or flip_w is None:
        return False
    if b.rank(x) != 2 or b.rank(w) != 2:
        return False
    c = None if beta == 0.0 else c
    columns = size(b.shape(w), 0 if flip_w else 1)
    left = b.shape(x) or (None, None)
    product: Shape = (left[1 if flip_x else 0], columns)
    row = None if c is None or columns is None else _row(b, c, columns)
    if b.is_weight(w) and not flip_x and columns is not None and (c is None or row is not None):
        if row is not None and beta != 1.0:
            row = b.weight(row, (columns,), "bias")
        weight = b.ordered(w, NATIVE if flip_w else (1, 0))
        if alpha != 1.0:
            weight = b.weight(weight, b.shape(weight))
        _connect(op, b, b.native(x), weight, row, columns, keep=False)
        return True
    y = b.emit("BATCH_MATMUL", {"x": x, "y": w}, product, attrs={"adj_x": flip_x, "adj_y": flip_w})
    if alpha != 1.0:
        y = b.emit("MUL", {"lhs": y, "rhs": b.like(y, alpha)}, product)
    if c is None:
        b.adopt(op.outputs[0], y)
        return True
    if beta != 1.0:
        c = b.emit("MUL", {"lhs": c, "rhs": b.like(c, beta)}, b.shape(c))
    out, function = with_activation(op, b)
    b.emit("ADD", {"lhs": y, "rhs": c}, to=out, attrs={"fused_activation_function": function})
    return True


def _connect(op: Op, b: Builder, x: str, weight: str, bias: str | None, columns: int, *, keep: bool) -> None:
    """FULLY_CONNECTED with the constant that is added behind it as bias, and the activation behind that.

    Source: LiteRT `tflite/converter/transforms/optimize_pass.cc` FuseFullyConnectedAndAdd, FuseFullyConnectedAndReluX.
    """
    after = op
    if bias is None:
        add = only_reader(b, op.outputs[0])
        if add is not None and add.label == "Add" and len(add.inputs) == 2:
            other = add.inputs[1] if add.inputs[0] == op.outputs[0] else add.inputs[0]
            if (b.rank(other) or 0) <= (b.rank(op.outputs[0]) or 0):
                bias = _row(b, other, columns)
            if bias is not None:
                after = add
    if bias is None:
        bias = b.weight(weight, (columns,), "bias")
    out, function = with_activation(after, b)
    if after is not op:
        b.absorb(out, after)
    attrs: dict[str, Attr] = {"fused_activation_function": function, "keep_num_dims": keep}
    b.emit("FULLY_CONNECTED", {"input": x, "filter": weight, "bias": bias}, to=out, attrs=attrs)


@lowers("MatMul")
def matmul(op: Op, b: Builder) -> bool:
    """MatMul(A, const B [K,N]) -> FULLY_CONNECTED(input, filter [N,K], bias, keep_num_dims), the bias of an Add behind.

    Else BATCH_MATMUL(x, y), with vectors between RESHAPEs; a Transpose of the last two axes of an operand becomes adj_x
    or adj_y. onnx2tf writes BATCH_MATMUL for a constant matrix too; LiteRT's converter does not
    (`transforms/optimize_batch_matmul.td` ConvertBatchMatMulOp2FullyConnectedOp).
    """
    if len(op.inputs) != 2:
        return False
    x, w = op.inputs
    ranks = b.rank(x), b.rank(w)
    if None in ranks or 0 in ranks:
        return False
    columns = size(b.shape(w), 1)
    if b.is_weight(w) and ranks[1] == 2 and columns is not None and (ranks[0] or 0) > 1:
        _connect(op, b, b.native(x), b.ordered(w, (1, 0)), None, columns, keep=(ranks[0] or 0) > 2)
        return True
    _multiply(op, b, (x, w), (False, False), 1.0)
    return True


@lowers("com.microsoft.FusedMatMul", "com.microsoft.TransposeMatMul")
def fused_matmul(op: Op, b: Builder) -> bool:
    """FusedMatMul(A, B) -> BATCH_MATMUL(x, y, adj_x, adj_y), MUL by alpha."""
    alpha = number(op, "alpha", 1.0)
    flip_x, flip_y = flag(op, "transA", False), flag(op, "transB", False)
    if len(op.inputs) != 2 or alpha is None or flip_x is None or flip_y is None:
        return False
    if flag(op, "transBatchA", False) is not False or flag(op, "transBatchB", False) is not False:
        return False
    if any((b.rank(n) or 0) < 2 for n in op.inputs):
        return False
    _multiply(op, b, (op.inputs[0], op.inputs[1]), (flip_x, flip_y), alpha)
    return True


def _multiply(op: Op, b: Builder, names: tuple[str, str], flips: tuple[bool, bool], alpha: float) -> None:
    """BATCH_MATMUL of two values, each in native order or with its last two axes swapped, whichever is there.

    It takes three batch axes: more of them are one between RESHAPEs, where both operands have the same (source:
    onnx2tf `tflite_builder/passes/high_rank_matmul.py`).
    """
    tensors: list[str] = []
    adjoint: list[bool] = []
    for i, (name, flip) in enumerate(zip(names, flips, strict=True)):
        tensor, swapped = _operand(b, name)
        shape = b.shape(tensor)
        if shape is not None and len(shape) == 1:
            tensor = b.reshape(tensor, (shape[0], 1) if i else (1, shape[0]))
        tensors.append(tensor)
        adjoint.append(swapped != flip)
    made = _product(b.shape(tensors[0]), b.shape(tensors[1]), adjoint)
    attrs: dict[str, Attr] = {"adj_x": adjoint[0], "adj_y": adjoint[1]}
    left, right, whole = static(b.shape(tensors[0])), static(b.shape(tensors[1])), static(made)
    if left and right and whole and len(whole) > _MOST_AXES and left[:-2] == right[:-2]:
        batch = prod(left[:-2])
        tensors = [b.reshape(t, (batch, *s[-2:])) for t, s in zip(tensors, (left, right), strict=True)]
        flat = (batch, *whole[-2:])
        y = b.reshape(b.emit("BATCH_MATMUL", {"x": tensors[0], "y": tensors[1]}, flat, attrs=attrs), whole)
    else:
        y = b.emit("BATCH_MATMUL", {"x": tensors[0], "y": tensors[1]}, made, attrs=attrs)
    if alpha != 1.0:
        y = b.emit("MUL", {"lhs": y, "rhs": b.like(y, alpha)}, made)
    if any(b.rank(n) == 1 for n in names):
        y = b.reshape(y, b.shape(op.outputs[0]))
    b.adopt(op.outputs[0], y)


def _operand(b: Builder, name: str) -> tuple[str, bool]:
    """The tensor to multiply with, and whether its last two axes are swapped; no TRANSPOSE is made for a mere swap.

    Source: LiteRT `optimize_patterns.td` FuseTransposeIntoBatchMatMulRHS and its kin.
    """
    rank = b.rank(name) or 0
    swap = (*range(rank - 2), rank - 1, rank - 2)
    if rank < 2 or b.is_within_reach(name, NATIVE) or not b.is_within_reach(name, swap):
        return b.native(name), False
    return b.ordered(name, swap), True


def _product(x: Shape, y: Shape, adjoint: list[bool]) -> Shape:
    if x is None or y is None:
        return None
    batch = broadcast(x[:-2], y[:-2]) or ()
    ends: tuple[Dim, Dim] = (x[-1 if adjoint[0] else -2], y[-2 if adjoint[1] else -1])
    return (*batch, *ends)

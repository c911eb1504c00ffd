"""Matrix products: linear where the weight is constant, matmul elsewhere, with the fusions of coremltools' passes."""

from __future__ import annotations

from edgeplan.graph import Attr, Op, Shape
from edgeplan.lower.attributes import flag, number
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import scalar
from edgeplan.lower.mil.convert import transposed_weight
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import consumers, only_consumer, producer
from edgeplan.lower.shapes import broadcast, permuted, size

__all__ = ["fused_matmul", "gemm", "matmul", "only_swaps_for_matmul"]


def _row(b: Builder, bias: str, columns: int | None) -> str | None:
    """A constant as a linear layer's bias: itself when it is [N], a new [N] when it broadcasts to that, else None."""
    value = b.value(bias)
    if not value.const or value.shape is None or columns is None:
        return None
    if value.shape == (columns,):
        return bias
    if value.elements == 1 or value.elements == columns and value.shape[-1] == columns:
        return b.weight(bias, (columns,), "bias")
    return None


def _is_weight(b: Builder, name: str) -> bool:
    value = b.value(name)
    return value.const and value.shape is not None and len(value.shape) == 2


@lowers("Gemm")
def gemm(op: Op, b: Builder) -> bool:
    """Gemm(A, const B, const C) -> linear(x, weight [N, K], bias), alpha and beta folded into them.

    Else matmul(x, y, transpose_x, transpose_y), mul by alpha, add of beta * C, as `aten::addmm` comes.
    """
    x, w, c = op.input("A"), op.input("B"), op.input("C")
    alpha, beta = number(op, "alpha", 1.0), number(op, "beta", 1.0)
    flip_x, flip_w = flag(op, "transA", False), flag(op, "transB", False)
    if x is None or w is None or alpha is None or beta is None or flip_x is None or flip_w is None:
        return False
    if b.rank(x) != 2 or b.rank(w) != 2:
        return False
    left, right = b.shape(x), b.shape(w)
    columns = size(right, 0 if flip_w else 1)
    product: Shape = ((left or (None, None))[1 if flip_x else 0], columns)
    out = op.outputs[0]
    if b.value(w).const:
        weight = w if flip_w and alpha == 1.0 else b.weight(w, right) if flip_w else transposed_weight(b, w)
        bias = None if c is None or beta == 0 else _row(b, c, columns)
        if bias is not None and bias == c and beta != 1.0:
            bias = b.weight(bias, b.shape(bias), "bias")
        if flip_x:
            x = b.emit("transpose", {"x": x}, permuted(left, (1, 0)), attrs={"perm": (1, 0)})
        rest = c if c is not None and beta != 0 and bias is None else None
        y = b.emit("linear", {"x": x, "weight": weight, "bias": bias}, product, to=out if rest is None else None)
    else:
        rest = c if c is not None and beta != 0 else None
        attrs = {"transpose_x": flip_x, "transpose_y": flip_w}
        plain = rest is None and alpha == 1.0
        y = b.emit("matmul", {"x": x, "y": w}, product, to=out if plain else None, attrs=attrs)
        if alpha != 1.0:
            y = b.emit("mul", {"x": y, "y": scalar(b, y, alpha)}, product, to=out if rest is None else None)
    if rest is not None:
        if beta != 1.0:
            rest = b.emit("mul", {"x": rest, "y": scalar(b, rest, beta)}, b.shape(rest))
        b.emit("add", {"x": y, "y": rest}, to=out)
    return True


@lowers("MatMul")
def matmul(op: Op, b: Builder) -> bool:
    """MatMul(A, const B of rank 2) -> linear(x, weight = B transposed), with the bias of an Add that follows.

    Else matmul(x, y); a Transpose of an operand's last two axes becomes transpose_x or transpose_y. A vector is first
    made a matrix by expand_dims, and the axis squeezed out of the product.
    """
    if len(op.inputs) != 2 or any(b.rank(n) == 0 for n in op.inputs):
        return False
    x, w = op.inputs
    if _is_weight(b, w) and b.rank(x) is not None:
        _linear(op, b, x, w)
        return True
    if 1 in (b.rank(x), b.rank(w)):
        return _with_vector(op, b, x, w)
    inputs: list[str] = []
    flips: list[bool] = []
    swaps: list[Op] = []
    for name in (x, w):
        before = producer(b, name)
        swap = before if before is not None and only_swaps_for_matmul(before, b) else None
        inputs.append(name if swap is None else swap.inputs[0])
        flips.append(swap is not None)
        swaps += [] if swap is None else [swap]
    attrs: dict[str, Attr] = {"transpose_x": flips[0], "transpose_y": flips[1]}
    b.emit("matmul", {"x": inputs[0], "y": inputs[1]}, to=op.outputs[0], attrs=attrs)
    b.absorb(*swaps)
    return True


def _with_vector(op: Op, b: Builder, x: str, w: str) -> bool:
    left, right = b.shape(x), b.shape(w)
    if left is None or right is None:
        return False
    gone: tuple[int, ...] = ()
    if len(left) == 1:
        left, gone = (1, *left), (-2,)
        x = b.emit("expand_dims", {"x": x}, left, attrs={"axes": (0,)})
    if len(right) == 1:
        right, gone = (*right, 1), (*gone, -1)
        w = b.emit("expand_dims", {"x": w}, right, attrs={"axes": (1,)})
    batch = broadcast(left[:-2], right[:-2]) or ()
    attrs: dict[str, Attr] = {"transpose_x": False, "transpose_y": False}
    product = b.emit("matmul", {"x": x, "y": w}, (*batch, left[-2], right[-1]), attrs=attrs)
    b.emit("squeeze", {"x": product}, to=op.outputs[0], attrs={"axes": gone})
    return True


def _linear(op: Op, b: Builder, x: str, w: str) -> None:
    columns = size(b.shape(w), 1)
    after = only_consumer(b, op.outputs[0])
    bias = None
    if after is not None and after.label == "Add" and len(after.inputs) == 2:
        other = after.inputs[1] if after.inputs[0] == op.outputs[0] else after.inputs[0]
        same_rank = (b.rank(other) or 0) <= (b.rank(x) or 0)
        bias = _row(b, other, columns) if same_rank else None
    if after is None or bias is None:
        b.emit("linear", {"x": x, "weight": transposed_weight(b, w)}, to=op.outputs[0])
    else:
        b.emit("linear", {"x": x, "weight": transposed_weight(b, w), "bias": bias}, to=after.outputs[0])
        b.absorb(after)


def only_swaps_for_matmul(op: Op, b: Builder) -> bool:
    """True for a Transpose of the last two axes that only matmuls read: MIL's matmul does it itself.

    Not for one behind another Transpose: those two are merged first.
    Source: coremltools `mil/passes/defs/optimize_linear.py` fuse_transpose_matmul.
    """
    if op.label != "Transpose" or len(op.inputs) != 1 or len(op.outputs) != 1 or op.outputs[0] in b.returned:
        return False
    rank = b.rank(op.inputs[0])
    if rank is None or rank < 2:
        return False
    swap = (*range(rank - 2), rank - 1, rank - 2)
    if op.attrs.get("perm", tuple(reversed(range(rank)))) != swap:
        return False
    before = producer(b, op.inputs[0])
    if before is not None and before.label == "Transpose" and only_consumer(b, op.inputs[0]) is op:
        return False
    readers = consumers(b, op.outputs[0])
    return bool(readers) and all(_multiplies(r, b) for r in readers)


def _multiplies(op: Op, b: Builder) -> bool:
    """True for a MatMul that becomes `matmul`, not `linear`."""
    if op.label != "MatMul" or len(op.inputs) != 2 or not op.outputs or any(b.rank(n) in (0, None) for n in op.inputs):
        return False
    return not _is_weight(b, op.inputs[1])


@lowers("com.microsoft.FusedMatMul", "com.microsoft.TransposeMatMul")
def fused_matmul(op: Op, b: Builder) -> bool:
    """FusedMatMul(A, B) -> matmul(x, y, transpose_x, transpose_y), mul by alpha."""
    alpha = number(op, "alpha", 1.0)
    flip_x, flip_y = flag(op, "transA", False), flag(op, "transB", False)
    if len(op.inputs) != 2 or alpha is None or flip_x is None or flip_y is None:
        return False
    if flag(op, "transBatchA", False) is not False or flag(op, "transBatchB", False) is not False:
        return False
    inputs = {"x": op.inputs[0], "y": op.inputs[1]}
    attrs: dict[str, Attr] = {"transpose_x": flip_x, "transpose_y": flip_y}
    if alpha == 1.0:
        b.emit("matmul", inputs, to=op.outputs[0], attrs=attrs)
        return True
    y = b.emit("matmul", inputs, b.shape(op.outputs[0]), attrs=attrs)
    b.emit("mul", {"x": y, "y": scalar(b, y, alpha)}, to=op.outputs[0])
    return True

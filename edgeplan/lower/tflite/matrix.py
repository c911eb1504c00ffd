"""Small matrices: determinants by their formula, inverses by elimination."""

from __future__ import annotations

from math import prod

from edgeplan.graph import DType, Op
from edgeplan.lower.shapes import reshape_target, size, static
from edgeplan.lower.tflite.algebra import binary, concat, matmul, sliced, step, unary
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers

__all__ = ["determinant", "inverse"]

_LARGEST = 16


@lowers("Det")
def determinant(op: Op, b: Builder) -> bool:
    """Det(X) of matrices 2x2 or 3x3 -> GATHER and RESHAPE of the rows and of the elements, MUL, SUB, ADD.

    Source: onnx2tf `tflite_builder/op_builders/elementwise.py` build_det_op, `op_registry.py` _validate_det.
    """
    shape = b.shape(op.inputs[0]) if len(op.inputs) == 1 else None
    order = size(shape, -1)
    if shape is None or order not in (2, 3) or size(shape, -2) != order or reshape_target(shape[:-2]) is None:
        return False
    x, leading, out = b.native(op.inputs[0]), shape[:-2], op.outputs[0]
    axis, count = len(leading), int(order)
    rows = [
        b.reshape(step(b, "GATHER", [x, b.ints([i])], (*leading, 1, count), axis=axis), (*leading, count))
        for i in range(count)
    ]
    elements: dict[tuple[int, int], str] = {}

    def element(row: int, column: int) -> str:
        if (row, column) not in elements:
            one = step(b, "GATHER", [rows[row], b.ints([column])], (*leading, 1), axis=axis)
            elements[row, column] = b.reshape(one, leading)
        return elements[row, column]

    def minor(columns: tuple[int, int], rows: tuple[int, int], to: str | None = None) -> str:
        left = binary(b, "MUL", element(rows[0], columns[0]), element(rows[1], columns[1]))
        right = binary(b, "MUL", element(rows[0], columns[1]), element(rows[1], columns[0]))
        return binary(b, "SUB", left, right, to=to)

    if order == 2:
        minor((0, 1), (0, 1), out)
        return True
    parts = [binary(b, "MUL", element(0, i), minor(c, (1, 2))) for i, c in enumerate(((1, 2), (0, 2), (0, 1)))]
    binary(b, "ADD", binary(b, "SUB", parts[0], parts[1]), parts[2], to=out)
    return True


@lowers("com.microsoft.Inverse", "Inverse")
def inverse(op: Op, b: Builder) -> bool:
    """Inverse(X) of matrices up to 16x16 -> elimination with the unit matrix at the right: for each column the pivot by
    SLICE, ABS, ARG_MAX, ONE_HOT, BATCH_MATMUL, SUB; its row by DIV; the others by BATCH_MATMUL, SUB. At the end SLICE.

    Source: onnx2tf `tflite_builder/op_builders/elementwise.py` build_inverse_op, `inverse_utils.py`
    add_partial_pivot_swap, `op_registry.py` _validate_inverse.
    """
    shape = static(b.shape(op.inputs[0])) if len(op.inputs) == 1 else None
    if shape is None or len(shape) < 2 or shape[-1] != shape[-2] or not 1 <= shape[-1] <= _LARGEST:
        return False
    n, out = shape[-1], op.outputs[0]
    count = prod(shape[:-2])
    x = b.reshape(b.native(op.inputs[0]), (count, n, n))
    both = concat(b, [x, b.weight(x, (count, n, n), "eye")], 2)
    for k in range(n):
        both = _eliminated(b, _pivoted(b, both, k, (count, n)), k, (count, n))
    b.reshape(sliced(b, both, [0, 0, n], [count, n, n]), shape, to=out)
    return True


def _pivoted(b: Builder, both: str, k: int, sizes: tuple[int, int]) -> str:
    """Row k exchanged with the one below it whose element in column k is the largest."""
    count, n = sizes
    if k == n - 1:
        return both
    column = unary(b, "ABS", sliced(b, both, [0, k, k], [count, n - k, 1]))
    largest = step(b, "ARG_MAX", [column, b.ints([1])], (count, 1), dtype=DType.INT32, output_type="INT32")
    hot = [binary(b, "ADD", largest, k), b.scalar(n, DType.INT32), b.scalar(1.0), b.scalar(0.0)]
    pick = step(b, "ONE_HOT", hot, (count, 1, n), dtype=DType.FLOAT32, axis=-1)
    moved = binary(b, "SUB", pick, b.weight(pick, (1, 1, n), "unit"))
    change = matmul(b, moved, both)
    return binary(b, "SUB", both, matmul(b, moved, change, adj_x=True))


def _eliminated(b: Builder, both: str, k: int, sizes: tuple[int, int]) -> str:
    """Row k divided by its pivot and taken from every other row as often as it needs."""
    count, n = sizes
    row = sliced(b, both, [0, k, 0], [count, 1, 2 * n])
    scaled = binary(b, "DIV", row, sliced(b, row, [0, 0, k], [count, 1, 1]))
    factors = binary(b, "SUB", sliced(b, both, [0, 0, k], [count, n, 1]), b.weight(both, (1, n, 1), "unit"))
    return binary(b, "SUB", both, matmul(b, factors, scaled))

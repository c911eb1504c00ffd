"""Elements picked by index: gather, gather_along_axis, gather_nd, and the scatters that put them back."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op, Shape
from edgeplan.lower.attributes import integer, one_integer, text
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, is_bool, is_integer
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.mil.slices import at_index
from edgeplan.lower.shapes import total

__all__ = ["compress", "gather", "gather_elements", "gather_nd", "scatter_elements", "scatter_nd"]

_MODES = {"none": "update", "add": "add", "mul": "mul", "max": "max", "min": "min"}


def _pick(op: Op, b: Builder, kind: str, x: str, indices: str, attrs: dict[str, Attr]) -> None:
    """The op, with booleans picked as fp16 between two casts.

    Source: coremltools `frontend/_utils.py` _construct_gather_op.
    """
    if not is_bool(b, x):
        b.emit(kind, {"x": x, "indices": indices}, to=op.outputs[0], attrs=attrs)
        return
    shape: Shape = b.shape(op.outputs[0])
    picked = b.emit(kind, {"x": cast(b, x, DType.FLOAT16), "indices": indices}, shape, attrs=attrs)
    cast(b, picked, DType.BOOL, to=op.outputs[0])


@lowers("Gather")
def gather(op: Op, b: Builder) -> bool:
    """Gather(data, indices) -> gather(x, indices, axis); at one constant position -> slice_by_index (`aten::select`).

    Of a vector of integers, which is a shape, one position stays a gather. From iOS 17 on coremltools guards indices
    that may be negative: greater_equal, shape, slice_by_index, add, select (pass `guard_negative_gather_indices`).
    """
    x, indices, axis = op.input("data"), op.input("indices"), integer(op, "axis", 0)
    rank = None if x is None else b.rank(x)
    if x is None or indices is None or rank is None or axis is None or not -rank <= axis < rank:
        return False
    if b.value(x).dtype is DType.STRING:
        return False
    axis %= rank
    index = one_integer(b, indices) if b.rank(indices) == 0 else None
    if index is not None and not (rank == 1 and is_integer(b, x)):
        at_index(b, x, axis, index, op.outputs[0])
    else:
        _pick(op, b, "gather", x, indices, {"axis": axis})
    return True


@lowers("GatherElements")
def gather_elements(op: Op, b: Builder) -> bool:
    """GatherElements(data, indices) -> gather_along_axis(x, indices, axis)."""
    x, indices, axis = op.input("data"), op.input("indices"), integer(op, "axis", 0)
    rank = None if x is None else b.rank(x)
    if x is None or indices is None or rank is None or axis is None or not -rank <= axis < rank:
        return False
    _pick(op, b, "gather_along_axis", x, indices, {"axis": axis % rank})
    return True


@lowers("GatherND")
def gather_nd(op: Op, b: Builder) -> bool:
    """GatherND(data, indices) -> gather_nd(x, indices), with batch_dims (iOS 16) when there are any."""
    x, indices, batch = op.input("data"), op.input("indices"), integer(op, "batch_dims", 0)
    if x is None or indices is None or batch is None or batch < 0:
        return False
    _pick(op, b, "gather_nd", x, indices, {"batch_dims": batch} if batch else {})
    return True


@lowers("Compress")
def compress(op: Op, b: Builder) -> bool:
    """Compress(input, condition, axis) -> non_zero(condition), squeeze, gather(x, ., axis); no axis: reshape first."""
    if len(op.inputs) != 2:
        return False
    x, condition = op.inputs
    shape, axis = b.shape(x), integer(op, "axis", 0)
    if shape is None or axis is None or not -len(shape) <= axis < max(len(shape), 1) or b.rank(condition) != 1:
        return False
    if "axis" not in op.attrs:
        x = b.emit("reshape", {"x": x}, (total(shape),), attrs={"shape": (-1,)})
        shape = (None,)
    axis %= max(len(shape), 1)
    kept = (b.shape(op.outputs[0]) or (None,) * len(shape))[axis]
    found = b.emit("non_zero", {"x": condition}, (kept, 1), dtype=DType.INT32)
    indices = b.emit("squeeze", {"x": found}, (kept,), attrs={"axes": (1,)})
    _pick(op, b, "gather", x, indices, {"axis": axis})
    return True


@lowers("ScatterElements", "Scatter")
def scatter_elements(op: Op, b: Builder) -> bool:
    """ScatterElements(data, indices, updates) -> scatter_along_axis(data, indices, updates, axis, mode)."""
    axis, mode = integer(op, "axis", 0), _MODES.get(text(op, "reduction", "none") or "")
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 3 else None
    if rank is None or axis is None or not -rank <= axis < rank or mode is None:
        return False
    inputs = dict(zip(("data", "indices", "updates"), op.inputs, strict=True))
    b.emit("scatter_along_axis", inputs, to=op.outputs[0], attrs={"axis": axis % rank, "mode": mode})
    return True


@lowers("ScatterND")
def scatter_nd(op: Op, b: Builder) -> bool:
    """ScatterND(data, indices, updates) -> scatter_nd(data, indices, updates, mode)."""
    mode = _MODES.get(text(op, "reduction", "none") or "")
    if len(op.inputs) != 3 or mode is None:
        return False
    inputs = dict(zip(("data", "indices", "updates"), op.inputs, strict=True))
    b.emit("scatter_nd", inputs, to=op.outputs[0], attrs={"mode": mode})
    return True

"""Tensors made from shapes, positions and conditions: Shape, Range, OneHot, NonZero and their kin."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import integer, one_integer, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import only_consumer
from edgeplan.lower.shapes import size, static

__all__ = ["constant_of_shape", "eye_like", "non_zero", "one_hot", "range_1d", "shape_of", "size_of"]


@lowers("Shape")
def shape_of(op: Op, b: Builder) -> bool:
    """Shape(data) -> shape(x); a part of it -> slice_by_index after it."""
    start, end = integer(op, "start", 0), integer(op, "end", 2**31 - 1)
    if len(op.inputs) != 1 or start is None or end is None:
        return False
    x = op.inputs[0]
    if start == 0 and "end" not in op.attrs:
        b.emit("shape", {"x": x}, to=op.outputs[0])
        return True
    rank = b.rank(x)
    if rank is None:
        return False
    whole = b.emit("shape", {"x": x}, (rank,), dtype=DType.INT32)
    attrs: dict[str, Attr] = {"begin": (max(start, -rank),), "end": (min(end, rank),), "end_mask": (end >= rank,)}
    b.emit("slice_by_index", {"x": whole}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("Size")
def size_of(op: Op, b: Builder) -> bool:
    """Size(data) -> shape(x), reduce_prod, as `aten::numel` comes."""
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 1 else None
    if rank is None:
        return False
    whole = b.emit("shape", {"x": op.inputs[0]}, (rank,), dtype=DType.INT32)
    b.emit("reduce_prod", {"x": whole}, to=op.outputs[0], attrs={"axes": (0,), "keep_dims": False})
    return True


@lowers("ConstantOfShape")
def constant_of_shape(op: Op, b: Builder) -> bool:
    """ConstantOfShape(input) -> fill(shape, value); fill knows one integer type, the short ones are cast from it."""
    value = op.attrs.get("value", 0.0)
    if isinstance(value, tuple):
        value = value[0] if len(value) == 1 else ""
    if len(op.inputs) != 1 or not isinstance(value, (int, float)):
        return False
    sizes, y = vector(op, b, "input"), op.outputs[0]
    inputs: dict[str, str] = {} if sizes is not None else {"shape": op.inputs[0]}
    attrs: dict[str, Attr] = {"value": value} if sizes is None else {"shape": sizes, "value": value}
    short = b.value(y).dtype
    if short not in (DType.INT8, DType.UINT8, DType.INT16, DType.UINT16):
        b.emit("fill", inputs, to=y, attrs=attrs)
    else:
        cast(b, b.emit("fill", inputs, b.shape(y), dtype=DType.INT32, attrs=attrs), short, to=y)
    return True


@lowers("Range")
def range_1d(op: Op, b: Builder) -> bool:
    """Range(start, limit, delta) -> range_1d(end, start, step)."""
    if len(op.inputs) != 3:
        return False
    start, end, step = op.inputs
    b.emit("range_1d", {"end": end, "start": start, "step": step}, to=op.outputs[0])
    return True


@lowers("OneHot")
def one_hot(op: Op, b: Builder) -> bool:
    """OneHot(indices, depth, const values) -> one_hot(indices, one_hot_vector_size, axis, on_value, off_value)."""
    indices, depth, values = op.input("indices"), op.input("depth"), b.data(op.input("values"))
    axis = integer(op, "axis", -1)
    if indices is None or depth is None or values is None or len(values) != 2 or axis is None:
        return False
    attrs: dict[str, Attr] = {"axis": axis, "off_value": values[0], "on_value": values[1]}
    classes = one_integer(b, depth)
    inputs = {"indices": indices}
    if classes is None:
        inputs["one_hot_vector_size"] = depth
    else:
        attrs["one_hot_vector_size"] = classes
    b.emit("one_hot", inputs, to=op.outputs[0], attrs=attrs)
    return True


@lowers("NonZero")
def non_zero(op: Op, b: Builder) -> bool:
    """NonZero(X) -> non_zero(x), transpose: MIL has one row a found element, ONNX one column; undone by a Transpose."""
    rank = b.rank(op.inputs[0]) if len(op.inputs) == 1 else None
    if rank is None:
        return False
    found = b.shape(op.outputs[0])
    count = size(found, 1) if found is None or len(found) != 2 else found[1]
    after = only_consumer(b, op.outputs[0])
    if after is not None and after.label == "Transpose" and after.attrs.get("perm", (1, 0)) == (1, 0) and after.outputs:
        b.emit("non_zero", {"x": op.inputs[0]}, to=after.outputs[0])
        b.absorb(after)
        return True
    rows = b.emit("non_zero", {"x": op.inputs[0]}, (count, rank), dtype=DType.INT32)
    b.emit("transpose", {"x": rows}, to=op.outputs[0], attrs={"perm": (1, 0)})
    return True


@lowers("EyeLike")
def eye_like(op: Op, b: Builder) -> bool:
    """EyeLike(input) of a known shape -> a constant."""
    shape = static(b.shape(op.outputs[0]))
    if len(op.inputs) != 1 or shape is None:
        return False
    b.emit("identity", {"x": b.weight(op.outputs[0], shape, "eye")}, to=op.outputs[0])
    return True

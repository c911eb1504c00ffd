"""Random tensors."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import integer, integers, number
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, dtype_name, is_float
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import static

__all__ = ["bernoulli", "multinomial", "random"]

_KINDS = {
    "RandomNormal": ("random_normal", (("mean", "mean", 0.0), ("scale", "stddev", 1.0))),
    "RandomUniform": ("random_uniform", (("low", "low", 0.0), ("high", "high", 1.0))),
}


@lowers("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
def random(op: Op, b: Builder) -> bool:
    """RandomNormal -> random_normal(shape, mean, stddev); RandomUniform -> random_uniform(shape, low, high).

    The shape of ...Like: that of its input when known, else from `shape` of it.
    """
    kind, parameters = _KINDS[op.type.removesuffix("Like")]
    attrs: dict[str, Attr] = {}
    for name, port, default in parameters:
        value = number(op, name, default)
        if value is None:
            return False
        attrs[port] = value
    if not op.type.endswith("Like"):
        sizes = integers(op, "shape", ())
        if sizes is None or "shape" not in op.attrs:
            return False
        b.emit(kind, {}, to=op.outputs[0], attrs={"shape": sizes, **attrs})
        return True
    shape = b.shape(op.inputs[0]) if len(op.inputs) == 1 else None
    if shape is None:
        return False
    sizes = tuple(d for d in shape if isinstance(d, int))
    if len(sizes) == len(shape):
        b.emit(kind, {}, to=op.outputs[0], attrs={"shape": sizes, **attrs})
    else:
        like = b.emit("shape", {"x": op.inputs[0]}, (len(shape),), dtype=DType.INT32)
        b.emit(kind, {"shape": like}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("Bernoulli")
def bernoulli(op: Op, b: Builder) -> bool:
    """Bernoulli(input) -> random_uniform(shape, 0, 1), less(., input), cast."""
    shape = static(b.shape(op.inputs[0])) if len(op.inputs) == 1 else None
    wanted = b.value(op.outputs[0]).dtype
    if shape is None or wanted is None or dtype_name(wanted) is None or not is_float(b, op.inputs[0]):
        return False
    x = op.inputs[0]
    attrs: dict[str, Attr] = {"shape": shape, "low": 0.0, "high": 1.0}
    drawn = b.emit("random_uniform", {}, shape, dtype=b.value(x).dtype, attrs=attrs)
    lower = b.emit("less", {"x": drawn, "y": x}, shape, dtype=DType.BOOL)
    cast(b, lower, wanted, to=op.outputs[0])
    return True


@lowers("Multinomial")
def multinomial(op: Op, b: Builder) -> bool:
    """Multinomial(input) of rank 2 -> random_categorical(x, mode = logits, size), which draws floats, and cast."""
    size, wanted = integer(op, "sample_size", 1), b.value(op.outputs[0]).dtype
    shape = b.shape(op.inputs[0]) if len(op.inputs) == 1 else None
    if size is None or size < 1 or shape is None or len(shape) != 2 or wanted is None or dtype_name(wanted) is None:
        return False
    attrs: dict[str, Attr] = {"mode": "logits", "size": size}
    drawn = b.emit("random_categorical", {"x": op.inputs[0]}, (shape[0], size), attrs=attrs)
    cast(b, drawn, wanted, to=op.outputs[0])
    return True

"""Random tensors."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.mil.attributes import integers, number
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers

__all__ = ["random"]

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

"""Random tensors: RANDOM_UNIFORM, RANDOM_STANDARD_NORMAL and MULTINOMIAL, stretched by MUL and ADD."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, integers, number
from edgeplan.lower.tflite.algebra import binary, extent, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.registry import lowers

__all__ = ["bernoulli", "multinomial", "random"]

_KINDS = {
    "RandomNormal": ("RANDOM_STANDARD_NORMAL", ("mean", 0.0), ("scale", 1.0)),
    "RandomUniform": ("RANDOM_UNIFORM", ("low", 0.0), ("high", 1.0)),
}


@lowers("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
def random(op: Op, b: Builder) -> bool:
    """RandomNormal -> RANDOM_STANDARD_NORMAL(shape), MUL by scale, ADD of mean; RandomUniform -> RANDOM_UNIFORM(shape),
    MUL by high - low, ADD of low. The shape of ...Like is that of its input, by SHAPE where it is unknown.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_random_normal_op, build_random_uniform_like_op.
    """
    kind, (first, zero), (second, one) = _KINDS[op.type.removesuffix("Like")]
    low, high = number(op, first, zero), number(op, second, one)
    sizes = integers(op, "shape", ())
    if low is None or high is None or sizes is None:
        return False
    if op.type.endswith("Like"):
        if len(op.inputs) != 1 or b.rank(op.inputs[0]) is None:
            return False
        shape, given = b.shape(op.inputs[0]), extent(b, op.inputs[0])
    elif "shape" in op.attrs:
        shape, given = sizes, b.ints(sizes)
    else:
        return False
    x = step(b, kind, [given], shape, dtype=DType.FLOAT32)
    scale = high - low if kind == "RANDOM_UNIFORM" else high
    x = binary(b, "MUL", x, scale)
    out, dtype = op.outputs[0], b.value(op.outputs[0]).dtype or DType.FLOAT32
    if dtype is DType.FLOAT32:
        binary(b, "ADD", x, low, to=out)
    else:
        cast(b, binary(b, "ADD", x, low), dtype, to=out)
    return True


@lowers("Bernoulli")
def bernoulli(op: Op, b: Builder) -> bool:
    """Bernoulli(input) -> RANDOM_UNIFORM of its shape, LESS than it, CAST.

    Source: onnx2tf `tflite_builder/op_builders/shape.py` build_bernoulli_op.
    """
    if len(op.inputs) != 1 or b.rank(op.inputs[0]) is None:
        return False
    x, out = op.inputs[0], op.outputs[0]
    drawn = step(b, "RANDOM_UNIFORM", [extent(b, x)], b.shape(x), dtype=DType.FLOAT32)
    dtype = b.value(out).dtype or DType.FLOAT32
    if dtype is DType.BOOL:
        binary(b, "LESS", drawn, x, to=out)
    else:
        cast(b, binary(b, "LESS", drawn, x), dtype, to=out)
    return True


@lowers("Multinomial")
def multinomial(op: Op, b: Builder) -> bool:
    """Multinomial(input) -> MULTINOMIAL(logits, num_samples).

    Source: the TFL dialect's `tfl.multinomial`, of int32 or int64 (LiteRT `tflite/converter/ir/tfl_ops.td`).
    """
    count = integer(op, "sample_size", 1)
    if len(op.inputs) != 1 or b.rank(op.inputs[0]) != 2 or count is None:
        return False
    step(b, "MULTINOMIAL", [op.inputs[0], b.scalar(count, DType.INT32)], to=op.outputs[0])
    return True

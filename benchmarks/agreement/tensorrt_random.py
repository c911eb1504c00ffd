"""Models of one operator whose attributes, shapes, types and opset are drawn at random."""

from __future__ import annotations

import random
from collections.abc import Iterator

import onnx
from onnx import ModelProto, checker, helper, shape_inference

from benchmarks.agreement import tensorrt_draw_data as data
from benchmarks.agreement import tensorrt_draw_layers as layers
from benchmarks.agreement import tensorrt_draw_math as math
from benchmarks.agreement import tensorrt_draw_old as old
from benchmarks.agreement.tensorrt_draw import ANY, FLOATS, Draw, Maker, some
from benchmarks.agreement.tensorrt_models import Question

__all__ = ["models", "old_models"]

NEWEST = 24
"""The newest opset that TensorRT 11.1 documents."""
LISTS_AS_INPUTS = 13
"""The opset from which most operators take axes and sizes as inputs."""

OPERATORS: dict[str, tuple[Maker, int]] = {
    **dict.fromkeys(
        (
            "Abs",
            "Acos",
            "Acosh",
            "Asin",
            "Asinh",
            "Atan",
            "Atanh",
            "BitwiseNot",
            "Ceil",
            "Cos",
            "Cosh",
            "Erf",
            "Exp",
            "Floor",
            "HardSwish",
            "Identity",
            "IsNaN",
            "Log",
            "Mish",
            "Neg",
            "Not",
            "Reciprocal",
            "Relu",
            "Round",
            "Sigmoid",
            "Sign",
            "Sin",
            "Sinh",
            "Size",
            "Softplus",
            "Softsign",
            "Sqrt",
            "Tan",
            "Tanh",
            "Shape",
        ),
        (math.unary, 1),
    ),
    **dict.fromkeys(
        (
            "Add",
            "Sub",
            "Mul",
            "Div",
            "Pow",
            "And",
            "Or",
            "Xor",
            "Equal",
            "Greater",
            "GreaterOrEqual",
            "Less",
            "LessOrEqual",
            "BitwiseAnd",
        ),
        (math.binary, 2),
    ),
    **dict.fromkeys(("Max", "Min", "Mean", "Sum"), (math.several, 2)),
    **dict.fromkeys(
        (
            "ReduceL1",
            "ReduceL2",
            "ReduceLogSum",
            "ReduceLogSumExp",
            "ReduceMax",
            "ReduceMean",
            "ReduceMin",
            "ReduceProd",
            "ReduceSum",
            "ReduceSumSquare",
        ),
        (math.reduce_, 2),
    ),
    **dict.fromkeys(("ArgMax", "ArgMin"), (math.argument, 3)),
    **dict.fromkeys(("Softmax", "LogSoftmax", "Hardmax"), (math.axis, 3)),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), (layers.image, 2)),
    **dict.fromkeys(("RandomNormalLike", "RandomUniformLike", "Bernoulli"), (math.random_like, 1)),
    **dict.fromkeys(("RandomNormal", "RandomUniform"), (math.random_shape, 1)),
    "Attention": (layers.attention, 6),
    "AveragePool": (layers.average_pool, 8),
    "BatchNormalization": (layers.batch_norm, 4),
    "Cast": (math.cast, 8),
    "CastLike": (math.cast_like, 3),
    "Celu": (math.attributes(alpha=(1.0, 2.0)), 1),
    "Clip": (math.clip, 8),
    "Concat": (data.concat, 5),
    "ConstantOfShape": (data.fill, 4),
    "Conv": (layers.conv, 12),
    "ConvTranspose": (layers.deconv, 12),
    "CumSum": (math.cumsum, 4),
    "DepthToSpace": (layers.depth_to_space, 3),
    "DequantizeLinear": (layers.dequantize, 6),
    "Dropout": (math.dropout, 4),
    "Einsum": (math.einsum, 8),
    "Elu": (math.attributes(alpha=(1.0, 2.0)), 1),
    "Expand": (data.expand, 3),
    "EyeLike": (data.eye, 3),
    "Flatten": (data.flatten, 3),
    "GRU": (layers.recurrent(3), 6),
    "Gather": (data.gather, 5),
    "GatherElements": (data.gather_elements, 3),
    "GatherND": (data.gather_nd, 3),
    "Gelu": (math.attributes(approximate=("none", "tanh")), 2),
    "Gemm": (math.gemm, 6),
    "GlobalLpPool": (lambda d: {**layers.image(d), **some(d, p=(1, 2, 3))}, 2),
    "GridSample": (layers.grid_sample, 6),
    "GroupNormalization": (layers.group_norm, 4),
    "HardSigmoid": (math.attributes(alpha=(0.2, 0.5), beta=(0.5,)), 1),
    "InstanceNormalization": (layers.instance_norm, 4),
    "IsInf": (math.attributes(detect_negative=(0, 1), detect_positive=(0, 1)), 3),
    "LRN": (layers.lrn, 3),
    "LSTM": (layers.recurrent(4), 8),
    "LayerNormalization": (layers.layer_norm, 6),
    "LeakyRelu": (math.attributes(alpha=(0.1,)), 1),
    "LpNormalization": (math.attributes(axis=(-1, 0), p=(1, 2)), 4),
    "LpPool": (layers.lp_pool, 5),
    "MatMul": (math.matmul, 8),
    "MaxPool": (layers.pool, 8),
    "MeanVarianceNormalization": (math.attributes(axes=([0, 2, 3], [1], [-1])), 3),
    "Mod": (lambda d: {**math.binary(d), **some(d, fmod=(0, 1))}, 6),
    "OneHot": (data.one_hot, 5),
    "PRelu": (layers.prelu, 3),
    "Pad": (data.pad, 10),
    "QuantizeLinear": (layers.quantize, 6),
    "RMSNormalization": (layers.rms_norm, 3),
    "RNN": (layers.recurrent(1), 4),
    "Range": (math.range_, 6),
    "Reshape": (data.reshape, 6),
    "Resize": (layers.resize, 14),
    "ReverseSequence": (data.reverse_sequence, 3),
    "RotaryEmbedding": (layers.rotary, 4),
    "ScatterElements": (data.scatter_elements, 5),
    "ScatterND": (data.scatter_nd, 4),
    "Selu": (math.attributes(alpha=(1.5,), gamma=(1.0,)), 1),
    "Shrink": (math.attributes(lambd=(0.5,), bias=(0.0, 0.1)), 2),
    "Slice": (data.slice_, 6),
    "SpaceToDepth": (layers.block, 2),
    "Split": (data.split, 4),
    "Squeeze": (data.squeeze, 3),
    "Swish": (math.attributes(alpha=(1.0, 2.0)), 3),
    "ThresholdedRelu": (math.attributes(alpha=(1.0, 0.5)), 1),
    "Tile": (data.tile, 3),
    "TopK": (math.topk, 5),
    "Transpose": (data.transpose, 4),
    "Trilu": (data.trilu, 4),
    "Unsqueeze": (data.unsqueeze, 3),
    "Where": (math.where, 5),
}
"""Operator to how its inputs are drawn, and how often it is drawn compared with others."""


def _model(op: str, maker: Maker, opset: int, dice: random.Random) -> Question | None:
    """One model, or None where what was drawn is no valid ONNX."""
    try:
        schema = onnx.defs.get_schema(op, opset, "")
    except onnx.defs.SchemaError:
        return None
    kinds = {t[7:-1].upper() for i in schema.inputs[:1] for t in i.types if t.startswith("tensor(")}
    wanted = (
        [k for k in (FLOATS if dice.random() < 0.75 else ANY) if k in kinds] or sorted(kinds & set(ANY)) or ["FLOAT"]
    )
    d = Draw(dice, dice.choice(wanted))
    if op in ("QuantizeLinear", "DequantizeLinear", "Where", "OneHot"):
        d.kind = dice.choice(("FLOAT", "FLOAT", "FLOAT16"))
    attrs = maker(d)
    outputs = [f"y{i}" for i in range(attrs.pop("_outputs", max(1, schema.min_output)))]
    while d.names and not d.names[-1]:
        d.names.pop()
    if opset < LISTS_AS_INPUTS and (set(attrs) - set(schema.attributes) or len(d.names) > schema.max_input):
        return None  # what was drawn means something in a later opset only
    attrs = {k: v for k, v in attrs.items() if k in schema.attributes}
    node = helper.make_node(op, d.names[: schema.max_input], outputs, **attrs)
    graph = helper.make_graph(
        [node], "g", d.inputs, [helper.make_empty_tensor_value_info(o) for o in outputs], d.weights
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    try:
        inferred: ModelProto = shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
        for out, found in zip(model.graph.output, inferred.graph.output, strict=True):
            out.CopyFrom(found)
        checker.check_model(model)
    except (shape_inference.InferenceError, checker.ValidationError):
        return None
    return Question("", model, d.feeds)


def _opset(op: str, dice: random.Random) -> int:
    since = min(s.since_version for s in onnx.defs.get_all_schemas_with_history() if s.name == op and s.domain == "")
    oldest = max(min(max(LISTS_AS_INPUTS, since), NEWEST), 18 if op.startswith("Reduce") else LISTS_AS_INPUTS)
    return NEWEST if dice.random() < 0.3 else dice.randint(oldest, NEWEST)


def models(seed: int, count: int) -> Iterator[Question]:
    """`count` models, the same ones for the same seed; names tell the seed, the place and the operator."""
    dice = random.Random(seed)
    names = [op for op, (_, weight) in OPERATORS.items() for _ in range(weight)]
    made = 0
    while made < count:
        op = dice.choice(names)
        own = random.Random(dice.randrange(2**62))
        drawn = _model(op, OPERATORS[op][0], _opset(op, own), own)
        if drawn is not None:
            yield Question(f"random-{seed}-{made:04}-{op}", drawn.model, drawn.feeds)
            made += 1


def old_models(seed: int, count: int) -> Iterator[Question]:
    """The same of opsets 7 to 12, in which axes, sizes and bounds are attributes."""
    dice = random.Random(seed)
    makers = [(op, maker) for op, (maker, weight) in OPERATORS.items() if op not in old.MAKERS for _ in range(weight)]
    makers += [(op, maker) for op, several in old.MAKERS.items() for maker in several for _ in range(8)]
    made = 0
    while made < count:
        op, maker = dice.choice(makers)
        own = random.Random(dice.randrange(2**62))
        drawn = _model(op, maker, own.randint(7, LISTS_AS_INPUTS - 1), own)
        if drawn is not None:
            yield Question(f"old-{seed}-{made:04}-{op}", drawn.model, drawn.feeds)
            made += 1

"""Holds a lowered graph against the TFLite schema and against what each op makes of its operands' shapes."""

from math import prod

from edgeplan.graph import Graph, Op
from edgeplan.tflite_ops import tflite_schema

__all__ = ["check_graph"]


def check_graph(graph: Graph) -> None:
    """Ops, operands and options are the schema's, names resolve, and output shapes follow from the inputs'."""
    known = {*graph.inputs, *graph.captured, *(n for n, v in graph.values.items() if v.const)}
    for op in graph.ops:
        missing = [n for n in op.inputs if n not in known]
        assert not missing, (op, missing)
        known.update(op.outputs)
        if not op.domain:
            _check_schema(op)
            _check_shapes(graph, op)
        for body in op.bodies:
            check_graph(body.graph)
    assert all(n in known and n in graph.values for n in graph.outputs)


def _check_schema(op: Op) -> None:
    schema = tflite_schema()
    entry = schema.ops[op.type]
    order = [entry.inputs.index(p) for p in op.ports]
    assert order == sorted(order), op
    needed = {p for p in entry.inputs if p not in entry.optional and p != entry.variadic}
    assert needed <= set(op.ports), (op, needed)
    assert len(set(op.ports)) == len(op.ports) or entry.variadic, op
    options = schema.options(op.type)
    assert set(op.attrs) == set(options), (op, set(options) ^ set(op.attrs))
    for name, value in op.attrs.items():
        kind = type(options[name].default)
        assert type(value) is kind or (kind is float and isinstance(value, int)), (op, name, value)
        if options[name].type in schema.enums:
            assert value in schema.enums[options[name].type], (op, name, value)


class _Operands:
    def __init__(self, graph: Graph, op: Op) -> None:
        self.graph, self.op = graph, op

    def shape(self, port: str):
        name = self.op.input(port)
        return None if name is None else self.graph.values[name].shape

    def data(self, port: str):
        name = self.op.input(port)
        return None if name is None else self.graph.values[name].data

    def out(self, i: int = 0):
        return self.graph.values[self.op.outputs[i]].shape


def _known(*shapes) -> bool:
    return all(s is not None and all(isinstance(d, int) for d in s) for s in shapes)


def _agree(found, wanted, op) -> None:
    """Equal where both are known."""
    if found is None or wanted is None:
        return
    assert len(found) == len(wanted), (op.type, op.name, found, wanted)
    for a, b in zip(found, wanted, strict=True):
        assert a == b or not (isinstance(a, int) and isinstance(b, int)), (op.type, op.name, found, wanted)


def _extent(size, kernel, stride, dilation, padding):
    if not isinstance(size, int):
        return None
    reach = (kernel - 1) * dilation + 1
    return -(-size // stride) if padding == "SAME" else (size - reach) // stride + 1


def _conv(s: _Operands) -> None:
    a, x, w, y = s.op.attrs, s.shape("input"), s.shape("filter"), s.out()
    deep = s.op.type == "CONV_3D"
    names = "dhw" if deep else "hw"
    assert all(a[f"stride_{n}"] >= 1 for n in names), s.op
    assert w is None or len(w) == len(names) + 2
    if not _known(w) or x is None:
        return
    assert len(x) == len(names) + 2, s.op
    kernel = w[:3] if deep else w[1:3]
    spatial = [
        _extent(x[i + 1], k, a[f"stride_{n}"], a[f"dilation_{n}_factor"], a["padding"])
        for i, (n, k) in enumerate(zip(names, kernel, strict=True))
    ]
    if s.op.type == "DEPTHWISE_CONV_2D":
        channels = w[3]
        assert w[0] == 1
        assert not isinstance(x[3], int) or x[3] * a["depth_multiplier"] == channels, s.op
    else:
        channels = w[4] if deep else w[0]
        each = w[3]
        assert not isinstance(x[-1], int) or x[-1] % each == 0, (s.op, x, w)
    bias = s.shape("bias")
    assert bias is None or bias == (channels,), (s.op, bias)
    _agree(y, (x[0], *spatial, channels), s.op)


def _transpose_conv(s: _Operands) -> None:
    a, x, w, y = s.op.attrs, s.shape("input"), s.shape("weights"), s.out()
    if s.data("output_shape") is not None:
        _agree(y, tuple(d if d >= 0 else None for d in s.data("output_shape")), s.op)
    if _known(x, w, y):
        assert w[3] == x[3], (s.op, w, x)
        assert w[0] == y[3], (s.op, w, y)
        for i, n in enumerate("hw"):
            full = _extent(y[i + 1], w[i + 1], a[f"stride_{n}"], 1, a["padding"])
            assert full == x[i + 1], (s.op, x, w, y)


def _pool(s: _Operands) -> None:
    a, x = s.op.attrs, s.shape("input")
    assert min(a[n] for n in ("filter_height", "filter_width", "stride_h", "stride_w")) >= 1, s.op
    if x is None:
        return
    assert len(x) == 4, s.op
    high = _extent(x[1], a["filter_height"], a["stride_h"], 1, a["padding"])
    wide = _extent(x[2], a["filter_width"], a["stride_w"], 1, a["padding"])
    _agree(s.out(), (x[0], high, wide, x[3]), s.op)


def _reshape(s: _Operands) -> None:
    x, y, target = s.shape("input"), s.out(), s.data("shape")
    if target is not None and y is not None:
        assert len(target) == len(y), (s.op, target, y)
        assert sum(d == -1 for d in target) <= 1, s.op
    if _known(x, y):
        assert prod(x) == prod(y), (s.op, x, y)


def _transpose(s: _Operands) -> None:
    x, perm = s.shape("input"), s.data("perm")
    if x is not None and perm is not None:
        assert sorted(perm) == list(range(len(x))), (s.op, perm, x)
        _agree(s.out(), tuple(x[p] for p in perm), s.op)


def _concatenation(s: _Operands) -> None:
    shapes = [s.graph.values[n].shape for n in s.op.inputs]
    axis, y = s.op.attrs["axis"], s.out()
    if any(x is None for x in shapes):
        return
    total = 0
    for x in shapes:
        assert len(x) == len(shapes[0]), (s.op, shapes)
        _agree(
            tuple(d for i, d in enumerate(x) if i != axis), tuple(d for i, d in enumerate(shapes[0]) if i != axis), s.op
        )
        total = None if total is None or not isinstance(x[axis], int) else total + x[axis]
    _agree(y, tuple(total if i == axis else d for i, d in enumerate(shapes[0])), s.op)


def _pad(s: _Operands) -> None:
    x = s.shape("input")
    name = s.op.input("padding") or s.op.input("pad")
    amounts = s.graph.values[name]
    if x is None:
        return
    assert amounts.shape is None or amounts.shape == (len(x), 2), (s.op, amounts, x)
    if amounts.data is not None:
        wanted = [
            d + amounts.data[2 * i] + amounts.data[2 * i + 1] if isinstance(d, int) else None for i, d in enumerate(x)
        ]
        _agree(s.out(), tuple(wanted), s.op)


def _slice(s: _Operands) -> None:
    x, begin, size = s.shape("input"), s.data("begin"), s.data("size")
    if x is None or begin is None or size is None:
        return
    assert len(begin) == len(size) == len(x), (s.op, begin, size, x)
    wanted = []
    for d, b, n in zip(x, begin, size, strict=True):
        if isinstance(d, int):
            assert 0 <= b <= b + max(n, 0) <= d, (s.op, x, begin, size)
        wanted.append(n if n >= 0 else d - b if isinstance(d, int) else None)
    _agree(s.out(), tuple(wanted), s.op)


def _strided_slice(s: _Operands) -> None:
    x, a = s.shape("input"), s.op.attrs
    begin, end, strides = s.data("begin"), s.data("end"), s.data("strides")
    if x is None or begin is None or end is None or strides is None:
        return
    assert len(begin) == len(end) == len(strides) == len(x), s.op
    wanted = []
    for i, d in enumerate(x):
        if a["shrink_axis_mask"] >> i & 1:
            continue
        if not isinstance(d, int):
            wanted.append(None)
            continue
        first = None if a["begin_mask"] >> i & 1 else begin[i]
        last = None if a["end_mask"] >> i & 1 else end[i]
        wanted.append(len(range(*slice(first, last, strides[i]).indices(d))))
    _agree(s.out(), tuple(wanted), s.op)


def _reduction(s: _Operands) -> None:
    x = s.shape("input")
    name = next(s.op.input(p) for p in ("axis", "axes", "reduction_indices") if s.op.input(p))
    axes = s.graph.values[name].data
    if x is None or axes is None:
        return
    assert all(0 <= a < len(x) for a in axes), (s.op, axes, x)
    keep = s.op.attrs["keep_dims"]
    _agree(s.out(), tuple(1 if i in axes else d for i, d in enumerate(x) if keep or i not in axes), s.op)


def _fully_connected(s: _Operands) -> None:
    x, w, y = s.shape("input"), s.shape("filter"), s.out()
    assert w is None or len(w) == 2, s.op
    if _known(x, w, y):
        assert prod(x) % w[1] == 0, (s.op, x, w)
        assert (y[-1], prod(y)) == (w[0], prod(x) // w[1] * w[0]), (s.op, x, w, y)
        if s.op.attrs["keep_num_dims"]:
            assert y == (*x[:-1], w[0]), (s.op, x, w, y)
        else:
            assert len(y) == 2, (s.op, y)
    bias = s.shape("bias")
    assert bias is None or w is None or bias == (w[0],), (s.op, bias)


def _batch_matmul(s: _Operands) -> None:
    x, y = s.shape("x"), s.shape("y")
    if x is None or y is None:
        return
    assert min(len(x), len(y)) >= 2, (s.op, x, y)
    a, b = (x[-1], x[-2]) if s.op.attrs["adj_x"] else (x[-2], x[-1])
    c, d = (y[-1], y[-2]) if s.op.attrs["adj_y"] else (y[-2], y[-1])
    _agree((b,), (c,), s.op)
    _agree(s.out(), (*_broadcast(s.op, x[:-2], y[:-2]), a, d), s.op)


def _broadcast(op: Op, *shapes):
    rank = max(map(len, shapes))
    found = []
    for dims in zip(*((1,) * (rank - len(s)) + tuple(s) for s in shapes), strict=True):
        sizes = {d for d in dims if isinstance(d, int) and d != 1}
        assert len(sizes) <= 1, (op, shapes)
        found.append(sizes.pop() if sizes else 1 if all(d == 1 for d in dims) else None)
    return tuple(found)


def _elementwise(s: _Operands) -> None:
    shapes = [s.graph.values[n].shape for n in s.op.inputs]
    if all(x is not None for x in shapes):
        _agree(s.out(), _broadcast(s.op, *shapes), s.op)


def _resize(s: _Operands) -> None:
    x, size = s.shape("input"), s.data("size")
    if x is not None:
        assert len(x) == 4, s.op
        _agree(s.out(), (x[0], *(size or (None, None)), x[3]), s.op)


def _pack(s: _Operands) -> None:
    x = s.graph.values[s.op.inputs[0]].shape
    axis = s.op.attrs["axis"]
    assert s.op.attrs["values_count"] == len(s.op.inputs), s.op
    if x is not None:
        _agree(s.out(), (*x[:axis], len(s.op.inputs), *x[axis:]), s.op)


def _gather(s: _Operands) -> None:
    x, i, axis, batch = s.shape("params"), s.shape("indices"), s.op.attrs["axis"], s.op.attrs["batch_dims"]
    if x is not None and i is not None:
        _agree(s.out(), (*x[:axis], *i[batch:], *x[axis + 1 :]), s.op)


def _split(s: _Operands) -> None:
    x, axis = s.shape("value"), s.data("split_dim")
    outs = [s.out(i) for i in range(len(s.op.outputs))]
    assert s.op.attrs["num_splits"] == len(outs), s.op
    if x is None or axis is None or not _known(x, *outs):
        return
    assert sum(o[axis[0]] for o in outs) == x[axis[0]], (s.op, x, outs)
    for o in outs:
        _agree(o[: axis[0]] + o[axis[0] + 1 :], x[: axis[0]] + x[axis[0] + 1 :], s.op)


_REDUCTIONS = ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD", "REDUCE_ANY", "REDUCE_ALL")
_ELEMENTWISE = (
    "ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "POW", "SQUARED_DIFFERENCE", "FLOOR_DIV", "FLOOR_MOD", "LESS",
    "LESS_EQUAL", "GREATER", "GREATER_EQUAL", "EQUAL", "NOT_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT",
    "SELECT_V2", "ATAN2", "BITWISE_XOR", "RIGHT_SHIFT", "ABS", "EXP", "LOG", "SQRT", "RSQRT", "NEG", "FLOOR", "CEIL",
    "ROUND", "SIGN", "SIN", "COS", "SQUARE", "LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "ELU",
    "LEAKY_RELU", "HARD_SWISH", "GELU", "SOFTMAX", "LOG_SOFTMAX", "CAST", "DEQUANTIZE", "QUANTIZE", "CUMSUM",
    "L2_NORMALIZATION", "LOCAL_RESPONSE_NORMALIZATION", "PRELU", "ZEROS_LIKE", "REVERSE_V2",
)  # fmt: skip
_CHECKS = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "CONV_3D"), _conv),
    "TRANSPOSE_CONV": _transpose_conv,
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"), _pool),
    "RESHAPE": _reshape,
    "TRANSPOSE": _transpose,
    "CONCATENATION": _concatenation,
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), _pad),
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    **dict.fromkeys(_REDUCTIONS, _reduction),
    "FULLY_CONNECTED": _fully_connected,
    "BATCH_MATMUL": _batch_matmul,
    **dict.fromkeys(_ELEMENTWISE, _elementwise),
    **dict.fromkeys(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"), _resize),
    "PACK": _pack,
    "GATHER": _gather,
    **dict.fromkeys(("SPLIT", "SPLIT_V"), _split),
}


def _check_shapes(graph: Graph, op: Op) -> None:
    check = _CHECKS.get(op.type)
    if check is not None:
        check(_Operands(graph, op))

"""Computes a small lowered graph in NumPy, to hold its axis orders against what ONNX's reference makes of it."""

from itertools import product

import numpy as np

from edgeplan.graph import Graph, Op

__all__ = ["evaluate"]

_UNARY = {
    "RELU": lambda x: np.maximum(x, 0),
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "TANH": np.tanh,
    "ABS": np.abs,
    "NEG": np.negative,
    "EXP": np.exp,
    "LOG": np.log,
    "SQRT": np.sqrt,
    "SIGN": np.sign,
}
_BINARY = {
    "ADD": np.add,
    "SUB": np.subtract,
    "MUL": np.multiply,
    "DIV": np.divide,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
}
_REDUCTIONS = {"MEAN": np.mean, "SUM": np.sum, "REDUCE_MAX": np.max, "REDUCE_MIN": np.min}


def evaluate(graph: Graph, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs of a graph. A constant whose elements are not known must be a bias of zeros."""
    values = dict(inputs)
    for name, value in graph.values.items():
        if value.const and name not in values:
            dtype = np.int64 if value.dtype.label.startswith("int") else np.float32
            assert value.data is not None or "/bias:" in name, name
            data = value.data if value.data is not None else np.zeros(value.shape)
            values[name] = np.asarray(data, dtype).reshape(value.shape)
    for op in graph.ops:
        made = _run(
            op, {p: values[n] for p, n in zip(op.ports, op.inputs, strict=True)}, [values[n] for n in op.inputs]
        )
        for name, result in zip(op.outputs, made if isinstance(made, list) else [made], strict=True):
            values[name] = _activated(op, result)
            assert values[name].shape == graph.values[name].shape, op
    return [values[name] for name in graph.outputs]


def _activated(op: Op, y: np.ndarray) -> np.ndarray:
    low, high = {"RELU": (0, np.inf), "RELU6": (0, 6), "RELU_N1_TO_1": (-1, 1)}.get(
        op.attrs.get("fused_activation_function"), (-np.inf, np.inf)
    )
    return np.clip(y, low, high) if np.isfinite(low) else y


def _run(op: Op, given: dict[str, np.ndarray], args: list[np.ndarray]):
    x, kind, attrs = args[0], op.type, op.attrs
    if kind in _UNARY:
        return _UNARY[kind](x)
    if kind in _BINARY:
        return _BINARY[kind](*args)
    if kind in _REDUCTIONS:
        return _REDUCTIONS[kind](x, axis=tuple(args[1].tolist()), keepdims=attrs["keep_dims"])
    if kind == "TRANSPOSE":
        return np.transpose(x, args[1])
    if kind == "RESHAPE":
        return x.reshape(args[1])
    if kind == "CONCATENATION":
        return np.concatenate(args, axis=attrs["axis"])
    if kind == "SLICE":
        return x[tuple(slice(b, None if n < 0 else b + n) for b, n in zip(given["begin"], given["size"], strict=True))]
    if kind == "STRIDED_SLICE":
        return x[_strides(given, attrs)]
    if kind == "REVERSE_V2":
        return np.flip(x, tuple(args[1].tolist()))
    if kind == "PAD":
        return np.pad(x, given["padding"])
    if kind == "PADV2":
        return np.pad(x, given["padding"], constant_values=float(given["constant_values"]))
    if kind == "MIRROR_PAD":
        return np.pad(x, given["pad"], mode="reflect")
    if kind == "TILE":
        return np.tile(x, given["multiples"])
    if kind == "BROADCAST_TO":
        return np.broadcast_to(x, given["shape"])
    if kind == "SOFTMAX":
        e = np.exp(x - x.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
    if kind == "GATHER":
        return np.take(x, given["indices"], axis=attrs["axis"])
    if kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D"):
        return _pool(x, attrs, np.max if kind == "MAX_POOL_2D" else np.mean)
    if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return _conv(given, attrs, depthwise=kind == "DEPTHWISE_CONV_2D")
    if kind == "DEPTH_TO_SPACE":
        n, h, w, c = x.shape
        s = attrs["block_size"]
        return x.reshape(n, h, w, s, s, c // s**2).transpose(0, 1, 3, 2, 4, 5).reshape(n, h * s, w * s, c // s**2)
    if kind == "RESIZE_NEAREST_NEIGHBOR":
        rows = np.arange(given["size"][0]) * x.shape[1] // given["size"][0]
        columns = np.arange(given["size"][1]) * x.shape[2] // given["size"][1]
        return x[:, rows][:, :, columns]
    if kind == "FULLY_CONNECTED":
        return x @ given["filter"].T + given["bias"]
    if kind == "BATCH_MATMUL":
        a, b = given["x"], given["y"]
        return (np.swapaxes(a, -1, -2) if attrs["adj_x"] else a) @ (np.swapaxes(b, -1, -2) if attrs["adj_y"] else b)
    raise NotImplementedError(kind)


def _strides(given, attrs):
    cut = []
    for i, (b, e, s) in enumerate(zip(given["begin"], given["end"], given["strides"], strict=True)):
        first = None if attrs["begin_mask"] >> i & 1 else int(b)
        last = None if attrs["end_mask"] >> i & 1 else int(e)
        cut.append(slice(first, last, int(s)))
    return tuple(cut)


def _windows(x, kernel, strides, padding):
    """Where each window begins, and the size of the output, along height and width."""
    starts = []
    for size, k, s in zip(x.shape[1:3], kernel, strides, strict=True):
        count = -(-size // s) if padding == "SAME" else (size - k) // s + 1
        before = max((count - 1) * s + k - size, 0) // 2 if padding == "SAME" else 0
        starts.append([i * s - before for i in range(count)])
    return starts


def _cells(start, k, size):
    return slice(max(start, 0), min(start + k, size))


def _pool(x, attrs, reduce):
    kernel = attrs["filter_height"], attrs["filter_width"]
    rows, columns = _windows(x, kernel, (attrs["stride_h"], attrs["stride_w"]), attrs["padding"])
    y = np.zeros((x.shape[0], len(rows), len(columns), x.shape[3]), np.float32)
    for (i, r), (j, c) in product(enumerate(rows), enumerate(columns)):
        part = x[:, _cells(r, kernel[0], x.shape[1]), _cells(c, kernel[1], x.shape[2])]
        y[:, i, j] = reduce(part, axis=(1, 2))
    return y


def _conv(given, attrs, *, depthwise):
    x, w = given["input"], given["filter"]
    dilations = attrs["dilation_h_factor"], attrs["dilation_w_factor"]
    reach = [(k - 1) * d + 1 for k, d in zip(w.shape[1:3], dilations, strict=True)]
    rows, columns = _windows(x, reach, (attrs["stride_h"], attrs["stride_w"]), attrs["padding"])
    outputs = w.shape[3] if depthwise else w.shape[0]
    groups = x.shape[3] if depthwise else x.shape[3] // w.shape[3]
    y = np.zeros((x.shape[0], len(rows), len(columns), outputs), np.float32)
    for (i, r), (j, c), (u, v) in product(enumerate(rows), enumerate(columns), np.ndindex(*w.shape[1:3])):
        at = r + u * dilations[0], c + v * dilations[1]
        if not (0 <= at[0] < x.shape[1] and 0 <= at[1] < x.shape[2]):
            continue
        cell = x[:, at[0], at[1]]
        for o in range(outputs):
            group = o // (outputs // groups)
            part = cell[:, group : group + 1] if depthwise else np.split(cell, groups, 1)[group]
            taps = w[0, u, v, o : o + 1] if depthwise else w[o, u, v]
            y[:, i, j, o] += part @ taps
    return y + given["bias"]

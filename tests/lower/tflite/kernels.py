"""LiteRT's ops in NumPy, as far as the decompositions here use them: to compute a lowered graph in a test."""

import numpy as np

from edgeplan.graph import Graph, Op

__all__ = ["compute"]

_UNARY = {
    "ABS": np.abs,
    "COS": np.cos,
    "FLOOR": np.floor,
    "LOG": np.log,
    "LOGISTIC": lambda x: 1 / (1 + np.exp(-x)),
    "NEG": np.negative,
    "RELU": lambda x: np.maximum(x, 0),
    "ROUND": np.round,
    "RSQRT": lambda x: 1 / np.sqrt(x),
    "TANH": np.tanh,
}
_BINARY = {
    "ADD": np.add,
    "DIV": lambda x, y: np.divide(x, y).astype(x.dtype),
    "EQUAL": np.equal,
    "FLOOR_MOD": np.mod,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "LOGICAL_AND": np.logical_and,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "MUL": np.multiply,
    "NOT_EQUAL": np.not_equal,
    "SUB": np.subtract,
}
_REDUCTIONS = {
    "MEAN": np.mean,
    "REDUCE_MAX": np.max,
    "REDUCE_MIN": np.min,
    "REDUCE_PROD": np.prod,
    "SUM": np.sum,
}


def compute(graph: Graph, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The outputs of a graph. Constants whose elements nobody read are made up from what they are called."""
    values = dict(inputs)
    for name, value in graph.values.items():
        if value.const and name not in values:
            data = (
                np.asarray(value.data).reshape(value.shape) if value.data is not None else _made_up(name, value.shape)
            )
            values[name] = data.astype(np.dtype(value.dtype.label))
    places = 0
    for op in graph.ops:
        given = [values[n] for n in op.inputs]
        if op.type == "CONCATENATION":
            given = [
                _place(x, i) if "/places:" in n else x for i, (n, x) in enumerate(zip(op.inputs, given, strict=True))
            ]
        elif any("/unit:" in n for n in op.inputs):
            given = [_unit(x, places // 2) if "/unit:" in n else x for n, x in zip(op.inputs, given, strict=True)]
            places += 1
        elif any("/waves:" in n for n in op.inputs):
            given = [given[0], _waves(given[1].shape, sine=places % 2 == 1)]
            places += 1
        found = _run(op, given, dict(zip(op.ports, given, strict=True)), graph)
        for name, result in zip(op.outputs, found if isinstance(found, list) else [found], strict=True):
            values[name] = np.asarray(result)
            wanted = graph.values[name].shape
            assert wanted is None or len(wanted) == values[name].ndim, op
            assert all(
                not isinstance(d, int) or d == e for d, e in zip(wanted or (), values[name].shape, strict=False)
            ), op
    return [values[name] for name in graph.outputs]


def _made_up(name: str, shape: tuple[int, ...]) -> np.ndarray:
    hint = name.rpartition("/")[2].partition(":")[0]
    if hint in ("ones", "eye"):
        return np.ones(shape) if hint == "ones" else np.eye(shape[-1]) * np.ones(shape)
    if hint == "batches":
        return np.arange(shape[0]).reshape([-1] + [1] * (len(shape) - 1)) * np.ones(shape)
    if hint == "steps":
        return np.arange(shape[1]).reshape(shape)
    if hint == "cells":
        return np.eye(shape[-1]).reshape(shape)
    if hint in ("causal", "triangle"):
        return np.tril(np.ones(shape)) if hint == "causal" else np.triu(np.ones(shape))
    assert hint in ("places", "unit", "waves"), name
    return np.zeros(shape)


def _place(x: np.ndarray, axis: int) -> np.ndarray:
    along = np.arange(x.shape[axis]).reshape([-1 if i == axis else 1 for i in range(x.ndim)])
    return np.broadcast_to(along, x.shape).astype(x.dtype)


def _unit(x: np.ndarray, at: int) -> np.ndarray:
    return np.eye(x.size, dtype=x.dtype)[at].reshape(x.shape)


def _waves(shape: tuple[int, ...], *, sine: bool) -> np.ndarray:
    angle = 2 * np.pi * np.outer(np.arange(shape[1]), np.arange(shape[2])) / shape[1]
    return (-np.sin(angle) if sine else np.cos(angle))[None].astype(np.float32)


def _run(op: Op, given: list[np.ndarray], port: dict[str, np.ndarray], graph: Graph):
    x, kind, attrs = given[0], op.type, op.attrs
    if kind in _UNARY:
        return _UNARY[kind](x)
    if kind in _BINARY:
        return _BINARY[kind](x, given[1])
    if kind in _REDUCTIONS:
        return _REDUCTIONS[kind](x, tuple(map(int, given[1])), keepdims=attrs["keep_dims"])
    if kind in _MOVES:
        return _MOVES[kind](given, attrs)
    if kind == "CAST":
        return x.astype(np.dtype(graph.values[op.outputs[0]].dtype.label))
    if kind == "SHAPE":
        return np.asarray(x.shape, np.dtype(attrs["out_type"].lower()))
    if kind == "STRIDED_SLICE":
        return _strided_slice(x, port, attrs)
    if kind == "SCATTER_ND":
        made = np.zeros(given[2], given[1].dtype)
        np.add.at(made, tuple(np.moveaxis(x, -1, 0)), given[1])
        return made
    if kind == "TOPK_V2":
        places = np.argsort(-x, -1, kind="stable")[..., : int(given[1])]
        return [np.take_along_axis(x, places, -1), places.astype(np.int32)]
    if kind == "NON_MAX_SUPPRESSION_V4":
        return _suppressed(*given)
    if kind == "TRANSPOSE_CONV":
        return _transposed_conv(port, attrs)
    if kind in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        n, height, width, c = x.shape
        high, wide = attrs["filter_height"], attrs["filter_width"]
        cells = x.reshape(n, height // high, high, width // wide, wide, c)
        return cells.mean((2, 4)) if kind == "AVERAGE_POOL_2D" else cells.max((2, 4))
    raise NotImplementedError(kind)


def _gather(given, attrs):
    x, places = given[:2]
    if not attrs["batch_dims"]:
        return np.take(x, places, attrs["axis"])
    return np.stack([np.take(a, b, attrs["axis"] - 1) for a, b in zip(x, places, strict=True)])


def _cumsum(given, attrs):
    x, axis = given[0], int(given[1])
    turned = np.flip(x, axis) if attrs["reverse"] else x
    made = np.cumsum(turned, axis)
    made = made - turned if attrs["exclusive"] else made
    return np.flip(made, axis) if attrs["reverse"] else made


def _one_hot(given, attrs):
    made = np.where(np.eye(int(given[1]), dtype=bool)[given[0]], given[2], given[3])
    return made if attrs["axis"] == -1 else np.moveaxis(made, -1, attrs["axis"])


def _softmax(given, attrs):
    e = np.exp(given[0] - given[0].max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _matmul(given, attrs):
    x, y = given
    return (np.swapaxes(x, -1, -2) if attrs["adj_x"] else x) @ (np.swapaxes(y, -1, -2) if attrs["adj_y"] else y)


_MOVES = {
    "ARG_MAX": lambda g, a: np.argmax(g[0], int(g[1][0])).astype(np.dtype(a["output_type"].lower())),
    "ARG_MIN": lambda g, a: np.argmin(g[0], int(g[1][0])).astype(np.dtype(a["output_type"].lower())),
    "BATCH_MATMUL": _matmul,
    "BROADCAST_TO": lambda g, a: np.broadcast_to(g[0], g[1]),
    "CONCATENATION": lambda g, a: np.concatenate(g, a["axis"]),
    "CUMSUM": _cumsum,
    "FILL": lambda g, a: np.full(g[0], g[1]),
    "GATHER": _gather,
    "GATHER_ND": lambda g, a: g[0][tuple(np.moveaxis(g[1], -1, 0))],
    "ONE_HOT": _one_hot,
    "PACK": lambda g, a: np.stack(g, a["axis"]),
    "PAD": lambda g, a: np.pad(g[0], g[1]),
    "RANGE": lambda g, a: np.arange(*g, dtype=g[0].dtype),
    "RESHAPE": lambda g, a: g[0].reshape(g[1]),
    "REVERSE_V2": lambda g, a: np.flip(g[0], tuple(g[1])),
    "SELECT": lambda g, a: np.where(*g),
    "SELECT_V2": lambda g, a: np.where(*g),
    "SLICE": lambda g, a: g[0][tuple(slice(b, None if n == -1 else b + n) for b, n in zip(g[1], g[2], strict=True))],
    "SOFTMAX": _softmax,
    "SPLIT": lambda g, a: np.split(g[1], a["num_splits"], int(g[0][0])),
    "SQUEEZE": lambda g, a: g[0].squeeze(tuple(a["squeeze_dims"])),
    "TILE": lambda g, a: np.tile(g[0], g[1]),
    "TRANSPOSE": lambda g, a: g[0].transpose(g[1]),
    "WHERE": lambda g, a: np.argwhere(g[0]),
}


def _strided_slice(x, port, attrs):
    found = []
    for i, (begin, end, stride) in enumerate(zip(port["begin"], port["end"], port["strides"], strict=True)):
        first = None if attrs["begin_mask"] >> i & 1 else begin
        last = None if attrs["end_mask"] >> i & 1 else end
        found.append(int(begin) if attrs["shrink_axis_mask"] >> i & 1 else slice(first, last, stride))
    return x[tuple(found)]


def _transposed_conv(port, attrs):
    x, w, y = port["input"], port["weights"], np.zeros(port["output_shape"], np.float32)
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            top, left = i * attrs["stride_h"], j * attrs["stride_w"]
            y[:, top : top + w.shape[1], left : left + w.shape[2]] += np.einsum("nc,ohwc->nhwo", x[:, i, j], w)
    return y


def _suppressed(boxes, scores, most, overlap, least):
    def shared(p, q):
        high = min(p[2], q[2]) - max(p[0], q[0])
        wide = min(p[3], q[3]) - max(p[1], q[1])
        both = max(high, 0) * max(wide, 0)
        return both / (np.prod(p[2:] - p[:2]) + np.prod(q[2:] - q[:2]) - both)

    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable"):
        if scores[i] > least and len(kept) < most and all(shared(boxes[i], boxes[j]) <= overlap for j in kept):
            kept.append(int(i))
    return [np.asarray(kept + [0] * (int(most) - len(kept)), np.int32), np.int32(len(kept))]

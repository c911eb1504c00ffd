"""Evaluates the small integer arithmetic that models do on shapes: one numpy function an op.

Only constants of up to `FOLD_LIMIT` elements are computed; weights never are. A function returns the outputs, or None
where the op's form is not one that shape arithmetic uses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgeplan.frontends.onnx.tensors import FOLD_LIMIT

__all__ = ["FOLDS", "fold"]

Array = NDArray[Any]
Inputs = Sequence[Array | None]
Attrs = Mapping[str, Any]
Fold = Callable[[Inputs, Attrs], "list[Array] | None"]


def fold(op_type: str, inputs: Inputs, attrs: Attrs) -> list[Array] | None:
    """The outputs of an op whose inputs are all known, or None when it is not folded or its inputs do not fit it."""
    function = FOLDS.get(op_type)
    if function is None:
        return None
    try:
        with np.errstate(all="ignore"):
            outputs = function(inputs, attrs)
    except (ArithmeticError, LookupError, MemoryError, TypeError, ValueError):
        return None
    if outputs is None or any(o.size > FOLD_LIMIT for o in outputs):
        return None
    return outputs


def _only(inputs: Inputs, count: int) -> list[Array]:
    given = [x for x in inputs[:count] if x is not None]
    if len(given) < count:
        raise ValueError("an input is absent")
    return given


def _unary(function: Callable[[Array], Array]) -> Fold:
    return lambda inputs, attrs: [np.asarray(function(_only(inputs, 1)[0])).astype(_only(inputs, 1)[0].dtype)]


def _binary(function: Callable[..., Array], out: Any = None) -> Fold:
    def run(inputs: Inputs, attrs: Attrs) -> list[Array]:
        a, b = _only(inputs, 2)
        _check_size(np.broadcast_shapes(a.shape, b.shape))
        return [np.asarray(function(a, b)).astype(out or a.dtype)]

    return run


def _variadic(function: Callable[[Array, Array], Array]) -> Fold:
    def run(inputs: Inputs, attrs: Attrs) -> list[Array]:
        total = _only(inputs, 1)[0]
        for x in inputs[1:]:
            if x is not None:
                _check_size(np.broadcast_shapes(total.shape, x.shape))
                total = function(total, x)
        return [np.asarray(total)]

    return run


def _check_size(shape: Sequence[int]) -> None:
    size = 1
    for d in shape:
        if d < 0:
            raise ValueError("a negative size")
        size *= int(d)
    if size > FOLD_LIMIT:
        raise ValueError("too large to fold")


def _divide(a: Array, b: Array) -> Array:
    if a.dtype.kind not in "iu":
        return np.asarray(a / b)
    if not np.all(b):
        raise ValueError("division by zero")
    quotient = np.abs(a) // np.abs(b)
    return np.asarray(np.where((a < 0) != (b < 0), -quotient, quotient))


def _mod(inputs: Inputs, attrs: Attrs) -> list[Array]:
    a, b = _only(inputs, 2)
    if a.dtype.kind in "iu" and not np.all(b):
        raise ValueError("division by zero")
    return [np.asarray(np.fmod(a, b) if attrs.get("fmod") else np.mod(a, b)).astype(a.dtype)]


def _axes(inputs: Inputs, attrs: Attrs, at: int = 1) -> list[int] | None:
    if "axes" in attrs:
        return [int(a) for a in attrs["axes"]]
    if len(inputs) > at and inputs[at] is not None:
        return [int(a) for a in np.asarray(inputs[at]).ravel()]
    return None


def _squeeze(inputs: Inputs, attrs: Attrs) -> list[Array]:
    axes = _axes(inputs, attrs)
    return [np.squeeze(_only(inputs, 1)[0], None if axes is None else tuple(axes))]


def _unsqueeze(inputs: Inputs, attrs: Attrs) -> list[Array]:
    return [np.expand_dims(_only(inputs, 1)[0], tuple(_axes(inputs, attrs) or ()))]


def _reshape(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x, shape = _only(inputs, 2)
    wanted = [int(d) for d in shape.ravel()]
    if not attrs.get("allowzero"):
        wanted = [x.shape[i] if d == 0 else d for i, d in enumerate(wanted)]
    return [x.reshape(wanted)]


def _slice(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x = _only(inputs, 1)[0]
    if "starts" in attrs:
        starts, ends = list(attrs["starts"]), list(attrs["ends"])
        axes, steps = list(attrs.get("axes", range(len(starts)))), [1] * len(starts)
    else:
        first, last = _only(inputs, 3)[1:]
        starts, ends = first.ravel().tolist(), last.ravel().tolist()
        given = [
            None if len(inputs) <= i or inputs[i] is None else np.asarray(inputs[i]).ravel().tolist() for i in (3, 4)
        ]
        axes = given[0] if given[0] is not None else list(range(len(starts)))
        steps = given[1] if given[1] is not None else [1] * len(starts)
    index: list[slice] = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        index[axis] = slice(start, None if step < 0 and end < -x.shape[axis] else end, step)
    return [x[tuple(index)]]


def _gather(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x, indices = _only(inputs, 2)
    axis = int(attrs.get("axis", 0))
    _check_size((*np.delete(np.array(x.shape), axis).tolist(), *indices.shape))
    return [np.asarray(np.take(x, indices, axis=axis))]


def _gather_elements(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x, indices = _only(inputs, 2)
    return [np.take_along_axis(x, indices, axis=int(attrs.get("axis", 0)))]


def _cast(inputs: Inputs, attrs: Attrs) -> list[Array] | None:
    from onnx.helper import tensor_dtype_to_np_dtype

    kind = int(attrs["to"])
    return None if kind == 8 or kind > 16 else [_only(inputs, 1)[0].astype(tensor_dtype_to_np_dtype(kind))]


def _constant_of_shape(inputs: Inputs, attrs: Attrs) -> list[Array]:
    shape = [int(d) for d in _only(inputs, 1)[0].ravel()]
    _check_size(shape)
    value = attrs.get("value")
    fill = np.zeros(1, np.float32) if value is None else np.asarray(value)
    return [np.full(shape, fill.ravel()[0], fill.dtype)]


def _range(inputs: Inputs, attrs: Attrs) -> list[Array]:
    start, limit, step = (x.ravel()[0] for x in _only(inputs, 3))
    if step == 0:
        raise ValueError("a step of zero")
    _check_size([max(0, int(np.ceil((limit - start) / step)))])
    return [np.arange(start, limit, step, dtype=_only(inputs, 1)[0].dtype)]


def _expand(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x, shape = _only(inputs, 2)
    target = np.broadcast_shapes(x.shape, tuple(int(d) for d in shape.ravel()))
    _check_size(target)
    return [np.broadcast_to(x, target)]


def _tile(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x, repeats = _only(inputs, 2)
    _check_size([d * int(r) for d, r in zip(x.shape, repeats.ravel(), strict=True)])
    return [np.tile(x, repeats.ravel())]


def _reduce(function: Callable[..., Any]) -> Fold:
    def run(inputs: Inputs, attrs: Attrs) -> list[Array]:
        x = _only(inputs, 1)[0]
        axes = _axes(inputs, attrs)
        if axes is None and attrs.get("noop_with_empty_axes"):
            return [x]
        keep = bool(attrs.get("keepdims", 1))
        return [np.asarray(function(x, axis=None if not axes else tuple(axes), keepdims=keep)).astype(x.dtype)]

    return run


def _split(inputs: Inputs, attrs: Attrs) -> list[Array] | None:
    x = _only(inputs, 1)[0]
    axis = int(attrs.get("axis", 0))
    sizes = attrs.get("split", inputs[1].ravel().tolist() if len(inputs) > 1 and inputs[1] is not None else None)
    if sizes is None:
        count = int(attrs["num_outputs"])
        chunk = -(-x.shape[axis] // count)
        return [x.take(range(i * chunk, min((i + 1) * chunk, x.shape[axis])), axis) for i in range(count)]
    return list(np.split(x, np.cumsum(sizes)[:-1], axis))


def _concat(inputs: Inputs, attrs: Attrs) -> list[Array]:
    return [np.concatenate([x for x in inputs if x is not None], int(attrs["axis"]))]


def _where(inputs: Inputs, attrs: Attrs) -> list[Array]:
    c, a, b = _only(inputs, 3)
    _check_size(np.broadcast_shapes(c.shape, a.shape, b.shape))
    return [np.where(c, a, b)]


def _nonzero(inputs: Inputs, attrs: Attrs) -> list[Array]:
    return [np.array(np.nonzero(_only(inputs, 1)[0]), np.int64)]


def _cumsum(inputs: Inputs, attrs: Attrs) -> list[Array] | None:
    x, axis = _only(inputs, 2)
    return None if attrs.get("exclusive") or attrs.get("reverse") else [np.cumsum(x, int(axis.ravel()[0]))]


def _flatten(inputs: Inputs, attrs: Attrs) -> list[Array]:
    x, axis = _only(inputs, 1)[0], int(attrs.get("axis", 1))
    return [x.reshape(int(np.prod(x.shape[:axis])), -1)]


def _scatter_nd(inputs: Inputs, attrs: Attrs) -> list[Array] | None:
    data, indices, updates = _only(inputs, 3)
    if attrs.get("reduction", "none") not in ("none", b"none"):
        return None
    out = data.copy()
    out[tuple(np.moveaxis(indices, -1, 0))] = updates
    return [out]


FOLDS: Mapping[str, Fold] = {
    "Identity": _unary(lambda x: x),
    "Neg": _unary(np.negative),
    "Abs": _unary(np.abs),
    "Floor": _unary(np.floor),
    "Ceil": _unary(np.ceil),
    "Round": _unary(np.round),
    "Sqrt": _unary(np.sqrt),
    "Exp": _unary(np.exp),
    "Log": _unary(np.log),
    "Reciprocal": _unary(np.reciprocal),
    "Sign": _unary(np.sign),
    "Not": _unary(np.logical_not),
    "Add": _binary(np.add),
    "Sub": _binary(np.subtract),
    "Mul": _binary(np.multiply),
    "Div": _binary(_divide),
    "Mod": _mod,
    "Pow": _binary(np.power),
    "Equal": _binary(np.equal, bool),
    "Greater": _binary(np.greater, bool),
    "Less": _binary(np.less, bool),
    "GreaterOrEqual": _binary(np.greater_equal, bool),
    "LessOrEqual": _binary(np.less_equal, bool),
    "And": _binary(np.logical_and, bool),
    "Or": _binary(np.logical_or, bool),
    "Xor": _binary(np.logical_xor, bool),
    "Min": _variadic(np.minimum),
    "Max": _variadic(np.maximum),
    "Sum": _variadic(np.add),
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": lambda i, a: [np.transpose(_only(i, 1)[0], a.get("perm"))],
    "Slice": _slice,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "ScatterND": _scatter_nd,
    "Concat": _concat,
    "Split": _split,
    "Cast": _cast,
    "ConstantOfShape": _constant_of_shape,
    "Range": _range,
    "Expand": _expand,
    "Tile": _tile,
    "Where": _where,
    "NonZero": _nonzero,
    "CumSum": _cumsum,
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min),
    "ReduceMean": _reduce(np.mean),
}
"""Op type (default domain) to its evaluation."""

"""Shape arithmetic while some sizes are still names: what a vector of sizes holds, and the shapes made from it.

onnx's own data propagation does the same, but holds every vector for one of sizes and allocates an object an element:
an input of `float[100000000]` that is cast takes it 6 GB (onnx 1.23).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from onnx import NodeProto, TensorProto
from onnx.helper import get_attribute_value

from edgeplan.frontends.onnx.scope import Known
from edgeplan.frontends.onnx.tensors import dtype_of
from edgeplan.graph import Dim, DType, Shape

__all__ = ["follow", "made_shape"]

_Sizes = tuple[Dim, ...]

_LONGEST = 64
"""Elements of a vector that is held for a shape."""


def follow(node: NodeProto, inputs: list[Known | None]) -> _Sizes | None:
    """The elements of a standard op's first output where they are sizes or names; None when not one is known."""
    function = _FOLLOWED.get(node.op_type)
    if function is None or not inputs:
        return None
    try:
        found = function({a.name: get_attribute_value(a) for a in node.attribute}, inputs)
    except (IndexError, ValueError):  # an index or axis that the vector does not have
        return None
    return None if found is None or len(found) > _LONGEST or all(d is None for d in found) else found


_LIKE_FIRST = frozenset({"GroupNormalization", "MeanVarianceNormalization"})
"""Ops that onnx (1.23) knows only by the functions that define them, and infers no shape for."""


def made_shape(node: NodeProto, inputs: list[Known | None]) -> Known | None:
    """The first output of a standard op that takes its shape from a vector of sizes, or from its first input though
    onnx does not infer so; None when that is not known.
    """
    if node.op_type in _LIKE_FIRST:
        first = inputs[0] if inputs else None
        return None if first is None or first.shape is None else Known(first.dtype, first.shape)
    attrs = {a.name: get_attribute_value(a) for a in node.attribute}
    first = inputs[0] if inputs else None
    if node.op_type == "ConstantOfShape":
        value = attrs.get("value")
        kind = dtype_of(value.data_type) if isinstance(value, TensorProto) else DType.FLOAT32
        sizes = _sizes(first)
        return None if sizes is None or _below(sizes, 0) else Known(kind, sizes)
    target = _sizes(inputs[1]) if len(inputs) > 1 else None
    if first is None or target is None:
        return None
    if node.op_type == "Reshape":
        return Known(first.dtype, None if _below(target, -1) else _reshaped(first.shape, target, attrs))
    if node.op_type == "Expand" and first.shape is not None and not _below(target, 0):
        return Known(first.dtype, _broadcast(first.shape, target))
    return None


def _sizes(known: Known | None) -> _Sizes | None:
    if known is None:
        return None
    if (
        known.data is not None
        and known.data.ndim <= 1
        and known.data.size <= _LONGEST
        and known.data.dtype.kind in "iu"
    ):
        return tuple(known.data.ravel().tolist())
    return known.sizes


def _below(sizes: _Sizes, least: int) -> bool:
    return any(isinstance(d, int) and d < least for d in sizes)


def _reshaped(shape: Shape, target: _Sizes, attrs: Mapping[str, Any]) -> Shape:
    if not attrs.get("allowzero"):
        source = shape or ()
        target = tuple((source[i] if i < len(source) else None) if d == 0 else d for i, d in enumerate(target))
    if -1 not in target:
        return target
    rest = None if shape is None or target.count(-1) > 1 else _quotient(shape, [d for d in target if d != -1])
    return tuple(rest if d == -1 else d for d in target)


def _quotient(all_dims: _Sizes, others: list[Dim]) -> Dim:
    """What is left of a product when others are divided out: a size, or one name."""
    if None in all_dims or None in others:
        return None
    names = Counter(d for d in all_dims if isinstance(d, str))
    divided = Counter(d for d in others if isinstance(d, str))
    above, below = (prod(d for d in dims if isinstance(d, int)) for dims in (all_dims, others))
    if divided - names or not below or above % below:
        return None
    left = list((names - divided).elements())
    if not left:
        return above // below
    return left[0] if len(left) == 1 and above == below else None


def _broadcast(a: _Sizes, b: _Sizes) -> Shape:
    rank = max(len(a), len(b))
    pairs = zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True)
    return tuple(_wider(x, y) for x, y in pairs)


def _wider(a: Dim, b: Dim) -> Dim:
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    sizes = [d for d in (a, b) if isinstance(d, int)]
    return sizes[0] if len(sizes) == 1 else None


def _shape(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
    known = inputs[0]
    return None if known is None or known.shape is None else known.shape[attrs.get("start", 0) : attrs.get("end")]


def _same(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
    return _sizes(inputs[0])


def _one(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
    """A lone size stays one, whatever axes it gets or loses."""
    found = _sizes(inputs[0])
    return found if found is not None and len(found) == 1 else None


def _gather(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
    found, indices = _sizes(inputs[0]), _sizes(inputs[1])
    if found is None or indices is None or attrs.get("axis", 0) not in (0, -1):
        return None
    return tuple(found[i] if isinstance(i, int) else None for i in indices)


def _slice(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
    found = _sizes(inputs[0])
    given = [attrs.get("starts"), attrs.get("ends"), attrs.get("axes", [0]), [1]]
    for slot, known in enumerate(inputs[1:5]):
        if known is not None:
            sizes = _sizes(known)
            given[slot] = None if sizes is None else list(sizes)
    if found is None or any(g is None or len(g) != 1 or not isinstance(g[0], int) for g in given):
        return None
    start, end, axis, step = (g[0] for g in given if g is not None)
    if axis not in (0, -1) or (step < 0 and end < -len(found)):
        return None
    return found[start:end:step]


def _concat(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
    parts: list[Dim] = []
    for known in inputs:
        sizes = _sizes(known)
        if sizes is None:
            if known is None or known.shape is None or len(known.shape) != 1 or not isinstance(known.shape[0], int):
                return None
            sizes = (None,) * min(known.shape[0], _LONGEST + 1)
        parts += sizes
        if len(parts) > _LONGEST:
            return None
    return tuple(parts)


def _arithmetic(function: Callable[[int, int], int], neutral: int, commutes: bool) -> _Follow:
    def pair(a: Dim, b: Dim) -> Dim:
        if isinstance(a, int) and isinstance(b, int):
            return function(a, b)
        if b == neutral:
            return a
        return b if commutes and a == neutral else None

    def run(attrs: Mapping[str, Any], inputs: list[Known | None]) -> _Sizes | None:
        a, b = _sizes(inputs[0]), _sizes(inputs[1])
        if a is None or b is None or (len(a) != len(b) and 1 not in (len(a), len(b))):
            return None
        length = len(a) if len(b) == 1 else len(b)
        return tuple(pair(a[i % len(a)], b[i % len(b)]) for i in range(length))

    return run


def _quotient_of(a: int, b: int) -> int:
    if b < 1 or a < 0:
        raise ValueError("no division of sizes")
    return a // b


_Follow = Callable[[Mapping[str, Any], list[Known | None]], _Sizes | None]

_FOLLOWED: Mapping[str, _Follow] = {
    "Shape": _shape,
    "Identity": _same,
    "Cast": _same,
    "Squeeze": _one,
    "Unsqueeze": _one,
    "Reshape": _one,
    "Gather": _gather,
    "Slice": _slice,
    "Concat": _concat,
    "Add": _arithmetic(lambda a, b: a + b, 0, True),
    "Sub": _arithmetic(lambda a, b: a - b, 0, False),
    "Mul": _arithmetic(lambda a, b: a * b, 1, True),
    "Div": _arithmetic(_quotient_of, 1, False),
}

"""Conditions on sizes, strides, axes and types that decide where Core ML runs an op."""

from __future__ import annotations

from typing import Any

from edgeplan.capability.predicates.coreml.registry import parameters
from edgeplan.graph import DType, Op, Value

__all__ = [
    "awkward_stride",
    "broadcasts",
    "computes",
    "groups_off_lanes",
    "indices_of_a_part",
    "int32_data",
    "long_argument_axis",
    "moves_last_axis",
    "odd_equation",
    "pads_outer_axis",
    "returns_more",
    "scaled_by_block",
    "short_last_axis",
    "slices_into_last_axis",
    "tiles_by_other_factor",
]

ON_CHIP = 2 * 1024 * 1024
"""Bytes that a Neural Engine keeps on the chip (source: ANE guide, 17; H13)."""

_INDEX_PORTS = frozenset({"begin", "box_indices", "coordinates", "end", "indices", "k", "pad", "reps", "shape", "size"})
_MAKES_INDICES = frozenset({"argsort", "non_zero", "reduce_argmax", "reduce_argmin", "shape", "topk"})
_RELABELS = frozenset({"expand_dims", "flatten2d", "identity", "reshape", "reshape_like", "squeeze"})


def _is_mil(op: Op) -> bool:
    return op.domain in ("", "mil")


def _parameter(op: Op, inputs: tuple[Value, ...], name: str) -> tuple[Any, ...] | None:
    """A list that is an attribute, or a constant input of the same name."""
    given = op.attrs.get(name)
    if isinstance(given, tuple):
        return given
    return next((v.data for p, v in zip(op.ports, inputs, strict=True) if p == name), None)


def int32_data(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op, which is no cast, computes or moves int32 values.

    Indices, positions and sizes that it looks up by do not count, nor parameters, nor the indices that a search
    returns.
    """
    if not _is_mil(op) or op.type == "cast":
        return False
    aside = _INDEX_PORTS | parameters(op.type)
    data = [v for p, v in zip(op.ports, inputs, strict=True) if p not in aside]
    return any(v.dtype is DType.INT32 for v in (*data, *(() if op.type in _MAKES_INDICES else outputs)))


def computes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op does more than to give a tensor another shape or to expand a stored weight, whose form may be a vector."""
    return _is_mil(op) and op.type not in _RELABELS and not op.type.startswith("constexpr_")


def scaled_by_block(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The scales of a stored weight lie along two of its axes or more, not along its output channels alone."""
    scale = next((v for p, v in zip(op.ports, inputs, strict=True) if p == "scale"), None)
    if scale is None:
        return False
    return None if scale.sizes is None else sum(size != 1 for size in scale.sizes) > 1


def short_last_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Padding the last axis to 64 bytes makes a computed tensor at least four times as large, and larger than 2 MB."""
    unknown = False
    for v in (*inputs, *outputs):
        last = v.shape[-1] if v.shape else None
        if v.const or v.shape == ():
            continue
        if v.bytes is None or v.dtype is None or not isinstance(last, int):
            unknown = True
            continue
        row = last * v.dtype.bits / 8
        if 0 < 4 * row <= 64 and v.bytes / row * 64 > ON_CHIP:
            return True
    return None if unknown else False


def awkward_stride(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A stride has a prime factor other than 2 and 3, or the strides differ and all are larger than 2."""
    strides = [s for s in _parameter(op, inputs, "strides") or () if isinstance(s, int)]
    rough = any(s > 0 and 2**16 * 3**10 % s for s in strides)
    return rough or (len(set(strides)) > 1 and min(strides) > 2)


def broadcasts(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The two operands differ in shape and neither is one number."""
    shapes = [v.shape for v in inputs if v.elements != 1]
    if len(shapes) < 2:
        return False
    if None in shapes or not all(isinstance(d, int) for s in shapes if s is not None for d in s):
        return None
    return shapes[0] != shapes[1]


def groups_off_lanes(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The group count is not 1, 2 or 4, and not the number of input channels."""
    groups = op.attrs.get("groups", 1)
    channels = inputs[0].shape[1] if inputs[0].shape and len(inputs[0].shape) > 1 else None
    if groups in (1, 2, 4):
        return False
    return groups != channels if isinstance(channels, int) else None


def long_argument_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The axis that an argmax or argmin reduces is longer than 2048."""
    axis, shape = op.attrs.get("axis", -1), inputs[0].shape
    if shape is None or not isinstance(axis, int) or not -len(shape) <= axis < len(shape):
        return None
    length = shape[axis]
    return length > 2048 if isinstance(length, int) else None


def moves_last_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A reshape or transpose changes the innermost axis of a tensor that does not stay on the chip."""
    x, y = inputs[0], outputs[0]
    if x.shape is None or y.shape is None or not x.shape or not y.shape:
        return None if x.shape is None or y.shape is None else False
    perm = op.attrs.get("perm")
    last = perm[-1] if isinstance(perm, tuple) and perm else None
    touched = last not in (-1, len(x.shape) - 1) if isinstance(last, int) else x.shape[-1] != y.shape[-1]
    if not touched:
        return False
    return None if x.bytes is None else x.bytes > ON_CHIP


def slices_into_last_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A slice starts behind the first element of the last axis."""
    begin, mask = _parameter(op, inputs, "begin"), op.attrs.get("begin_mask")
    if isinstance(mask, tuple) and mask and mask[-1] is True:
        return False
    return bool(begin[-1]) if begin else None


def tiles_by_other_factor(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An axis longer than 1 is repeated by a number other than 2, 3, 4 and 8."""
    reps, shape = _parameter(op, inputs, "reps"), inputs[0].shape
    if reps is None or shape is None or len(reps) != len(shape):
        return None
    odd = [d for d, n in zip(shape, reps, strict=True) if n not in (1, 2, 3, 4, 8)]
    if any(isinstance(d, int) and d > 1 for d in odd):
        return True
    return None if any(not isinstance(d, int) for d in odd) else False


def pads_outer_axis(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """A tensor of four or more axes is padded along another axis than its last two."""
    pad, rank = _parameter(op, inputs, "pad"), None if inputs[0].shape is None else len(inputs[0].shape)
    if pad is None or rank is None:
        return None
    return rank >= 4 and any(pad[:-4])


def returns_more(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The op has more results than its first."""
    return len(outputs) > 1


def odd_equation(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The equation has an ellipsis, no written result, or a letter twice in one operand."""
    equation = op.attrs.get("equation")
    if not isinstance(equation, str):
        return None
    terms = equation.replace(" ", "").partition("->")[0].split(",")
    return "." in equation or "->" not in equation or any(len(set(term)) != len(term) for term in terms)


def indices_of_a_part(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """On an axis other than the one gathered along, the indices are shorter than the data."""
    data, indices = (v.shape for v in inputs[:2])
    axis = op.attrs.get("axis", 0)
    if data is None or indices is None or not isinstance(axis, int) or len(data) != len(indices) or not data:
        return None
    rest = [(a, b) for i, (a, b) in enumerate(zip(data, indices, strict=True)) if i != axis % len(data)]
    if any(isinstance(a, int) and isinstance(b, int) and a != b for a, b in rest):
        return True
    return None if any(a != b for a, b in rest) else False

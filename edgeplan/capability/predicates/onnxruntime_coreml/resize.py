"""Conditions on Resize, by mode, coordinates and factors."""

from __future__ import annotations

from collections.abc import Sequence

from edgeplan.capability.predicates.onnxruntime_coreml.read import any_known, axes_of, input_at, whole
from edgeplan.graph import Op, Value

__all__ = [
    "empty_first_input",
    "enlarges_by_fraction_or_shrinks",
    "resizes_before_last_two",
    "resizes_by_fraction",
    "resizes_linearly_otherwise",
    "resizes_nearest_not_asymmetric",
    "resizes_nearest_not_floor",
    "resizes_without_constant",
    "scales_open_image",
]


def _coordinates(op: Op) -> object:
    return op.attrs.get("coordinate_transformation_mode", "half_pixel")


def empty_first_input(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The tensor that is resized has an axis that is known to hold no elements; other inputs may be empty."""
    return 0 in (inputs[0].shape or ())


def resizes_nearest_not_floor(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The mode is nearest and rounds otherwise than down (round_prefer_floor unless given)."""
    return op.attrs.get("mode", "nearest") == "nearest" and op.attrs.get("nearest_mode") != "floor"


def resizes_nearest_not_asymmetric(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The mode is nearest and the coordinates are not asymmetric (half_pixel unless given)."""
    return op.attrs.get("mode", "nearest") == "nearest" and _coordinates(op) != "asymmetric"


def resizes_linearly_otherwise(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The mode is linear, and the coordinates are none of half_pixel, align_corners and, with sizes, asymmetric.

    pytorch_half_pixel counts as half_pixel where the last two axes of the output are longer than 1.
    """
    if op.attrs.get("mode", "nearest") != "linear":
        return False
    said = _coordinates(op)
    if said == "pytorch_half_pixel":
        shape = outputs[0].shape
        return None if shape is None else any_known([d == 1 if isinstance(d, int) else None for d in shape[-2:]])
    if said == "asymmetric":
        return input_at(op, inputs, "sizes") is None
    return said not in ("half_pixel", "align_corners")


def resizes_without_constant(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """The sizes, or the scales where there are none, are not constant or not given."""
    given = input_at(op, inputs, "sizes") or input_at(op, inputs, "scales")
    return given is None or not given.const


def scales_open_image(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Scales are given, no sizes, and one of the last two axes is not known."""
    shape = inputs[0].shape
    return (
        input_at(op, inputs, "sizes") is None and shape is not None and any(not isinstance(d, int) for d in shape[-2:])
    )


def resizes_before_last_two(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """An axis before the last two is resized."""
    shape, found = inputs[0].shape, _factors(op, inputs)
    if shape is None or found is None:
        return None
    return any_known([None if f is None else f != 1 for a, f in found if a < len(shape) - 2])


def resizes_by_fraction(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """Scales enlarge by a fraction, shrink by what does not divide the axis, or enlarge one axis and shrink another."""
    shape = inputs[0].shape
    if input_at(op, inputs, "sizes") is not None:
        return False
    found = _factors(op, inputs)
    if found is None or shape is None:
        return None
    last = [(a, f) for a, f in found[-2:] if f is not None]
    if all(f >= 1 for _, f in last):
        return any(f != round(f) for _, f in last)
    if not all(f <= 1 for _, f in last):
        return True
    return any_known([_not_a_divisor(shape[a], f) for a, f in last])


def enlarges_by_fraction_or_shrinks(op: Op, inputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> bool | None:
    """One of the last two axes is not multiplied by a whole number."""
    found = _factors(op, inputs)
    return None if found is None else any_known([None if f is None else f < 1 or f != round(f) for _, f in found[-2:]])


def _factors(op: Op, inputs: Sequence[Value]) -> tuple[tuple[int, float | None], ...] | None:
    """Each axis that is spoken of with what it is multiplied by, None where its size is open."""
    shape = inputs[0].shape
    scales, sizes = input_at(op, inputs, "scales"), input_at(op, inputs, "sizes")
    if shape is None:
        return None
    given = sizes or scales
    if given is None or not given.data:
        return None
    axes = axes_of(op, inputs, len(given.data), len(shape))
    if len(axes) != len(given.data):
        return None
    if sizes is None:
        return tuple((a, float(s)) for a, s in zip(axes, given.data, strict=True))
    return tuple((a, _ratio(size, shape[a])) for a, size in zip(axes, whole(given.data), strict=True))


def _ratio(size: int, before: object) -> float | None:
    return size / before if isinstance(before, int) and before else None


def _not_a_divisor(size: object, scale: float) -> bool | None:
    """Whether 1 / scale is no whole number or does not divide the size."""
    by = 1 / scale if scale > 0 else 0.0
    if not by or abs(by - round(by)) > 1e-5 * by:
        return True
    return size % round(by) != 0 if isinstance(size, int) else None

"""What a Resize or Upsample does to each axis: how often it repeats the elements, by whatever rule it finds them."""

from __future__ import annotations

from math import ceil, floor

import onnx_ir as ir

from edgeplan.surgery.looking import attribute, dims, ints, known

__all__ = ["factors", "is_plain", "mode_of", "repeats"]

_PLAIN = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}


def mode_of(node: ir.Node) -> str:
    """How the elements between are found: nearest, linear or cubic."""
    return str(attribute(node, "mode", "nearest"))


def factors(node: ir.Node, opset: int) -> tuple[int, ...] | str:
    """The whole number by which each axis grows; or why there is none."""
    shape = dims(node.inputs[0])
    if shape is None:
        return "the number of axes is not known"
    if attribute(node, "antialias", 0) or attribute(node, "keep_aspect_ratio_policy", "stretch") != "stretch":
        return "the resize smooths, or keeps the aspect ratio"
    if attribute(node, "coordinate_transformation_mode", "") == "tf_crop_and_resize":
        return "the resize cuts a region out"
    axes = [a % len(shape) for a in ints(node, "axes", tuple(range(len(shape)))) or ()]
    upsample = node.op_type == "Upsample" or opset < 11
    scales = known(node.inputs[1 if upsample else 2]) if len(node.inputs) > (1 if upsample else 2) else None
    sizes = known(node.inputs[3]) if not upsample and len(node.inputs) > 3 else None
    found = [1] * len(shape)
    if node.op_type == "Upsample" and len(node.inputs) < 2:
        return "the scales are an attribute, as before opset 9"
    for i, axis in enumerate(axes):
        size = shape[axis]
        if scales is not None and scales.size == len(axes):
            factor = float(scales[i])
        elif sizes is not None and sizes.size == len(axes):
            if not isinstance(size, int) or size == 0:
                return "a size is not known"
            factor = int(sizes[i]) / size
        else:
            return "neither scales nor sizes are known"
        if factor != int(factor) or factor < 1:
            return "it does not enlarge by a whole number"
        found[axis] = int(factor)
    return tuple(found)


def is_plain(node: ir.Node, opset: int) -> bool:
    """Whether the attributes say outright that each element is repeated."""
    return node.op_type == "Upsample" or opset < 11 or all(attribute(node, k) == v for k, v in _PLAIN.items())


def repeats(node: ir.Node, opset: int, by: tuple[int, ...]) -> bool:
    """Whether the nearest element to every position is the one that simple repetition puts there."""
    if is_plain(node, opset):
        return True
    shape = dims(node.inputs[0]) or ()
    coordinates = str(attribute(node, "coordinate_transformation_mode", "half_pixel"))
    rounding = str(attribute(node, "nearest_mode", "round_prefer_floor"))
    for size, factor in zip(shape, by, strict=True):
        if factor == 1:
            continue
        if coordinates == "align_corners" and not isinstance(size, int):
            return False
        count = size if isinstance(size, int) else 4
        if count > 1 << 16 or any(
            _nearest(_position(i, factor, count, coordinates), rounding, count) != i // factor
            for i in range(count * factor)
        ):
            return False
    return True


def _position(i: int, factor: int, size: int, coordinates: str) -> float:
    if coordinates == "asymmetric":
        return i / factor
    if coordinates == "align_corners":
        return i * (size - 1) / (size * factor - 1)
    if coordinates == "tf_half_pixel_for_nn":
        return (i + 0.5) / factor
    return (i + 0.5) / factor - 0.5


def _nearest(position: float, rounding: str, size: int) -> int:
    rounded = {
        "floor": floor(position),
        "ceil": ceil(position),
        "round_prefer_floor": ceil(position - 0.5),
        "round_prefer_ceil": floor(position + 0.5),
    }[rounding]
    return min(max(rounded, 0), size - 1)

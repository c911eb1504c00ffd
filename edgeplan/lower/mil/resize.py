"""Enlarged and reduced images: Resize and Upsample."""

from __future__ import annotations

from edgeplan.graph import Attr, Op, Scalar
from edgeplan.lower.attributes import axes, text, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import size

__all__ = ["resize"]

_FIRST_COORDINATES = 11
"""Resize-10 and Upsample sample at `asymmetric` positions and name no mode."""


@lowers("Resize", "Upsample")
def resize(op: Op, b: Builder) -> bool:
    """Resize(X) of mode nearest -> upsample_nearest_neighbor(x, scale factors); linear -> upsample_bilinear(x, scale
    factors, align_corners); linear at asymmetric positions -> resize_bilinear(x, target sizes). Rank 3 is widened to 4:
    expand_dims, the op, squeeze.

    No lowering, as coremltools 9.0's `frontend/torch/ops.py` refuses them: cubic (no upsample_bicubic2d), volumes (no
    upsample_trilinear3d), a linear scale that gives a broken size without align_corners, scales of batch or channels.
    Nor has nearest sampling at positions that differ from torch's (half_pixel with a broken scale, align_corners).
    """
    x, mode = op.input("X"), text(op, "mode", "nearest")
    shape = None if x is None else b.shape(x)
    if x is None or shape is None or len(shape) not in (3, 4) or mode not in ("nearest", "linear", "bilinear"):
        return False
    found = _factors(op, b, shape)
    if found is None or text(op, "keep_aspect_ratio_policy", "stretch") != "stretch":
        return False
    factors, whole = found
    old = op.type == "Upsample" or 0 < op.version < _FIRST_COORDINATES
    position = "asymmetric" if old else text(op, "coordinate_transformation_mode", "half_pixel")
    if mode == "nearest":
        even = all(f >= 1 and f % 1 == 0 for f in factors)
        floored = old or text(op, "nearest_mode", "round_prefer_floor") == "floor"
        if not (position == "asymmetric" and floored) and not (even and position != "align_corners"):
            return False
        kind, attrs = "upsample_nearest_neighbor", _scales(factors)
    elif position == "asymmetric" and not old:
        height, width = size(b.shape(op.outputs[0]), 2), size(b.shape(op.outputs[0]), 3) if len(shape) == 4 else 1
        if height is None or width is None:
            return False
        kind = "resize_bilinear"
        attrs = {"target_size_height": height, "target_size_width": width, "sampling_mode": "DEFAULT"}
    elif position in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
        if not whole and position != "align_corners":
            return False
        kind, attrs = "upsample_bilinear", {**_scales(factors), "align_corners": position == "align_corners"}
    else:
        return False
    if len(shape) == 4:
        b.emit(kind, {"x": x}, to=op.outputs[0], attrs=attrs)
        return True
    out = b.shape(op.outputs[0])
    y = b.emit("expand_dims", {"x": x}, (*shape, 1), attrs={"axes": (3,)})
    y = b.emit(kind, {"x": y}, None if out is None else (*out, 1), attrs=attrs)
    b.emit("squeeze", {"x": y}, to=op.outputs[0], attrs={"axes": (3,)})
    return True


def _scales(factors: tuple[float, ...]) -> dict[str, Attr]:
    height, width = (*factors, 1.0)[:2]
    return {"scale_factor_height": height, "scale_factor_width": width}


def _factors(op: Op, b: Builder, shape: tuple[object, ...]) -> tuple[tuple[float, ...], bool] | None:
    """How much the spatial axes grow, and whether every size comes out whole; None when unknown or other axes grow.

    A size that does not divide gives (size + 1e-4) / input, as coremltools' _get_scales_from_output_size has it.
    """
    rank = len(shape)
    touched = axes(op, b, rank, tuple(range(rank)))
    source, target = b.shape(op.inputs[0]), b.shape(op.outputs[0])
    if touched is None or target is not None and len(target) != rank:
        return None
    given = _numbers(b.data(op.input("scales"))) if op.input("scales") else _numbers(op.attrs.get("scales", ()))
    if given:
        if len(given) != len(touched) or min(given) <= 0:
            return None
        scales = dict.fromkeys(range(rank), 1.0) | dict(zip(touched, given, strict=True))
        if scales[0] != 1 or scales[1] != 1:
            return None
        factors = tuple(scales[a] for a in range(2, rank))
        lengths = [size(source, a) for a in range(2, rank)]
        broken = [(f if n is None else n * f) % 1 > 1e-3 for n, f in zip(lengths, factors, strict=True)]
        return factors, not any(broken)
    sizes = vector(op, b, "sizes")
    wanted = {a: size(target, a) for a in range(rank)}
    if sizes is not None and len(sizes) == len(touched):
        wanted = {a: size(source, a) for a in range(rank)} | dict(zip(touched, sizes, strict=True))
    if source is None or any(
        wanted[a] != size(source, a) for a in (0, 1) if wanted[a] is not None and size(source, a) is not None
    ):
        return None
    found: list[float] = []
    for a in range(2, rank):
        want, have = wanted[a], size(source, a)
        if want is None or not have:
            return None
        found.append(want / have if want % have == 0 else (want + 1e-4) / have)
    return tuple(found), True


def _numbers(value: Attr | tuple[Scalar, ...] | None) -> tuple[float, ...]:
    if not isinstance(value, tuple):
        return ()
    return tuple(float(v) for v in value if isinstance(v, (int, float)))

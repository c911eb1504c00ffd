"""Pooling: windows and whole planes."""

from __future__ import annotations

from edgeplan.graph import Attr, Op
from edgeplan.lower.attributes import flag, integer, integers, text
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import used

__all__ = ["average_pool", "global_pool", "lp_pool", "max_pool", "padding"]

_AUTO = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": "valid"}


def padding(op: Op, spatial: int) -> dict[str, Attr] | None:
    """`pads` and `auto_pad` -> pad_type and pad, which alternates begin and end per axis; None when ill-formed."""
    pads, auto = integers(op, "pads", (0,) * (2 * spatial)), text(op, "auto_pad", "NOTSET")
    if pads is None or len(pads) != 2 * spatial or auto not in (*_AUTO, "NOTSET"):
        return None
    if auto in _AUTO:
        return {"pad_type": _AUTO[auto], "pad": (0,) * (2 * spatial)}
    pad = tuple(p for i in range(spatial) for p in (pads[i], pads[i + spatial]))
    return {"pad_type": "custom" if any(pad) else "valid", "pad": pad}


def _window(op: Op, b: Builder) -> dict[str, Attr] | None:
    """Attributes that all pooling windows share; None when they are ill-formed or dilated.

    MIL has no ceil_mode for volumes nor beside uneven padding: the end padding grows instead (source: coremltools
    `frontend/torch/ops.py` _adjust_pad_for_ceil_mode). Windows never start in the end padding there, as ONNX's may.
    """
    if len(op.inputs) != 1:
        return None
    rank = b.rank(op.inputs[0])
    kernel = integers(op, "kernel_shape", ())
    if rank is None or not 3 <= rank <= 5 or kernel is None or len(kernel) != rank - 2 or min(kernel) < 1:
        return None
    ones = (1,) * len(kernel)
    strides, dilations, ceil = (
        integers(op, "strides", ones),
        integers(op, "dilations", ones),
        flag(op, "ceil_mode", False),
    )
    pads = padding(op, len(kernel))
    if (
        pads is None
        or ceil is None
        or dilations != ones
        or strides is None
        or len(strides) != len(kernel)
        or min(strides) < 1
    ):
        return None
    attrs: dict[str, Attr] = {"kernel_sizes": kernel, "strides": strides, **pads, "ceil_mode": ceil}
    if not ceil:
        return attrs
    if text(op, "auto_pad", "NOTSET") != "NOTSET":
        attrs["ceil_mode"] = False
        return attrs
    if not _counts_alike(op, b, kernel, strides, pads["pad"]):
        return None
    if rank == 5 or strides == ones or not _symmetric(pads["pad"]):
        pad = _ceiled(op, b, kernel, strides, pads["pad"])
        attrs.update(pad_type="custom" if any(pad) else "valid", pad=pad, ceil_mode=False)
    return attrs


def _symmetric(pad: Attr) -> bool:
    return not isinstance(pad, tuple) or pad[::2] == pad[1::2]


def _counts_alike(op: Op, b: Builder, kernel: tuple[int, ...], strides: tuple[int, ...], pad: Attr) -> bool:
    """Whether ONNX and MIL see the same number of windows, as far as sizes are known.

    Source: coremltools `mil/ops/defs/_utils.py` spatial_dimensions_out_shape.
    """
    sizes, wanted = (b.shape(op.inputs[0]) or ())[2:], (b.shape(op.outputs[0]) or ())[2:]
    ends = tuple(p for p in pad if isinstance(p, int)) if isinstance(pad, tuple) else ()
    for i, (k, s, size, want) in enumerate(zip(kernel, strides, sizes, wanted, strict=False)):
        if isinstance(size, int) and isinstance(want, int):
            begin, end = ends[2 * i], ends[2 * i + 1]
            steps = (size + begin + end - k + s - 1) // s
            steps -= steps * s >= size + begin and begin + end > 0
            if steps + 1 != want:
                return False
    return True


def _ceiled(op: Op, b: Builder, kernel: tuple[int, ...], strides: tuple[int, ...], pad: Attr) -> tuple[int, ...]:
    """The padding under which a floor window covers what a ceil window does."""
    shape = b.shape(op.inputs[0]) or ()
    old = tuple(p for p in pad if isinstance(p, int)) if isinstance(pad, tuple) else ()
    new = list(old)
    for i, (k, s, size) in enumerate(zip(kernel, strides, shape[2:], strict=True)):
        begin, end = old[2 * i], old[2 * i + 1]
        if not isinstance(size, int):
            new[2 * i + 1] += s - 1
            continue
        steps = -((k - size - begin - end) // s)
        if steps * s >= size + begin and begin + end:
            steps -= 1
        new[2 * i + 1] = max(0, steps * s + k - size - begin)
    return tuple(new)


@lowers("MaxPool")
def max_pool(op: Op, b: Builder) -> bool:
    """MaxPool(X) -> max_pool(x). Dilated windows and the indices have no lowering: coremltools refuses both."""
    attrs = _window(op, b)
    if attrs is None or integer(op, "storage_order", 0) is None or any(used(b, o) for o in op.outputs[1:]):
        return False
    b.emit("max_pool", {"x": op.inputs[0]}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("AveragePool")
def average_pool(op: Op, b: Builder) -> bool:
    """AveragePool(X) -> avg_pool(x, exclude_padding_from_average = not count_include_pad)."""
    attrs, counted = _window(op, b), flag(op, "count_include_pad", False)
    if attrs is None or counted is None:
        return False
    attrs["exclude_padding_from_average"] = not counted
    b.emit("avg_pool", {"x": op.inputs[0]}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("LpPool")
def lp_pool(op: Op, b: Builder) -> bool:
    """LpPool(X) with p=2 -> l2_pool(x); other p and volumes have no op in MIL."""
    attrs = _window(op, b)
    if attrs is None or integer(op, "p", 2) != 2 or b.rank(op.inputs[0]) == 5:
        return False
    b.emit("l2_pool", {"x": op.inputs[0]}, to=op.outputs[0], attrs=attrs)
    return True


@lowers("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
def global_pool(op: Op, b: Builder) -> bool:
    """GlobalAveragePool(X) -> reduce_mean(x) over the spatial axes; max -> reduce_max; Lp of p=2 -> reduce_l2_norm."""
    kinds = {"GlobalAveragePool": "reduce_mean", "GlobalMaxPool": "reduce_max", "GlobalLpPool": "reduce_l2_norm"}
    if len(op.inputs) != 1 or op.type == "GlobalLpPool" and integer(op, "p", 2) != 2:
        return False
    rank = b.rank(op.inputs[0])
    if rank is None or rank < 3:
        return False
    attrs: dict[str, Attr] = {"axes": tuple(range(2, rank)), "keep_dims": True}
    b.emit(kinds[op.type], {"x": op.inputs[0]}, to=op.outputs[0], attrs=attrs)
    return True

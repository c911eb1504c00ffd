"""Images sampled at computed places: GridSample, with AffineGrid as part of it."""

from __future__ import annotations

from edgeplan.graph import Attr, Op
from edgeplan.lower.attributes import flag, text, vector
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import consumers, producer

__all__ = ["affine_grid", "grid_sample"]

_MODES = {"bilinear": "bilinear", "linear": "bilinear", "nearest": "nearest"}
_PADDING = {"zeros": "constant", "border": "border", "reflection": "reflection"}


def _settings(op: Op) -> dict[str, Attr] | None:
    mode, padding = (
        _MODES.get(text(op, "mode", "bilinear") or ""),
        _PADDING.get(text(op, "padding_mode", "zeros") or ""),
    )
    corners = flag(op, "align_corners", False)
    if mode is None or padding is None or corners is None:
        return None
    return {
        "sampling_mode": mode,
        "padding_mode": "symmetric" if padding == "reflection" and not corners else padding,
        "padding_value": 0.0,
        "coordinates_mode": "normalized_minus_one_to_one",
        "align_corners": corners,
    }


def _samples_affinely(grid: Op, op: Op, b: Builder) -> bool:
    """True when AffineGrid and the GridSample that reads it are MIL's one `affine`."""
    settings = _settings(op) if op.label == "GridSample" and len(op.inputs) == 2 and op.outputs else None
    if settings is None or len(grid.inputs) != 2 or op.inputs[1] != grid.outputs[0] or b.rank(op.inputs[0]) != 4:
        return False
    sizes = vector(grid, b, "size")
    same = flag(grid, "align_corners", False) is settings["align_corners"]
    return (
        sizes is not None
        and len(sizes) == 4
        and same
        and settings["sampling_mode"] == "bilinear"
        and settings["padding_mode"] == "constant"
    )


def _is_absorbed(op: Op, b: Builder) -> bool:
    readers = consumers(b, op.outputs[0]) if op.outputs else ()
    return bool(readers) and op.outputs[0] not in b.returned and all(_samples_affinely(op, r, b) for r in readers)


@lowers("AffineGrid")
def affine_grid(op: Op, b: Builder) -> bool:
    """AffineGrid(theta, const size) -> nothing if only GridSamples that become `affine` read it; else no lowering."""
    return _is_absorbed(op, b)


@lowers("GridSample")
def grid_sample(op: Op, b: Builder) -> bool:
    """GridSample(X, grid) -> resample(x, coordinates); of an AffineGrid -> reshape of theta to [N, 6], affine(x, .).

    Bicubic sampling and volumes have no lowering.
    """
    settings = _settings(op)
    if settings is None or len(op.inputs) != 2 or b.rank(op.inputs[0]) != 4:
        return False
    x, grid = op.inputs
    before = producer(b, grid)
    if before is None or before.label != "AffineGrid" or not _is_absorbed(before, b):
        b.emit("resample", {"x": x, "coordinates": grid}, to=op.outputs[0], attrs=settings)
        return True
    theta, sizes = before.inputs[0], vector(before, b, "size") or (0, 0, 0, 0)
    batch = (b.shape(theta) or (None,))[0]
    matrix = b.emit("reshape", {"x": theta}, (batch, 6), attrs={"shape": (-1, 6)})
    attrs = {"output_height": sizes[2], "output_width": sizes[3], **settings}
    b.emit("affine", {"x": x, "transform_matrix": matrix}, to=op.outputs[0], attrs=attrs)
    b.absorb(before)
    return True

"""Non-maximum suppression of boxes."""

from __future__ import annotations

from edgeplan.graph import Attr, DType, Op
from edgeplan.lower.attributes import integer, one_integer, one_number
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import cast, scalar
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.shapes import permuted, size

__all__ = ["non_maximum_suppression"]

_MANY = 10000
"""What coremltools takes for an unknown number of boxes; source: `frontend/torch/ops.py` torchvision_nms."""


@lowers("NonMaxSuppression")
def non_maximum_suppression(op: Op, b: Builder) -> bool:
    """NonMaxSuppression(boxes, scores) of one image and one class -> corners to centre and size (split, sub, mul, add,
    concat), transpose of the scores, non_maximum_suppression, and [0, 0, index] of the valid boxes: squeeze, range_1d,
    cast, gather, expand_dims, pad, cast.

    In the form of iOS 13 to 16. MIL returns box numbers without their class, so more classes or images have no
    lowering, nor have thresholds known only at run time.
    """
    boxes, scores = op.input("boxes"), op.input("scores")
    if boxes is None or scores is None or b.rank(boxes) != 3 or b.rank(scores) != 3:
        return False
    if size(b.shape(scores), 0) != 1 or size(b.shape(scores), 1) != 1 or size(b.shape(boxes), 2) != 4:
        return False
    limits = _limits(op, b, size(b.shape(boxes), 1))
    if limits is None:
        return False
    centred = boxes if integer(op, "center_point_box", 0) == 1 else _centred(b, boxes)
    flat = b.emit("transpose", {"x": scores}, permuted(b.shape(scores), (0, 2, 1)), attrs={"perm": (0, 2, 1)})
    kept = limits["max_boxes"] if isinstance(limits["max_boxes"], int) else None
    _, _, indices, valid = b.several(
        "non_maximum_suppression",
        {"boxes": centred, "scores": flat},
        [((1, kept, 4), None), ((1, kept, 1), None), ((1, kept), DType.INT32), ((1,), DType.INT32)],
        limits,
    )
    found = (b.shape(op.outputs[0]) or (None,))[0]
    indices = b.emit("squeeze", {"x": indices}, (kept,), attrs={"axes": (0,)})
    end = b.emit("squeeze", {"x": valid}, (), attrs={"axes": (0,)})
    zero, one = (b.constant((v,), DType.INT32, ()) for v in (0, 1))
    first = b.emit("range_1d", {"end": end, "start": zero, "step": one}, (found,), dtype=DType.INT32)
    rows = b.emit("gather", {"x": cast(b, indices, b.real), "indices": first}, (found,), attrs={"axis": 0})
    rows = b.emit("expand_dims", {"x": rows}, (found, 1), attrs={"axes": (1,)})
    rows = b.emit("pad", {"x": rows}, (found, 3), attrs={"pad": (0, 0, 2, 0), "mode": "constant", "constant_val": 0.0})
    cast(b, rows, DType.INT32, to=op.outputs[0])
    return True


def _limits(op: Op, b: Builder, boxes: int | None) -> dict[str, Attr] | None:
    """Thresholds and the number of boxes to keep; None when they are not constant."""
    most, overlap, least = (op.input(p) for p in ("max_output_boxes_per_class", "iou_threshold", "score_threshold"))
    kept = 0 if most is None else one_integer(b, most)
    iou = 0.0 if overlap is None else one_number(b, overlap)
    score = -3.4028234663852886e38 if least is None else one_number(b, least)
    if kept is None or iou is None or score is None or integer(op, "center_point_box", 0) not in (0, 1):
        return None
    limit = _MANY if boxes is None else boxes
    return {
        "max_boxes": min(kept, limit),
        "iou_threshold": iou,
        "score_threshold": score,
        "per_class_suppression": False,
    }


def _centred(b: Builder, boxes: str) -> str:
    """Corners [.., 4] -> centre and size [.., 4], as MIL's op wants them."""
    shape = b.shape(boxes) or (1, None, 4)
    column = (*shape[:2], 1)
    x1, y1, x2, y2 = b.several("split", {"x": boxes}, [(column, None)] * 4, {"num_splits": 4, "axis": 2})
    parts: list[str] = []
    extents: list[str] = []
    for low, high in ((x1, x2), (y1, y2)):
        extent = b.emit("sub", {"x": high, "y": low}, column)
        half = b.emit("mul", {"x": extent, "y": scalar(b, extent, 0.5)}, column)
        parts.append(b.emit("add", {"x": low, "y": half}, column))
        extents.append(extent)
    return b.emit("concat", {"values": [*parts, *extents]}, shape, attrs={"axis": 2, "interleave": False})

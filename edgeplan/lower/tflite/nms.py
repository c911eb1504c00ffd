"""Non-maximum suppression of boxes."""

from __future__ import annotations

from edgeplan.graph import Dim, DType, Op
from edgeplan.lower.attributes import integer, one_integer, one_number
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, concat, int32, scalar_of, sliced, squeezed, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.convert import cast
from edgeplan.lower.tflite.registry import lowers

__all__ = ["non_maximum_suppression"]

_MOST_CLASSES = 128


@lowers("NonMaxSuppression")
def non_maximum_suppression(op: Op, b: Builder) -> bool:
    """NonMaxSuppression(boxes, scores) of one image -> for each class NON_MAX_SUPPRESSION_V4 of its row of scores, and
    the valid ones as triples.

    Before: `y = NonMaxSuppression(boxes [1,n,4], scores [1,k,n], most, iou, score)`
    After:  for each class `i, count = NON_MAX_SUPPRESSION_V4(RESHAPE(boxes), RESHAPE(SLICE(scores)), most, iou, score);
            t = RESHAPE(GATHER(i, RANGE(0, count, 1)))`, CONCATENATION(zeros, class, t); all of them joined and cast

    Source: onnx2tf `tflite_builder/op_builders/index.py` build_non_max_suppression_op. Several images, an unknown
    number of classes (or more than 128), and boxes by their centre have no lowering.
    """
    boxes, scores = op.input("boxes"), op.input("scores")
    if boxes is None or scores is None or b.rank(boxes) != 3 or b.rank(scores) != 3:
        return False
    count, classes = size(b.shape(boxes), 1), size(b.shape(scores), 1)
    if (
        size(b.shape(scores), 0) != 1
        or not classes
        or classes > _MOST_CLASSES
        or size(b.shape(boxes), 2) not in (4, None)
    ):
        return False
    limits = [op.input(p) for p in ("max_output_boxes_per_class", "iou_threshold", "score_threshold")]
    if integer(op, "center_point_box", 0) != 0:
        return False
    corners = squeezed(b, boxes, (count, 4), (0,))
    most = _most(b, corners, limits[0], count)
    kept = one_integer(b, most)
    thresholds = [_threshold(b, given, default) for given, default in zip(limits[1:], (0.0, -3.4e38), strict=True)]
    rows: list[str] = []
    for k in range(classes):
        row = scores if classes == 1 else sliced(b, scores, [0, k, 0], [-1, 1, -1])
        flat = squeezed(b, row, (count,), (0, 1))
        inputs = dict(zip(("boxes", "scores", "max_output_size"), (corners, flat, most), strict=True))
        inputs |= {"iou_threshold": thresholds[0], "score_threshold": thresholds[1]}
        outputs = [((kept,), DType.INT32), ((), DType.INT32)]
        rows.append(_triples(b, k, *b.several("NON_MAX_SUPPRESSION_V4", inputs, outputs)))
    joined = concat(b, rows, 0)
    cast(b, joined, b.value(op.outputs[0]).dtype or DType.INT64, to=op.outputs[0])
    return True


def _most(b: Builder, boxes: str, given: str | None, count: int | None) -> str:
    """The number of boxes to keep at most, never more than there are."""
    known = 0 if given is None else one_integer(b, given)
    if known is not None and count is not None:
        return b.scalar(min(known, count) if known > 0 else count, DType.INT32)
    whole = scalar_of(b, boxes, 0)
    if known is not None:
        return whole if known <= 0 else binary(b, "MINIMUM", b.scalar(min(known, 2**31 - 1), DType.INT32), whole)
    limit = int32(b, given or whole)
    return binary(b, "MINIMUM", b.reshape(limit, ()) if b.rank(limit) else limit, whole)


def _threshold(b: Builder, given: str | None, default: float) -> str:
    known = default if given is None else one_number(b, given)
    if known is not None or given is None:
        return b.scalar(default if known is None else known)
    return b.reshape(given, ()) if b.rank(given) else given


def _triples(b: Builder, number: int, selected: str, count: str) -> str:
    """[found, 3]: the image, the class and the box of each one found."""
    found: tuple[Dim, ...] = (None,)
    places = step(b, "RANGE", [b.scalar(0, DType.INT32), count, b.scalar(1, DType.INT32)], found)
    column = b.reshape(step(b, "GATHER", [selected, places], found, axis=0), (None, 1))
    zeros = binary(b, "SUB", column, column)
    return concat(b, [zeros, binary(b, "ADD", zeros, number), column], 1)

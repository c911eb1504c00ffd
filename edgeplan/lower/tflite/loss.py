"""Losses of classifiers, as training graphs have them."""

from __future__ import annotations

from edgeplan.graph import DType, Op
from edgeplan.lower.attributes import integer, text
from edgeplan.lower.shapes import size
from edgeplan.lower.tflite.algebra import binary, chain, int32, reduce, softmax, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.layout import channels_last
from edgeplan.lower.tflite.registry import lowers

__all__ = ["cross_entropy", "log_likelihood"]


@lowers("NegativeLogLikelihoodLoss")
def log_likelihood(op: Op, b: Builder) -> bool:
    """NegativeLogLikelihoodLoss(input, target, weight) -> ONE_HOT of the targets, MUL, SUM over the classes, SUB;
    MUL by GATHER(weight); then MEAN or SUM, with weights their sums divided, zero by none.

    Source: onnx2tf `tflite_builder/op_builders/reduce.py` build_negative_log_likelihood_loss_op. Targets of
    ignore_index are picked out by EQUAL and SELECT_V2 and weigh nothing.
    """
    if len(op.inputs) < 2 or not _fits(op, b):
        return False
    last = channels_last(b.rank(op.inputs[0]) or 0)
    x = b.ordered(op.inputs[0], last) if last else b.native(op.inputs[0])
    _likelihood(op, b, x, op.outputs[0])
    return True


@lowers("SoftmaxCrossEntropyLoss")
def cross_entropy(op: Op, b: Builder) -> bool:
    """SoftmaxCrossEntropyLoss(scores, labels, weights) -> SOFTMAX, LOG over the classes, then as the likelihood.

    Source: onnx2tf `tflite_builder/op_builders/reduce.py` build_softmax_cross_entropy_loss_op.
    """
    if len(op.inputs) < 2 or not _fits(op, b):
        return False
    last = channels_last(b.rank(op.inputs[0]) or 0)
    x = chain(b, softmax(b, b.ordered(op.inputs[0], last)), "LOG")
    if len(op.outputs) > 1:
        b.adopt(op.outputs[1], x, last)
    _likelihood(op, b, x, op.outputs[0])
    return True


def _fits(op: Op, b: Builder) -> bool:
    known = (b.rank(op.inputs[0]) or 0) >= 2 and size(b.shape(op.inputs[0]), 1) is not None
    return (
        known
        and integer(op, "ignore_index", 0) is not None
        and text(op, "reduction", "mean") in ("none", "mean", "sum")
    )


def _likelihood(op: Op, b: Builder, x: str, out: str) -> None:
    """The loss of log-probabilities with the classes last."""
    shape = b.shape(x) or ()
    target, ignored = int32(b, op.inputs[1]), None
    if "ignore_index" in op.attrs:
        ignored = binary(b, "EQUAL", target, integer(op, "ignore_index", 0) or 0)
        target = step(b, "SELECT_V2", [ignored, b.like(target, 0), target], b.shape(target), dtype=DType.INT32)
    hot = [target, b.scalar(size(shape, -1) or 0, DType.INT32), b.like(x, 1.0), b.like(x, 0.0)]
    picked = binary(b, "MUL", x, step(b, "ONE_HOT", hot, shape, dtype=b.value(x).dtype, axis=-1))
    chosen = reduce(b, "SUM", picked, [len(shape) - 1], keep=False)
    loss = step(b, "SUB", [b.like(chosen, 0.0), chosen], b.shape(chosen))
    weight = step(b, "GATHER", [op.inputs[2], target], b.shape(loss), axis=0) if len(op.inputs) > 2 else None
    if ignored is not None:
        own = b.like(loss, 1.0) if weight is None else weight
        weight = step(b, "SELECT_V2", [ignored, b.like(loss, 0.0), own], b.shape(loss), dtype=b.value(loss).dtype)
    if weight is not None:
        loss = binary(b, "MUL", loss, weight)
    kind, axes = text(op, "reduction", "mean"), range(len(shape) - 1)
    if kind == "none":
        b.adopt(out, loss)
    elif weight is not None and kind == "mean":
        totals = [reduce(b, "SUM", n, axes, keep=False) for n in (loss, weight)]
        some = binary(b, "GREATER", totals[1], 0.0)
        safe = step(b, "SELECT_V2", [some, totals[1], b.scalar(1.0)], (), dtype=DType.FLOAT32)
        step(b, "SELECT_V2", [some, binary(b, "DIV", totals[0], safe), b.scalar(0.0)], to=out)
    else:
        reduce(b, "SUM" if kind == "sum" else "MEAN", loss, axes, keep=False, to=out)

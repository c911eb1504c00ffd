"""GRU layers, which LiteRT has no op for."""

from __future__ import annotations

from edgeplan.graph import Op
from edgeplan.lower.attributes import flag, number
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.recurrent import finished, read_layer, start
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.unrolled import can_unroll_steps, run_gru

__all__ = ["gru"]


@lowers("GRU")
def gru(op: Op, b: Builder) -> bool:
    """GRU(X, W, R, B, initial_h) -> its steps written out (see `unrolled.run_gru`), both ways one after the other.

    Before: `y, h = GRU<hidden_size = n>(x [t,1,f], w, r, b, h0)`
    After:  for each step SLICE, RESHAPE, six BATCH_MATMUL, ADD, LOGISTIC, TANH, MUL; then RESHAPE, CONCATENATION

    Source: onnx2tf `tflite_builder/op_builders/recurrent.py` build_gru_op. An unknown number of steps or batch, more
    than 2048 steps, lengths of their own, clipping and other activations than Sigmoid and Tanh have no lowering.
    """
    layer, after = read_layer(op, b, 3, ("Sigmoid", "Tanh")), flag(op, "linear_before_reset", False)
    if layer is None or after is None or layer.activations != ("sigmoid", "tanh") or number(op, "clip", 0.0) != 0:
        return False
    if not can_unroll_steps(layer):
        return False
    given = op.input("initial_h")
    ways = [run_gru(b, layer, start(b, layer, given, i), i, after) for i in range(len(layer.directions))]
    finished(b, layer, [w[0] for w in ways], [[w[1] for w in ways]])
    return True

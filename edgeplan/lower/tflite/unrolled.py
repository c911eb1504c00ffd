"""Recurrent layers written out step by step, as converters do where no sequence op has the state or the cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgeplan.lower.tflite.algebra import binary, concat, matmul, sliced, squeezed, step, unary
from edgeplan.lower.tflite.builder import Builder

if TYPE_CHECKING:
    from edgeplan.lower.tflite.recurrent import Layer

__all__ = ["can_unroll_steps", "run_gru", "run_lstm"]

_MOST_STEPS = 2048
"""Steps that are written out at most: a bound of this program, converters have none."""


def can_unroll_steps(layer: Layer) -> bool:
    """True when the number of steps is known and not beyond the bound, and the batch known."""
    return isinstance(layer.steps, int) and 0 < layer.steps <= _MOST_STEPS and isinstance(layer.batch, int)


def _inputs(b: Builder, layer: Layer, back: bool) -> list[tuple[int, str]]:
    """The steps in the order in which they run, each as [batch, features]: SLICE, RESHAPE."""
    steps = layer.steps if isinstance(layer.steps, int) else 0
    shape = (layer.batch, layer.features)
    found: list[tuple[int, str]] = []
    for t in reversed(range(steps)) if back else range(steps):
        one = sliced(b, layer.x, [t, 0, 0], [1, -1, -1]) if steps > 1 else layer.x
        found.append((t, squeezed(b, one, shape, (0,))))
    return found


def _joined(b: Builder, layer: Layer, states: dict[int, str]) -> str:
    """[steps, batch, hidden]: RESHAPE each, CONCATENATION."""
    rows = [b.reshape(states[t], (1, layer.batch, layer.hidden)) for t in sorted(states)]
    return concat(b, rows, 0)


def run_lstm(b: Builder, layer: Layer, h: str, c: str, direction: int) -> tuple[str, str, str]:
    """One direction of an LSTM: all hidden states, the last one, the last cell state.

    A step: CONCATENATION(x, h), BATCH_MATMUL, ADD, SPLIT to four gates; c = LOGISTIC(f) * c + LOGISTIC(i) * TANH(g);
    h = LOGISTIC(o) * TANH(c).
    Source: onnx2tf `tflite_builder/op_builders/recurrent.py` _build_static_forward_lstm_with_explicit_state.
    """
    w, _ = layer.weights
    kernel = b.weight(w, (layer.features + layer.hidden, 4 * layer.hidden))
    bias = b.weight(layer.bias or w, (4 * layer.hidden,), "bias")
    states: dict[int, str] = {}
    for t, x in _inputs(b, layer, layer.directions[direction]):
        sums = binary(b, "ADD", matmul(b, concat(b, [x, h], 1), kernel), bias)
        one = ((layer.batch, layer.hidden), None)
        parts = {"split_dim": b.ints([1]), "value": sums}
        dtype = b.value(sums).dtype
        i, o, f, g = b.several("SPLIT", parts, [(one[0], dtype)] * 4, {"num_splits": 4})
        kept = binary(b, "MUL", unary(b, "LOGISTIC", f), c)
        c = binary(b, "ADD", kept, binary(b, "MUL", unary(b, "LOGISTIC", i), unary(b, "TANH", g)))
        h = binary(b, "MUL", unary(b, "LOGISTIC", o), unary(b, "TANH", c))
        states[t] = h
    return _joined(b, layer, states), h, c


def run_gru(b: Builder, layer: Layer, h: str, direction: int, reset_after: bool) -> tuple[str, str]:
    """One direction of a GRU: all hidden states, the last one.

    A step: z = LOGISTIC(x W + h R + b), r likewise; n = TANH(x W + (r * h) R + b), or + r * (h R + b) when the reset
    comes after the product; h = (1 - z) * n + z * h, each product a BATCH_MATMUL.
    Source: onnx2tf `tflite_builder/op_builders/recurrent.py` build_gru_op.
    """
    w, r = layer.weights
    n = layer.hidden
    left = {g: b.weight(w, (layer.features, n)) for g in "zrn"}
    right = {g: b.weight(r, (n, n)) for g in "zrn"}
    bias = {g: b.weight(layer.bias or w, (n,), "bias") for g in ("z", "r", "n", "inner")}
    states: dict[int, str] = {}
    for t, x in _inputs(b, layer, layer.directions[direction]):

        def gate(name: str, x: str = x, h: str = h) -> str:
            sums = binary(b, "ADD", matmul(b, x, left[name]), matmul(b, h, right[name]))
            return unary(b, "LOGISTIC", binary(b, "ADD", sums, bias[name]))

        update, reset = gate("z"), gate("r")
        own = matmul(b, x, left["n"])
        if reset_after:
            inner = binary(b, "MUL", reset, binary(b, "ADD", matmul(b, h, right["n"]), bias["inner"]))
        else:
            inner = matmul(b, binary(b, "MUL", reset, h), right["n"])
        new = unary(b, "TANH", binary(b, "ADD", binary(b, "ADD", own, inner), bias["n"]))
        rest = step(b, "SUB", [b.like(update, 1.0), update], b.shape(update))
        h = binary(b, "ADD", binary(b, "MUL", rest, new), binary(b, "MUL", update, h))
        states[t] = h
    return _joined(b, layer, states), h

"""Recurrent layers as LiteRT's sequence ops: LSTM and simple RNN; and what the recurrent families share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgeplan.graph import Attr, Dim, Op
from edgeplan.lower.attributes import flag, integer, number, text
from edgeplan.lower.shapes import reshape_target, size
from edgeplan.lower.tflite.algebra import concat, sliced, squeezed, step
from edgeplan.lower.tflite.builder import Builder
from edgeplan.lower.tflite.registry import lowers
from edgeplan.lower.tflite.unrolled import can_unroll_steps, run_lstm

__all__ = ["Layer", "finished", "lstm", "read_layer", "reversed_in_time", "rnn", "start"]


@dataclass(frozen=True, slots=True)
class Layer:
    """A recurrent op whose weights are constant and whose sizes, batch and steps apart, are known."""

    x: str
    weights: tuple[str, str]
    bias: str | None
    directions: tuple[bool, ...]
    """For each direction, whether it runs backwards."""
    hidden: int
    features: int
    steps: Dim
    batch: Dim
    activations: tuple[str, ...]
    """Of one direction, lower case."""
    sequence: str | None
    states: tuple[str | None, str | None]
    """The results that something reads: all steps, the last hidden and the last cell state."""

    @property
    def shape(self) -> tuple[Dim, Dim, int]:
        """All steps of one direction."""
        return self.steps, self.batch, self.hidden


def read_layer(op: Op, b: Builder, gates: int, default: tuple[str, ...]) -> Layer | None:
    """The parts of an LSTM, GRU or RNN; None when weights are not constant, sequences have lengths of their own, the
    layout is batch-first or the directions differ in their activations. `default` names those of one direction.

    Source: onnx2tf `tflite_builder/op_families/recurrent.py`.
    """
    x, w, r, bias = (op.input(p) for p in ("X", "W", "R", "B"))
    direction, clip = text(op, "direction", "forward"), number(op, "clip", 0.0)
    if x is None or w is None or r is None or direction not in ("forward", "reverse", "bidirectional") or clip is None:
        return None
    ways = (False, True) if direction == "bidirectional" else (direction == "reverse",)
    shape, weight, recurrence = b.shape(x), b.shape(w), b.shape(r)
    hidden, features = size(recurrence, 2), size(weight, 2)
    if hidden is None or features is None or integer(op, "layout", 0) != 0:
        return None
    shape = (None, None, features) if shape is None else shape
    if len(shape) != 3 or not all(b.value(n).const for n in (w, r, bias) if n is not None):
        return None
    if weight != (len(ways), gates * hidden, features) or recurrence != (len(ways), gates * hidden, hidden):
        return None
    lengths = op.input("sequence_lens")
    if lengths is not None and (b.data(lengths) is None or any(n != shape[0] for n in b.data(lengths) or ())):
        return None
    given = op.attrs.get("activations", default * len(ways))
    if not isinstance(given, tuple) or len(given) != len(default) * len(ways):
        return None
    if given[: len(default)] * len(ways) != given:
        return None
    if "activation_alpha" in op.attrs or "activation_beta" in op.attrs:
        return None
    y, h, c = _results(op, b)
    names = tuple(str(a).lower() for a in given[: len(default)])
    return Layer(x, (w, r), bias, ways, hidden, features, shape[0], shape[1], names, y, (h, c))


def _results(op: Op, b: Builder) -> list[str | None]:
    """The sequence and the last states; an absent output leaves no gap, so the sequence is known by its rank of 4."""
    outs = list(op.outputs)
    y = outs.pop(0) if b.rank(outs[0]) in (4, None) or len(outs) == 3 else None
    h, c = (*outs, None, None)[:2]
    return [n if n is not None and (b.source.consumers.get(n) or n in b.returned) else None for n in (y, h, c)]


def start(b: Builder, layer: Layer, given: str | None, direction: int) -> str:
    """[batch, hidden]: zeros, a variable tensor in the file, or this direction's part of the given state."""
    shape = (layer.batch, layer.hidden)
    if given is None:
        return b.weight(layer.x, shape, "state")
    if b.is_weight(given):
        return b.weight(given, shape, "state")
    if len(layer.directions) == 2:
        given = sliced(b, given, [direction, 0, 0], [1, -1, -1])
    return squeezed(b, given, shape, (0,))


def reversed_in_time(b: Builder, x: str) -> str:
    """REVERSE_V2 along the steps."""
    return step(b, "REVERSE_V2", [x, b.ints([0])], b.shape(x))


def finished(b: Builder, layer: Layer, sequences: Sequence[str], lasts: Sequence[Sequence[str]]) -> None:
    """[steps, batch, hidden] a direction -> ONNX's [steps, directions, batch, hidden]; last states -> [directions, ..].

    One direction: RESHAPE, or EXPAND_DIMS where two sizes are unknown. Two: the same each, CONCATENATION.
    """
    wide = (layer.steps, 1, layer.batch, layer.hidden)
    if layer.sequence is not None:
        _stacked(b, sequences, wide, 1, layer.sequence)
    for found, out in zip(lasts, layer.states, strict=False):
        if out is not None:
            _stacked(b, found, (1, layer.batch, layer.hidden), 0, out)


def _stacked(b: Builder, parts: Sequence[str], shape: tuple[Dim, ...], axis: int, out: str) -> None:
    wide: list[str] = []
    for part in parts:
        to = out if len(parts) == 1 else None
        if reshape_target(shape) is not None:
            wide.append(b.reshape(part, shape, to=to))
        else:
            wide.append(step(b, "EXPAND_DIMS", [part, b.ints([axis])], shape, to=to))
    if len(parts) > 1:
        concat(b, wide, axis, to=out)


def _last(b: Builder, layer: Layer, sequence: str, backwards: bool) -> str:
    """[batch, hidden]: the step that a direction computed last, by STRIDED_SLICE."""
    at = 0 if backwards else -1
    ends = [b.ints([at, 0, 0]), b.ints([at + 1, 0, 0]), b.ints([1, 1, 1])]
    masks: dict[str, Attr] = {"begin_mask": 6, "end_mask": 6 if backwards else 7, "shrink_axis_mask": 1}
    inputs = dict(zip(("input", "begin", "end", "strides"), (sequence, *ends), strict=True))
    return b.emit("STRIDED_SLICE", inputs, (layer.batch, layer.hidden), attrs=masks)


@lowers("LSTM")
def lstm(op: Op, b: Builder) -> bool:
    """LSTM(X, W, R, B) -> UNIDIRECTIONAL_SEQUENCE_LSTM, time-major, its weights taken apart by gate; the states are
    variable tensors of zeros. Backwards: between two REVERSE_V2. Both ways: BIDIRECTIONAL_SEQUENCE_LSTM, SPLIT.

    A state that comes in at run time, or a cell state that is read, unrolls the steps where their number is known (see
    `unrolled.run_lstm`).
    Source: onnx2tf `tflite_builder/op_builders/recurrent.py` build_lstm_op (it reads Y_h, as Y_c,
    from the variable tensor).
    Peepholes, input_forget, other activations and lengths of their own have no lowering.
    """
    layer = read_layer(op, b, 4, ("Sigmoid", "Tanh", "Tanh"))
    if layer is None or flag(op, "input_forget", False) is not False or op.input("P") is not None:
        return False
    if layer.activations != ("sigmoid", "tanh", "tanh"):
        return False
    h, c, clip = op.input("initial_h"), op.input("initial_c"), number(op, "clip", 0.0) or 0.0
    fed = any(n is not None and not b.is_weight(n) for n in (h, c))
    known = can_unroll_steps(layer) and not clip
    if known and (fed or layer.states[1] is not None):
        ways = [
            run_lstm(b, layer, start(b, layer, h, i), start(b, layer, c, i), i) for i in range(len(layer.directions))
        ]
        finished(b, layer, [w[0] for w in ways], [[w[1] for w in ways], [w[2] for w in ways]])
        return True
    attrs: dict[str, Attr] = {"fused_activation_function": "TANH", "cell_clip": clip, "time_major": True}
    if len(layer.directions) == 2:
        inputs = {"input": layer.x, **_gates(b, layer, "fw_"), **_gates(b, layer, "bw_")}
        cells = [start(b, layer, c, i) for i in (0, 1)]
        for i, way in enumerate(("fw_", "bw_")):
            inputs[f"{way}input_activation_state"] = start(b, layer, h, i)
            inputs[f"{way}input_cell_state"] = cells[i]
        both = (layer.steps, layer.batch, 2 * layer.hidden)
        merged = b.emit("BIDIRECTIONAL_SEQUENCE_LSTM", inputs, both, attrs={**attrs, "merge_outputs": True})
        halves = {"split_dim": b.ints([2]), "value": merged}
        sequences = b.several("SPLIT", halves, [(layer.shape, b.value(merged).dtype)] * 2, {"num_splits": 2})
    else:
        back = layer.directions[0]
        inputs = {"input": reversed_in_time(b, layer.x) if back else layer.x, **_gates(b, layer, "")}
        inputs["input_activation_state"] = start(b, layer, h, 0)
        cells = [start(b, layer, c, 0)]
        inputs["input_cell_state"] = cells[0]
        made = b.emit("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, layer.shape, attrs=attrs)
        sequences = (reversed_in_time(b, made) if back else made,)
    _finish(b, layer, sequences, cells)
    return True


def _finish(b: Builder, layer: Layer, sequences: Sequence[str], cells: Sequence[str] = ()) -> None:
    lasts: list[str] = []
    if layer.states[0] is not None:
        lasts = [_last(b, layer, s, back) for s, back in zip(sequences, layer.directions, strict=True)]
    finished(b, layer, sequences, [lasts, cells])


def _gates(b: Builder, layer: Layer, way: str) -> dict[str, str]:
    """The weights of a direction by gate; ONNX has each kind in one tensor, as i, o, f, c."""
    w, r = layer.weights
    gates = ("input", "forget", "cell", "output")
    found = {f"{way}input_to_{g}_weights": b.weight(w, (layer.hidden, layer.features)) for g in gates}
    found |= {f"{way}recurrent_to_{g}_weights": b.weight(r, (layer.hidden, layer.hidden)) for g in gates}
    names = ("input_gate_bias", "forget_gate_bias", "cell_bias", "output_gate_bias")
    return found | {f"{way}{g}": b.weight(layer.bias or w, (layer.hidden,), "bias") for g in names}


@lowers("RNN")
def rnn(op: Op, b: Builder) -> bool:
    """RNN(X, W, R, B, initial_h) -> UNIDIRECTIONAL_SEQUENCE_RNN, time-major, one a direction; the way back between two
    REVERSE_V2.

    Source: onnx2tf `tflite_builder/op_builders/recurrent.py` build_rnn_op. Activations are Tanh, Relu or none.
    """
    layer = read_layer(op, b, 1, ("Tanh",))
    functions = {"tanh": "TANH", "relu": "RELU", "affine": "NONE"}
    if layer is None or layer.activations[0] not in functions or number(op, "clip", 0.0) != 0:
        return False
    w, r = layer.weights
    sequences: list[str] = []
    for i, back in enumerate(layer.directions):
        inputs = {
            "input": reversed_in_time(b, layer.x) if back else layer.x,
            "input_to_input_weights": b.weight(w, (layer.hidden, layer.features)),
            "recurrent_to_input_weights": b.weight(r, (layer.hidden, layer.hidden)),
            "input_gate_bias": b.weight(layer.bias or w, (layer.hidden,), "bias"),
            "hidden_state": start(b, layer, op.input("initial_h"), i),
        }
        attrs: dict[str, Attr] = {"time_major": True, "fused_activation_function": functions[layer.activations[0]]}
        made = b.emit("UNIDIRECTIONAL_SEQUENCE_RNN", inputs, layer.shape, attrs=attrs)
        sequences.append(reversed_in_time(b, made) if back else made)
    _finish(b, layer, sequences)
    return True

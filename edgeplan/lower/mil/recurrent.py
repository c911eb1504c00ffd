"""LSTM and simple RNN layers, and what the recurrent families share."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.graph import Attr, Dim, DType, Op
from edgeplan.lower.attributes import axes, flag, integer, number, text
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.registry import lowers
from edgeplan.lower.neighbours import only_consumer, used
from edgeplan.lower.shapes import size

__all__ = ["Layer", "finished", "initial_state", "lstm", "read_layer", "rnn", "target_of", "zeros"]

_ACTIVATIONS = {
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Relu": "relu",
    "HardSigmoid": "sigmoid_hard",
    "Softsign": "softsign",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A recurrent op whose weights are constant and whose sizes are known."""

    x: str
    weights: tuple[str, str]
    bias: str | None
    directions: int
    reverse: bool
    hidden: int
    features: int
    steps: Dim
    batch: Dim
    activations: tuple[str, ...]
    outputs: tuple[str | None, str | None, str | None]

    @property
    def sequence(self) -> tuple[Dim, Dim, Dim]:
        """Shape of the result over all steps, the directions side by side."""
        return self.steps, self.batch, self.directions * self.hidden


def read_layer(op: Op, b: Builder, gates: int, default: tuple[str, ...]) -> Layer | None:
    """The parts of an LSTM, GRU or RNN. None when weights are not constant or of unknown size, when sequences have
    lengths of their own, or when the layout is batch-first. `default` names the activations of one direction.
    """
    x, w, r, bias = (op.input(p) for p in ("X", "W", "R", "B"))
    direction = text(op, "direction", "forward")
    if x is None or w is None or r is None or direction not in ("forward", "reverse", "bidirectional"):
        return None
    shape, weight, recurrence = b.shape(x), b.shape(w), b.shape(r)
    both = 2 if direction == "bidirectional" else 1
    hidden, features = size(recurrence, 2), size(weight, 2)
    if hidden is None or features is None or integer(op, "layout", 0) != 0:
        return None
    shape = shape or (None, None, features)
    if len(shape) != 3:
        return None
    if weight != (both, gates * hidden, features) or recurrence != (both, gates * hidden, hidden):
        return None
    if not all(b.value(n).const for n in (w, r, bias) if n is not None):
        return None
    if not _full_length(b, op.input("sequence_lens"), shape[0]) or number(op, "clip", 0.0) is None:
        return None
    given = op.attrs.get("activations", default * both)
    if not isinstance(given, tuple) or given[: len(default)] * both != given or not op.outputs:
        return None
    found = tuple(_ACTIVATIONS.get(str(a), "") for a in given[: len(default)])
    if "" in found or len(found) != len(default) or "activation_alpha" in op.attrs or "activation_beta" in op.attrs:
        return None
    results = _results(op, b)
    reverse = direction == "reverse"
    return Layer(x, (w, r), bias, both, reverse, hidden, features, shape[0], shape[1], found, results)


def _full_length(b: Builder, lengths: str | None, steps: Dim) -> bool:
    """True when every sequence runs over all steps."""
    data = b.data(lengths)
    return lengths is None or data is not None and all(n == steps for n in data)


def _results(op: Op, b: Builder) -> tuple[str | None, str | None, str | None]:
    """The sequence and the last states; an absent output leaves no gap, so the sequence is known by its rank of 4."""
    outs = list(op.outputs)
    y = outs.pop(0) if b.rank(outs[0]) == 4 or len(outs) == 3 or b.rank(outs[0]) is None else None
    h, c = (*outs, None, None)[:2]
    kept = [n if n is not None and used(b, n) else None for n in (y, h, c)]
    return kept[0], kept[1], kept[2]


def initial_state(b: Builder, layer: Layer, given: str | None) -> str:
    """[directions, batch, hidden] -> [batch, directions * hidden]; zeros when absent.

    squeeze for one direction; split, concat, squeeze for two; for an unknown batch the zeros are filled at run time:
    shape, slice_by_index, concat, fill.
    """
    wide = layer.directions * layer.hidden
    shape = (layer.batch, wide)
    if given is None:
        return zeros(b, layer, (layer.batch,), (wide,))
    if b.value(given).const:
        return b.weight(given, shape, "state")
    if layer.directions == 2:
        one = (1, layer.batch, layer.hidden)
        parts = b.several("split", {"x": given}, [(one, None), (one, None)], {"num_splits": 2, "axis": 0})
        given = b.emit("concat", {"values": parts}, (1, *shape), attrs={"axis": 2, "interleave": False})
    return b.emit("squeeze", {"x": given}, shape, attrs={"axes": (0,)})


def zeros(b: Builder, layer: Layer, leading: tuple[Dim, ...], trailing: tuple[int, ...]) -> str:
    """Zeros of [*leading, *trailing], a constant when the sizes are known. `leading` ends X's first axes: batch, or
    steps and batch.
    """
    shape = (*leading, *trailing)
    if all(isinstance(d, int) for d in shape):
        return b.weight(layer.x, shape, "zeros")
    count = len(leading)
    whole = b.emit("shape", {"x": layer.x}, (3,), dtype=DType.INT32)
    slices: dict[str, Attr] = {"begin": (2 - count,), "end": (2,), "end_mask": (False,)}
    sizes = b.emit("slice_by_index", {"x": whole}, (count,), attrs=slices)
    rest = b.constant(trailing, DType.INT32, (len(trailing),))
    sizes = b.emit("concat", {"values": (sizes, rest)}, (len(shape),), attrs={"axis": 0, "interleave": False})
    return b.emit("fill", {"shape": sizes}, shape, dtype=b.value(layer.x).dtype, attrs={"value": 0.0})


def _squeezed(b: Builder, y: str) -> Op | None:
    """The Squeeze of the direction axis that alone reads a one-way layer's sequence: torch's layer has no such axis."""
    after = only_consumer(b, y)
    if after is None or after.label != "Squeeze" or len(after.outputs) != 1 or after.inputs[0] != y:
        return None
    return after if axes(after, b, 4) == (1,) else None


def _joined(b: Builder, y: str) -> tuple[Op, Op] | None:
    """The Transpose and Reshape that alone bring a two-way layer's sequence to torch's [steps, batch, 2 * hidden]."""
    turn = only_consumer(b, y)
    if turn is None or turn.label != "Transpose" or turn.attrs.get("perm") != (0, 2, 1, 3) or len(turn.outputs) != 1:
        return None
    after = only_consumer(b, turn.outputs[0])
    if after is None or after.label != "Reshape" or len(after.outputs) != 1 or after.inputs[0] != turn.outputs[0]:
        return None
    return (turn, after) if b.rank(after.outputs[0]) == 3 else None


def target_of(b: Builder, layer: Layer) -> tuple[str | None, tuple[Op, ...]]:
    """The source value that the sequence can be written to as it is, with the ops that are then done."""
    y = layer.outputs[0]
    if y is None:
        return None, ()
    if layer.directions == 1:
        after = _squeezed(b, y)
        return (None, ()) if after is None else (after.outputs[0], (after,))
    pair = _joined(b, y)
    return (None, ()) if pair is None else (pair[1].outputs[0], pair)


def finished(b: Builder, layer: Layer, sequence: str | None, states: tuple[str, ...]) -> None:
    """MIL's results [steps, batch, d * hidden], [batch, d * hidden] -> ONNX's [steps, d, batch, hidden], [d, ...]."""
    y = layer.outputs[0]
    if sequence is not None and y is not None:
        if layer.directions == 1:
            b.emit("expand_dims", {"x": sequence}, to=y, attrs={"axes": (1,)})
        else:
            split = (layer.steps, layer.batch, 2, layer.hidden)
            known = [d if isinstance(d, int) else 0 for d in split]
            z = b.emit("reshape", {"x": sequence}, split, attrs={"shape": tuple(known)})
            b.emit("transpose", {"x": z}, to=y, attrs={"perm": (0, 2, 1, 3)})
    for state, out in zip(states, layer.outputs[1:], strict=False):
        if out is None:
            continue
        if layer.directions == 1:
            b.emit("expand_dims", {"x": state}, to=out, attrs={"axes": (0,)})
        else:
            one = (layer.batch, layer.hidden)
            halves = b.several("split", {"x": state}, [(one, None), (one, None)], {"num_splits": 2, "axis": 1})
            b.emit("stack", {"values": halves}, to=out, attrs={"axis": 0})


@lowers("LSTM")
def lstm(op: Op, b: Builder) -> bool:
    """LSTM(X, W, R, B, initial_h, initial_c, P) -> lstm(x, initial_h, initial_c, weight_ih, weight_hh, bias, peephole
    and the same for the way back), states squeezed before and expanded after.

    The Squeeze, or Transpose and Reshape, with which the exporter restores torch's sequence disappears.
    Source: coremltools `frontend/torch/ops.py` lstm, _add_mil_lstm.
    """
    layer = read_layer(op, b, 4, ("Sigmoid", "Tanh", "Tanh"))
    if layer is None or flag(op, "input_forget", False) is not False:
        return False
    peephole, clip = op.input("P"), number(op, "clip", 0.0)
    if peephole is not None and not b.value(peephole).const:
        return False
    w, r = layer.weights
    inputs: dict[str, str | None] = {"x": layer.x}
    inputs["initial_h"] = initial_state(b, layer, op.input("initial_h"))
    inputs["initial_c"] = initial_state(b, layer, op.input("initial_c"))
    for suffix in ("", "_back")[: layer.directions]:
        inputs[f"weight_ih{suffix}"] = b.weight(w, (4 * layer.hidden, layer.features), f"weight_ih{suffix}")
        inputs[f"weight_hh{suffix}"] = b.weight(r, (4 * layer.hidden, layer.hidden), f"weight_hh{suffix}")
        if layer.bias is not None:
            inputs[f"bias{suffix}"] = b.weight(layer.bias, (4 * layer.hidden,), f"bias{suffix}")
        if peephole is not None:
            inputs[f"peephole{suffix}"] = b.weight(peephole, (3 * layer.hidden,), f"peephole{suffix}")
    gate, cell, out = layer.activations
    attrs: dict[str, Attr] = {
        "direction": "bidirectional" if layer.directions == 2 else "reverse" if layer.reverse else "forward",
        "output_sequence": True,
        "recurrent_activation": gate,
        "cell_activation": cell,
        "activation": out,
    }
    if clip:
        attrs["clip"] = clip
    target, done = target_of(b, layer)
    state = ((layer.batch, layer.directions * layer.hidden), None)
    names = b.several("lstm", inputs, [target or (layer.sequence, None), state, state], attrs)
    b.absorb(*done)
    finished(b, layer, None if target else names[0], names[1:])
    return True


@lowers("RNN")
def rnn(op: Op, b: Builder) -> bool:
    """RNN(X, W, R, B, initial_h) -> rnn(x, initial_h, weight_ih, weight_hh, bias). Two-way simple RNNs do not convert
    (source: coremltools `frontend/torch/ops.py` _add_simple_rnn).
    """
    layer = read_layer(op, b, 1, ("Tanh",))
    if layer is None or layer.directions != 1 or number(op, "clip", 0.0) != 0:
        return False
    w, r = layer.weights
    inputs = {
        "x": layer.x,
        "initial_h": initial_state(b, layer, op.input("initial_h")),
        "weight_ih": b.weight(w, (layer.hidden, layer.features), "weight_ih"),
        "weight_hh": b.weight(r, (layer.hidden, layer.hidden), "weight_hh"),
        "bias": None if layer.bias is None else b.weight(layer.bias, (layer.hidden,), "bias"),
    }
    attrs: dict[str, Attr] = {
        "direction": "reverse" if layer.reverse else "forward",
        "output_sequence": True,
        "activation": layer.activations[0],
    }
    target, done = target_of(b, layer)
    state = ((layer.batch, layer.hidden), None)
    names = b.several("rnn", inputs, [target or (layer.sequence, None), state], attrs)
    b.absorb(*done)
    finished(b, layer, None if target else names[0], names[1:])
    return True

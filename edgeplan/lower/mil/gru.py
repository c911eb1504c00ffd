"""GRU layers, which coremltools unrolls into a while_loop because MIL's gru adds the reset gate elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from edgeplan.graph import Attr, Body, Dim, DType, Graph, Op, Value
from edgeplan.lower.attributes import flag, number
from edgeplan.lower.mil.builder import Builder
from edgeplan.lower.mil.constants import scalar
from edgeplan.lower.mil.recurrent import Layer, read_layer, target_of, zeros
from edgeplan.lower.mil.registry import lowers

__all__ = ["gru"]

_GATES = ("r", "z", "n")


@dataclass(frozen=True, slots=True)
class _Direction:
    """One direction of a layer: its sequence, its start, and per gate the two weights and two biases."""

    layer: Layer
    x: str
    start: str
    weights: dict[str, tuple[str, str, str, str]]
    reset_after: bool

    @property
    def states(self) -> tuple[Dim, Dim, Dim]:
        """Shape of the list of states, the first one included."""
        steps = self.layer.steps
        return steps + 1 if isinstance(steps, int) else None, self.layer.batch, self.layer.hidden


@lowers("GRU")
def gru(op: Op, b: Builder) -> bool:
    """GRU(X, W, R, B, initial_h) -> for each direction a while_loop over the steps, whose body reads its step by
    gather, computes the gates with six linears and writes the state by scatter; the way back between two reverses.

    Activations other than sigmoid and tanh: no lowering. Source: coremltools `frontend/torch/ops.py` _add_gru_layer.
    """
    layer = read_layer(op, b, 3, ("Sigmoid", "Tanh"))
    after = flag(op, "linear_before_reset", False)
    if layer is None or after is None or layer.activations != ("sigmoid", "tanh") or number(op, "clip", 0.0) != 0:
        return False
    sequences: list[str] = []
    lasts: list[str] = []
    whole = (layer.steps, layer.batch, layer.hidden)
    for i in range(layer.directions):
        backwards = layer.reverse or i == 1
        x = layer.x
        if backwards:
            x = b.emit("reverse", {"x": x}, b.shape(x), attrs={"axes": (0,)})
        y, last = _run(b, _Direction(layer, x, _start(op, b, layer, i), _weights(b, layer, i), after), whole)
        if backwards:
            y = b.emit("reverse", {"x": y}, whole, attrs={"axes": (0,)})
        sequences.append(y)
        lasts.append(last)
    _finish(b, layer, sequences, lasts)
    return True


def _finish(b: Builder, layer: Layer, sequences: list[str], lasts: list[str]) -> None:
    target, done = target_of(b, layer)
    y, h, _ = layer.outputs
    side_by_side: dict[str, Attr] = {"axis": 2, "interleave": False}
    if target is not None:
        if layer.directions == 1:
            b.emit("identity", {"x": sequences[0]}, to=target)
        else:
            b.emit("concat", {"values": sequences}, to=target, attrs=side_by_side)
        b.absorb(*done)
    elif y is not None and layer.directions == 1:
        b.emit("expand_dims", {"x": sequences[0]}, to=y, attrs={"axes": (1,)})
    elif y is not None:
        b.emit("stack", {"values": sequences}, to=y, attrs={"axis": 1})
    if h is not None and layer.directions == 1:
        b.emit("identity", {"x": lasts[0]}, to=h)
    elif h is not None:
        b.emit("concat", {"values": lasts}, to=h, attrs={"axis": 0, "interleave": False})


def _start(op: Op, b: Builder, layer: Layer, direction: int) -> str:
    """[1, batch, hidden]: zeros, or this direction's part of initial_h."""
    given = op.input("initial_h")
    shape = (1, layer.batch, layer.hidden)
    if given is None:
        flat = zeros(b, layer, (layer.batch,), (layer.hidden,))
        if b.value(flat).const:
            return b.weight(layer.x, shape, "zeros")
        return b.emit("expand_dims", {"x": flat}, shape, attrs={"axes": (0,)})
    if b.value(given).const:
        return b.weight(given, shape, "state")
    if layer.directions == 1:
        return given
    attrs: dict[str, Attr] = {
        "begin": (direction, 0, 0),
        "end": (direction + 1, 0, 0),
        "begin_mask": (False, True, True),
        "end_mask": (False, True, True),
    }
    return b.emit("slice_by_index", {"x": given}, shape, attrs=attrs)


def _weights(b: Builder, layer: Layer, direction: int) -> dict[str, tuple[str, str, str, str]]:
    w, r = layer.weights
    n, back = layer.hidden, "_back" if direction else ""
    bias = layer.bias or w
    return {
        gate: (
            b.weight(w, (n, layer.features), f"w_i{gate}{back}"),
            b.weight(r, (n, n), f"w_h{gate}{back}"),
            b.weight(bias, (n,), f"b_i{gate}{back}"),
            b.weight(bias, (n,), f"b_h{gate}{back}"),
        )
        for gate in _GATES
    }


def _run(b: Builder, d: _Direction, whole: tuple[Dim, Dim, Dim]) -> tuple[str, str]:
    """The loop of one direction: all states [steps, batch, hidden], and the last one [1, batch, hidden]."""
    layer = d.layer
    empty = zeros(b, layer, (layer.steps, layer.batch), (layer.hidden,))
    if b.value(d.start).const and b.value(empty).const:
        states = b.weight(d.start, d.states, "states")
    else:
        states = b.emit("concat", {"values": (d.start, empty)}, d.states, attrs={"axis": 0, "interleave": False})
    if isinstance(layer.steps, int):
        count = b.constant((layer.steps,), DType.INT32, (1,))
    else:
        shape = b.emit("shape", {"x": d.x}, (3,), dtype=DType.INT32)
        attrs: dict[str, Attr] = {"begin": (0,), "end": (1,), "end_mask": (False,)}
        count = b.emit("slice_by_index", {"x": shape}, (1,), attrs=attrs)
    counter = b.constant((0,), DType.INT32, (1,))
    bodies = (Body("_cond", _condition(b, d, count), None), _body(b, d))
    _, states = b.several(
        "while_loop",
        {"loop_vars": (counter, states)},
        [((1,), DType.INT32), (d.states, b.value(states).dtype)],
        bodies=bodies,
    )
    later: dict[str, Attr] = {
        "begin": (1, 0, 0),
        "end": (0, 0, 0),
        "begin_mask": (False, True, True),
        "end_mask": (True, True, True),
    }
    y = b.emit("slice_by_index", {"x": states}, whole, attrs=later)
    if layer.steps == 1:
        return y, y
    final: dict[str, Attr] = {
        "begin": (-1, 0, 0),
        "end": (-2, 0, 0),
        "begin_mask": (False, True, True),
        "end_mask": (False, True, True),
        "stride": (-1, 1, 1),
    }
    return y, b.emit("slice_by_index", {"x": y}, (1, *whole[1:]), attrs=final)


def _stub(b: Builder, d: _Direction, name: str, captured: tuple[str, ...], outputs: dict[str, Value]) -> Builder:
    """A builder for a body whose inputs are the counter `i` and the list of states `h_list`."""
    inputs = {"i": Value("i", DType.INT32, (1,)), "h_list": Value("h_list", b.value(d.x).dtype, d.states)}
    values = {n: b.value(n) for n in captured} | inputs | outputs
    return Builder(Graph(name, "mil", (), values, tuple(inputs), tuple(outputs)), lambda dtype: dtype)


def _condition(b: Builder, d: _Direction, count: str) -> Graph:
    inner = _stub(b, d, "_cond", (count,), {"go": Value("go", DType.BOOL, (1,))})
    inner.emit("less", {"x": "i", "y": count}, to="go")
    return inner.finish("mil")


def _body(b: Builder, d: _Direction) -> Body:
    layer = d.layer
    captured = (d.x, *(n for names in d.weights.values() for n in names))
    results = {"i_next": Value("i_next", DType.INT32, (1,)), "h_next": Value("h_next", b.value(d.x).dtype, d.states)}
    inner = _stub(b, d, "_body", captured, results)
    state: tuple[Dim, ...] = (layer.batch, layer.hidden)
    at: dict[str, Attr] = {"axis": 0}
    step = inner.emit("gather", {"x": d.x, "indices": "i"}, (1, layer.batch, layer.features), attrs=at)
    before = inner.emit("gather", {"x": "h_list", "indices": "i"}, (1, *state), attrs=at)
    x = inner.emit("squeeze", {"x": step}, (layer.batch, layer.features), attrs={"axes": (0,)})
    h = inner.emit("squeeze", {"x": before}, state, attrs={"axes": (0,)})

    def products(gate: str, hidden: str) -> tuple[str, str]:
        w, r, b_w, b_r = d.weights[gate]
        left = inner.emit("linear", {"x": x, "weight": w, "bias": b_w}, state)
        return left, inner.emit("linear", {"x": hidden, "weight": r, "bias": b_r}, state)

    def binary(kind: str, left: str, right: str) -> str:
        return inner.emit(kind, {"x": left, "y": right}, state)

    reset = inner.emit("sigmoid", {"x": binary("add", *products("r", h))}, state)
    update = inner.emit("sigmoid", {"x": binary("add", *products("z", h))}, state)
    if d.reset_after:
        left, right = products("n", h)
        new = binary("add", left, binary("mul", reset, right))
    else:
        new = binary("add", *products("n", binary("mul", reset, h)))
    new = inner.emit("tanh", {"x": new}, state)
    mixed = binary("mul", binary("sub", scalar(inner, update, 1.0), update), new)
    mixed = binary("add", mixed, binary("mul", update, h))
    inner.emit("add", {"x": "i", "y": inner.constant((1,), DType.INT32, ())}, to="i_next")
    row = inner.emit("expand_dims", {"x": mixed}, (1, *state), attrs={"axes": (0,)})
    inner.emit(
        "scatter",
        {"data": "h_list", "indices": "i_next", "updates": row},
        to="h_next",
        attrs={"axis": 0, "mode": "add"},
    )
    return Body("_body", inner.finish("mil"), layer.steps if isinstance(layer.steps, int) else None)

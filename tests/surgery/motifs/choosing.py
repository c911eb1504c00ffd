"""Conditions, branches, loops, and integers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.surgery.sketch import Refused, Sketch, Value

_ONE = ("Relu", "Tanh", "Neg", "Sigmoid", "Identity", "Abs")


class Body:
    """The nodes of a body, whose values keep the shape of what they start from."""

    def __init__(self, s: Sketch) -> None:
        self.s = s
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def chain(self, name: str, like: Value, outer: Sequence[Value], count: int) -> str:
        """Some ops from a value on."""
        for _ in range(count):
            made = self.s.name("b")
            how = self.s.rng.randrange(4)
            if how == 0:
                other = self.s.name("bw")
                array = np.asarray(self.s.numpy.standard_normal(like.shape[-1:]), like.array.dtype)
                if self.s.chance():
                    self.weights.append(numpy_helper.from_array(array, other))
                else:
                    self.nodes.append(helper.make_node("Constant", [], [other], value=numpy_helper.from_array(array)))
                self.nodes.append(helper.make_node("Add", [name, other], [made]))
            elif how == 1 and outer:
                self.nodes.append(helper.make_node("Mul", [name, self.s.pick(*outer).name], [made]))
            else:
                self.nodes.append(helper.make_node(self.s.pick(*_ONE), [name], [made]))
            name = made
        return name

    def graph(self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]) -> onnx.GraphProto:
        return helper.make_graph(self.nodes, self.s.name("body"), list(inputs), list(outputs), self.weights)


def info(s: Sketch, name: str, array: np.ndarray) -> onnx.ValueInfoProto:
    """What goes into or out of a body; no sizes where they may be free around it."""
    shape = [None] * array.ndim if s.free else array.shape
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape)


def branch(s: Sketch, x: Value, outer: Sequence[Value]) -> onnx.GraphProto:
    body = Body(s)
    last = body.chain(x.name, x, outer, s.pick(1, 2, 3))
    return body.graph([], [info(s, last, x.array)])


def condition(s: Sketch, x: Value) -> Value:
    how = s.rng.randrange(3)
    if how == 0:
        return s.const(np.full(s.pick((), (1,)), s.chance()), bool)
    if how == 1:
        size = s.op("Gather", s.op("Shape", x), s.const(x.rank - 1), axis=0)
        return s.op("Equal", size, s.const(s.pick(x.shape[-1], 1)))
    value = s.input((), np.bool_)
    return value


def either(s: Sketch) -> None:
    """An If, its condition known or not; branches read what is around them."""
    x = s.any(1, 4)
    outer = [v for v in s.pool if v.shape == x.shape][:3]
    cond = condition(s, x)
    made = s.ops("If", [cond], captured=[x, *outer], then_branch=branch(s, x, outer), else_branch=branch(s, x, outer))
    s.keep(made[0])


def loop(s: Sketch) -> None:
    x = s.any(1, 4)
    outer = [v for v in s.pool if v.shape == x.shape][:2]
    body = Body(s)
    i, c, v = (s.name(k) for k in ("i", "c", "v"))
    going = s.name("go")
    body.nodes.append(helper.make_node("Identity", [c], [going]))
    last = body.chain(v, x, outer, s.pick(1, 2))
    state, scan = s.name("state"), s.name("scan")
    body.nodes.append(helper.make_node("Tanh", [last], [state]))
    ins = [info(s, i, np.array(0)), info(s, c, np.array(True)), info(s, v, x.array)]
    outs = [info(s, going, np.array(True)), info(s, state, x.array)]
    hands_out = s.chance()
    if hands_out:
        body.nodes.append(helper.make_node("Neg", [last], [scan]))
        outs.append(info(s, scan, x.array))
    turns = s.const(s.pick(1, 2, 3)) if s.chance(0.9) else s.op("Add", s.input((), np.int64), s.const(1))
    go = s.const(True, bool) if s.chance(0.8) else None
    found = s.ops("Loop", [turns, go, x], len(outs) - 1, captured=outer, body=body.graph(ins, outs))
    s.keep(*found)


def scan(s: Sketch) -> None:
    x = s.any(2, 4)
    if x.shape[0] > 6:
        raise Refused("too long")
    row = Value("", x.array[0])
    body = Body(s)
    state, part, joined, out = (s.name(k) for k in ("state", "part", "joined", "out"))
    body.nodes.append(helper.make_node(s.pick("Add", "Mul"), [state, part], [joined]))
    last = body.chain(joined, row, [], s.pick(0, 1))
    body.nodes.append(helper.make_node("Tanh", [last], [out]))
    kept = s.name("kept")
    body.nodes.append(helper.make_node("Tanh", [joined], [kept]))
    graph = body.graph(
        [info(s, state, row.array), info(s, part, row.array)], [info(s, kept, row.array), info(s, out, row.array)]
    )
    attrs = {"scan_input_directions": [1]} if s.chance(0.3) else {}
    s.keep(*s.ops("Scan", [s.input(row.shape), x], 2, body=graph, num_scan_inputs=1, **attrs))


def choice(s: Sketch) -> None:
    """A Where, between values that are finite or are not known to be."""
    x = s.any(1, 4)
    cond = s.pick(
        lambda: s.op("Greater", x, s.number(0.0)),
        lambda: s.const(s.numpy.integers(0, 2, x.shape), bool),
        lambda: s.input([d if s.chance() else 1 for d in x.shape], np.bool_),
    )()

    def side() -> Value:
        made: Value = s.pick(
            lambda: s.op(s.pick("Sigmoid", "Tanh"), x),
            lambda: s.number(s.pick(0.0, 1.0, -10.0), x.rank),
            lambda: s.weight(x.shape[-1]),
            lambda: x,
            lambda: s.clip(x, -1.0, 1.0),
        )()
        return made

    s.keep(s.op("Where", cond, side(), side()))


def integers(s: Sketch) -> None:
    """int64 that was narrower before, computed with, compared, and used as indices."""
    x = s.any(1, 4)
    narrow = s.input((s.pick(2, 3),), s.pick(np.int32, np.bool_, np.uint8, np.int8))
    i = s.op("Cast", narrow, to=7)
    for _ in range(s.pick(1, 2)):
        how = s.rng.randrange(5)
        if how == 0:
            i = s.both("Add", i, s.const(s.pick(0, 1)))
        elif how == 1:
            i = s.both("Mul", i, s.const(s.pick(1, 3, 10**10)))
        elif how == 2:
            i = s.concat([i, s.const([0])], 0)
        elif how == 3:
            i = s.squeeze(s.unsqueeze(i, 0), 0)
        else:
            i = s.op("Where", s.op("Greater", i, s.const(1)), i, s.const([0]))
    how = s.rng.randrange(3)
    if how == 0:
        s.keep(s.op("Cast", s.op("Equal", i, s.const(1)), to={2: 10, 4: 1, 8: 11}[s.dtype.itemsize]))
    elif how == 1:
        within = s.clip(i, 0, x.shape[0] - 1) if s.opset >= 12 else s.op("Sub", i, i)
        s.keep(s.op("Gather", x, within, axis=0))
    else:
        s.keep(s.op("Mul", s.op("Cast", i, to={2: 10, 4: 1, 8: 11}[s.dtype.itemsize]), s.number(0.5)))


def integer_arithmetic(s: Sketch) -> None:
    """What rewrites of floats must leave alone."""
    i = s.input((2, 3), s.pick(np.int32, np.int64))
    c = s.const([1, 2, 4], i.array.dtype)
    for _ in range(s.pick(1, 2, 3)):
        i = (
            s.op(s.pick("Div", "Mul", "Add", "Sub", "Max", "Min"), i, c)
            if s.chance(0.8)
            else s.op(s.pick("Abs", "Neg"), i)
        )
    s.keep(s.op("Cast", i, to={2: 10, 4: 1, 8: 11}[s.dtype.itemsize]))


MOTIFS = (
    either,
    either,
    either,
    loop,
    loop,
    scan,
    choice,
    choice,
    choice,
    integers,
    integers,
    integers,
    integer_arithmetic,
)

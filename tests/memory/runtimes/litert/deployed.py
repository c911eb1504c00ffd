"""Small TFLite graphs on a LiteRT target, for the tests of what runs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from edgeplan.graph import Attr, DType, Graph, Op, Value
from edgeplan.memory.deployment import Deployment
from edgeplan.memory.runtimes.litert import PROFILE
from edgeplan.memory.term import Term
from edgeplan.place.runs import runs_of
from edgeplan.target import resolve

PORTS: Mapping[str, tuple[str, ...]] = {
    "CONV_2D": ("input", "filter", "bias"),
    "DEPTHWISE_CONV_2D": ("input", "filter", "bias"),
    "FULLY_CONNECTED": ("input", "filter", "bias"),
    "PAD": ("input", "padding"),
}


def value(name: str, *shape: int, dtype: DType = DType.FLOAT32, const: bool = False) -> Value:
    """A tensor."""
    return Value(name, dtype, shape, const)


def op(kind: str, inputs: Sequence[str], output: str, **attrs: Attr) -> Op:
    """An op of one output."""
    ports = PORTS.get(kind, ("input",) * len(inputs))[: len(inputs)]
    return Op(output, kind, tuple(inputs), ports, (output,), attrs)


def graph(
    ops: Iterable[Op], values: Iterable[Value], inputs: Sequence[str] = ("x",), outputs: Sequence[str] = ("y",)
) -> Graph:
    """A graph of them."""
    return Graph("g", "tflite", tuple(ops), {v.name: v for v in values}, tuple(inputs), tuple(outputs))


def deployed(
    of: Graph, units: str | Sequence[str] = "xnnpack", file_bytes: int | None = 1000, precision: str = "model"
) -> Deployment:
    """A graph on a phone, every op on the unit named, or each on its own."""
    target = replace(resolve("pixel8", "tflite", "LiteRT 2.3"), precision=precision)
    where = (units,) * len(of.ops) if isinstance(units, str) else tuple(units)
    return Deployment(of, target, where, runs_of(of, where), file_bytes)


def terms(given: Deployment) -> dict[str, Term]:
    """The profile's terms by name."""
    return {t.name: t for t in PROFILE.terms(given, PROFILE.pools(given))}

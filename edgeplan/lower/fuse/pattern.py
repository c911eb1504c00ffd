"""Walks a graph backwards from an op to see whether a known pattern ends there, and puts one op in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from edgeplan.graph import Attr, Graph, Op, Value

__all__ = ["Fused", "Matcher", "apply"]

_TOLERANCE = 2e-3
"""Relative: exporters write pattern constants in fp16 as well as in fp32 (0.7071, 0.70703125)."""


@dataclass(frozen=True, slots=True)
class Fused:
    """One op in place of several. `gone` are the indices of the ops it replaces, the last of them where it stands."""

    type: str
    inputs: tuple[str, ...]
    ports: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: dict[str, Attr]
    gone: tuple[int, ...]
    values: tuple[Value, ...] = ()


class Matcher:
    """Questions a fusion asks about a graph, the ops that were fused so far included."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ops = list(graph.ops)
        self.values = dict(graph.values)
        self._outputs = set(graph.outputs)

    def op(self, index: int) -> Op:
        """The op at an index."""
        return self.ops[index]

    def value(self, name: str) -> Value:
        """A value by name."""
        return self.values[name]

    def producer(self, name: str, *types: str) -> int | None:
        """The index of the op of one of these types that makes a value, None when another op or nothing does."""
        index = self.graph.producer.get(name)
        if index is None or self.ops[index].domain or self.ops[index].type not in types:
            return None
        return index

    def sole(self, name: str) -> int | None:
        """The only reader of a value that is no graph output, else None."""
        readers = self.graph.consumers.get(name, ())
        return readers[0] if len(readers) == 1 and name not in self._outputs else None

    def private(self, name: str, readers: int) -> bool:
        """True when a value has so many readers and is no graph output: replacing them leaves nobody who needs it."""
        return name not in self._outputs and len(self.graph.consumers.get(name, ())) == readers

    def scalar(self, name: str) -> float | None:
        """The value of a constant that has one element, or the same element throughout."""
        data = self.value(name).data
        if not data or isinstance(data[0], str) or any(d != data[0] for d in data):
            return None
        return float(data[0])

    def same_shape(self, a: str, b: str) -> bool:
        """True unless two values are known to differ in shape: a constant of a higher rank has widened the result."""
        one, other = self.value(a).shape, self.value(b).shape
        return one is None or other is None or one == other

    def per_channel(self, constant: str, data: str) -> bool:
        """A scalar, or one element for each of the channels that `data` has on axis 1."""
        shape, whole = self.value(constant).shape, self.value(data).shape
        if shape == ():
            return True
        if shape is None or whole is None or len(whole) < 2:
            return False
        aligned = (1,) * (len(whole) - len(shape)) + shape
        return len(aligned) == len(whole) and all(d == 1 or (i == 1 and d == whole[1]) for i, d in enumerate(aligned))

    def close(self, name: str, wanted: float) -> bool:
        """True when a value is a constant scalar about as large as wanted."""
        found = self.scalar(name)
        return found is not None and abs(found - wanted) <= _TOLERANCE * abs(wanted)

    def operands(self, index: int) -> tuple[tuple[str, str], ...]:
        """Both orders of a commutative op's two inputs; nothing for any other number of inputs."""
        inputs = self.op(index).inputs
        return ((inputs[0], inputs[1]), (inputs[1], inputs[0])) if len(inputs) == 2 else ()


def apply(graph: Graph, fusion: Callable[[Matcher, int], Fused | None], ends: frozenset[str]) -> Graph:
    """Apply one fusion wherever it matches at an op with a label of `ends`; it need not look at those again.

    A replaced op takes part in no second match, the op in its place may.
    """
    candidates = sorted(i for label in ends for i in graph.by_label.get(label, ()))
    if not candidates:
        return graph
    matcher = Matcher(graph)
    gone: set[int] = set()
    changed = False
    for index in candidates:
        found = None if index in gone else fusion(matcher, index)
        if found is None or gone.intersection(found.gone):
            continue
        changed = True
        gone.update(found.gone[:-1])
        matcher.values.update((v.name, v) for v in found.values)
        parts = [matcher.op(i) for i in sorted(found.gone)]
        last = matcher.op(found.gone[-1])
        matcher.ops[found.gone[-1]] = Op(
            last.name,
            found.type,
            found.inputs,
            found.ports,
            found.outputs,
            found.attrs,
            version=next((op.version for op in parts if op.type == found.type), last.version),
            sources=tuple(dict.fromkeys(s for op in parts for s in op.sources or (op.name,))),
        )
    if not changed:
        return graph
    return replace(graph, ops=tuple(op for i, op in enumerate(matcher.ops) if i not in gone), values=matcher.values)

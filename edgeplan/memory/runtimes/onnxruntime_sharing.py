"""Which activations lie in one buffer in ONNX Runtime: aliases, results in place, and buffers reused for equal shapes.

As `PlannerImpl` of onnxruntime/core/framework/allocation_planner.cc (microsoft/onnxruntime@005c192) plans one stream:
FindReusableInput, then FindReusableTensor among the buffers that are free, the one freed last first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from edgeplan.graph import Graph, Op, Shape, Value

__all__ = ["in_running_order", "reused"]

_ALIASES = frozenset({"Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Ops whose first output is their first input: `Alias(0, 0)` of their kernels."""
_IN_PLACE = frozenset(
    {
        "Abs", "Cast", "Ceil", "Celu", "Clip", "Elu", "Exp", "Floor", "HardSigmoid", "LeakyRelu", "Log", "LogSoftmax",
        "Neg", "Reciprocal", "Relu", "ScatterElements", "ScatterND", "Selu", "Sigmoid", "Softmax", "Softplus",
        "Softsign", "Sqrt", "Sum", "Tanh", "ThresholdedRelu",
    }
)  # fmt: skip
"""Ops that may write over their first input: `MayInplace(0, 0)`."""
_FUSED = frozenset({"Erf", "HardSwish"})
"""Ops that are as good as in place: fused with the convolution before them, or into Gelu with the ops around them."""
_EITHER = frozenset({"Add", "Div", "Mul", "Sub"})
"""Ops that may write over either input: `MayInplace(0, 0)` and `MayInplace(1, 0)`."""


def in_running_order(graph: Graph) -> Graph:
    """The graph with its ops as ONNX Runtime runs them, those left out whose results are known before.

    Backwards from the ops nothing reads, of an op's sources the last one first: `Graph::ReverseDFSFrom` as
    `GraphViewer` calls it (onnxruntime/core/graph/graph.cc).
    """
    left = [any(not graph.values[name].const for name in op.outputs) or bool(op.bodies) for op in graph.ops]
    sources = [
        sorted({at for name in graph.reads(op) if (at := graph.producer.get(name, -1)) >= 0 and left[at]})
        for op in graph.ops
    ]
    read = {at for i, found in enumerate(sources) if left[i] for at in found}
    stack = [(i, False) for i in range(len(graph.ops)) if left[i] and i not in read]
    seen: set[int] = set()
    order: list[Op] = []
    while stack:
        i, leave = stack.pop()
        if leave:
            order.append(graph.ops[i])
        elif i not in seen:
            seen.add(i)
            stack.append((i, True))
            stack += ((at, False) for at in sources[i] if at not in seen)
    return replace(graph, ops=tuple(order))


def reused(graph: Graph) -> dict[str, str]:
    """The values that take another one's buffer, by the value that first held it."""
    uses = _uses(graph)
    holder: dict[str, str] = {}
    free: dict[tuple[Shape, int], list[str]] = {}
    for op in graph.ops:
        for name in op.outputs:
            found = _input(graph, op, name, uses, holder) or _freed(graph, name, free)
            if found is not None:
                root = holder.get(found, found)
                holder[name] = root
                uses[root] += uses[name]
        for name in (*graph.reads(op), *op.outputs):
            root = holder.get(name, name)
            uses[root] -= 1
            if not uses[root] and root in graph.producer and not graph.values[root].const:
                key = _key(graph.values[root])
                if key is not None:
                    free.setdefault(key, []).append(root)
    return holder


def _uses(graph: Graph) -> Counter[str]:
    """How often a value is read, its making counted; one more for what the caller keeps and for constants."""
    uses = Counter(name for op in graph.ops for name in (*graph.reads(op), *op.outputs))
    uses.update((*graph.inputs, *graph.outputs))
    uses.update(name for name, value in graph.values.items() if value.const)
    return uses


def _input(graph: Graph, op: Op, name: str, uses: Counter[str], holder: dict[str, str]) -> str | None:
    """The input in whose buffer an output lies."""
    if op.domain or name != op.outputs[0] or name in graph.outputs:
        return None
    if op.type in _ALIASES and op.inputs:
        return op.inputs[0]
    for other in _candidates(op):
        same = _key(graph.values[other]) is not None and _key(graph.values[other]) == _key(graph.values[name])
        if same and uses[holder.get(other, other)] == 1:
            return other
    return None


def _candidates(op: Op) -> Iterator[str]:
    if op.type in _EITHER:
        yield from op.inputs[:2]
    elif op.type in _IN_PLACE or op.type in _FUSED:
        yield from op.inputs[:1]


def _freed(graph: Graph, name: str, free: dict[tuple[Shape, int], list[str]]) -> str | None:
    key = _key(graph.values[name])
    if key is None or not key[0] or name in graph.outputs or graph.values[name].const:
        return None
    stack = free.get(key)
    return stack.pop() if stack else None


def _key(value: Value) -> tuple[Shape, int] | None:
    """Shape and size of an element, which have to be equal; None where they are not known, and for strings."""
    if value.shape is None or None in value.shape or value.dtype is None or not value.dtype.bits:
        return None
    return value.shape, value.dtype.bits

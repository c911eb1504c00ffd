"""Attention that TensorRT runs as one kernel, so that its scores take no memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from edgeplan.graph import DType, Graph

__all__ = ["attentions"]

_BETWEEN = frozenset({"Add", "Cast", "Div", "Mul", "Sub", "Where"})
_LONGEST = 8
_HALF = (DType.FLOAT16, DType.BFLOAT16)


def attentions(
    graph: Graph, readers: Mapping[str, Sequence[int]], root: Callable[[str], str], half: bool
) -> dict[int, int]:
    """The ops of each `MatMul -> scale, mask -> Softmax -> MatMul`, by the index of its Softmax.

    In half precision alone: TensorRT-RTX 1.7.1 built Whisper's encoder at float32 with all scores stored, at float16
    with none (124.1 and 15.1 MB of activation memory). `half` says that float32 is computed as float16.
    """
    found: dict[int, int] = {}
    for index in graph.by_label.get("Softmax", ()):
        op = graph.ops[index]
        dtype = graph.values[op.outputs[0]].dtype
        if dtype in _HALF or (half and dtype is DType.FLOAT32):
            before = _back(graph, readers, root, index)
            after = _sole(graph, readers, root, op.outputs[0])
            while after is not None and graph.ops[after].label == "Cast":
                before.append(after)
                after = _sole(graph, readers, root, graph.ops[after].outputs[0])
            if before and after is not None and graph.ops[after].label == "MatMul":
                found.update(dict.fromkeys((*before, index, after), index))
    return found


def _back(graph: Graph, readers: Mapping[str, Sequence[int]], root: Callable[[str], str], index: int) -> list[int]:
    """From a Softmax back to the product that makes the scores, both left out; nothing when there is none."""
    shape = graph.values[graph.ops[index].inputs[0]].elements
    passed: list[int] = []
    at = index
    while len(passed) < _LONGEST:
        sources = [root(n) for n in graph.ops[at].inputs]
        whole = [n for n in sources if n in graph.producer and graph.values[n].elements == shape]
        made = next((graph.producer[n] for n in whole if _sole(graph, readers, root, n) == at), None)
        if made is None:
            return []
        passed.append(made)
        label = graph.ops[made].label
        if label == "MatMul":
            return passed
        if label not in _BETWEEN:
            return []
        at = made
    return []


def _sole(graph: Graph, readers: Mapping[str, Sequence[int]], root: Callable[[str], str], name: str) -> int | None:
    """The only op that reads a value, under whatever shape."""
    found = readers.get(root(name), ())
    return found[0] if len(found) == 1 and name not in graph.outputs else None

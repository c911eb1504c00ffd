"""XNNPACK's workspace: what lies between the ops of the parts that it runs.

Source: google/XNNPACK@75db3c0, src/memory-planner.c, xnn_plan_value_allocation_tracker, and src/runtime.c,
optimize_tensor_allocation_for_in_place_operations.
google-ai-edge/LiteRT@f67457790, tflite/delegates/xnnpack/xnnpack_delegate.cc: all parts share one workspace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from edgeplan.graph import Graph, Value
from edgeplan.memory.lifetimes import ArenaRules
from edgeplan.memory.pool import Pool, plan_pool
from edgeplan.memory.runtimes.litert.nodes import nodes
from edgeplan.memory.runtimes.litert.packed import Tiles, repacked
from edgeplan.memory.runtimes.litert.partitions import part, retimed, starts
from edgeplan.place.runs import Segment

__all__ = ["workspace"]


def workspace(graph: Graph, segments: Sequence[Segment], unit: str, tiles: Tiles, alignment: int) -> Pool | None:
    """The workspace of the parts on `unit`, as large as the largest needs it; None where none needs any.

    What goes in and comes out of a part lies in the interpreter's arena instead.
    """
    found = [
        _one(part(graph, s.ops), start, tiles, alignment)
        for s, start in zip(segments, starts(segments), strict=True)
        if s.unit == unit and s.ops
    ]
    if not any(pool.arena.size or pool.unsized for pool in found):
        return None
    largest = max(found, key=lambda pool: pool.arena.size).arena
    arena = replace(
        largest,
        buffers=tuple(b for pool in found for b in pool.arena.buffers),
        offsets=tuple(o for pool in found for o in pool.arena.offsets),
        bound=max(pool.arena.bound for pool in found),
    )
    return Pool(_NAME, arena, tuple(dict.fromkeys(n for pool in found for n in pool.unsized)))


_NAME = "XNNPACK workspace"


def _one(graph: Graph, start: int, tiles: Tiles, alignment: int) -> Pool:
    """The workspace of a part whose first op runs at step `start`."""
    made, sources = nodes(graph)
    elsewhere = frozenset((*graph.inputs, *graph.outputs))

    def size(value: Value) -> int | None:
        return 0 if value.name in elsewhere else value.bytes

    rules = ArenaRules(
        _in_place,
        alignment=alignment,
        scratch=lambda where, i: (repacked(where, where.ops[i], tiles),),
        size=size,
    )
    return retimed(plan_pool(made, rules, _NAME), [(start + i, start + i) for i in sources])


_ELEMENTWISE = (
    "ABS", "ADD", "CAST", "CEIL", "COS", "DEQUANTIZE", "DIV", "ELU", "EXP", "FLOOR", "GELU", "HARD_SWISH", "LEAKY_RELU",
    "LOG", "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "NEG", "PRELU", "QUANTIZE", "RELU", "RELU6", "RELU_0_TO_1",
    "RELU_N1_TO_1", "ROUND", "RSQRT", "SIN", "SQRT", "SQUARE", "SQUARED_DIFFERENCE", "SUB", "TANH",
)  # fmt: skip

_OVERWRITING = frozenset((*_ELEMENTWISE, "EXPAND_DIMS", "RESHAPE", "SOFTMAX", "SQUEEZE"))
"""Nodes that may write over an input: elementwise ones, copies and Softmax."""


def _in_place(graph: Graph) -> dict[str, str]:
    """Outputs with one reader, by the input of the same size and with no other reader in whose place they lie."""
    outside = frozenset((*graph.inputs, *graph.outputs))
    readers = Counter(name for op in graph.ops for name in op.inputs)
    found: dict[str, str] = {}
    for op in graph.ops:
        if op.label not in _OVERWRITING or op.outputs[0] in outside or readers[op.outputs[0]] != 1:
            continue
        size = graph.values[op.outputs[0]].bytes
        for name in op.inputs:
            inside = name in graph.producer and name not in outside and not graph.values[name].const
            if inside and readers[name] == 1 and graph.values[name].bytes == size:
                found[op.outputs[0]] = name
                break
    return found

"""The nodes that XNNPACK makes of the ops of a part, as far as its workspace tells them apart.

Source: google/XNNPACK@75db3c0, src/subgraph.c, xnn_subgraph_fusion (a padding before a convolution is its own) and
xnn_insert_clamp_node, src/subgraph/binary.c (an activation behind two operands is a node of its own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeplan.graph import Graph, Op

__all__ = ["nodes"]


def nodes(graph: Graph) -> tuple[Graph, tuple[int, ...]]:
    """The graph of the nodes, and for each of them the op it comes from, by index."""
    paddings = _paddings(graph)
    found: list[Op] = []
    sources: list[int] = []
    values = dict(graph.values)
    for i, op in enumerate(graph.ops):
        if any(name in paddings for name in op.outputs):
            continue
        if not paddings.keys().isdisjoint(op.inputs):
            op = replace(op, inputs=tuple(paddings.get(name, name) for name in op.inputs))
        if op.label in _BINARY and op.attrs.get("fused_activation_function", "NONE") != "NONE":
            plain = f"{op.outputs[0]}/before activation"
            values[plain] = replace(values[op.outputs[0]], name=plain)
            found.append(replace(op, outputs=(plain,)))
            sources.append(i)
            op = Op(op.name, "RELU", (plain,), ("input",), op.outputs)
        found.append(op)
        sources.append(i)
    return replace(graph, ops=tuple(found), values=values), tuple(sources)


_BINARY = ("ADD", "DIV", "MUL", "SUB")


def _paddings(graph: Graph) -> Mapping[str, str]:
    """What a Pad of height and width alone makes for one convolution that pads nothing itself, by what it pads."""
    found: dict[str, str] = {}
    for op in graph.ops:
        if op.label == "PAD" and op.outputs[0] not in graph.outputs and _spatial(graph, op):
            readers = graph.consumers.get(op.outputs[0], ())
            if len(readers) == 1 and _unpadded(graph.ops[readers[0]]):
                found[op.outputs[0]] = op.inputs[0]
    return found


def _spatial(graph: Graph, op: Op) -> bool:
    amounts = graph.values[op.inputs[1]].data if len(op.inputs) == 2 else None
    return amounts is not None and len(amounts) == 8 and not any((*amounts[:2], *amounts[6:]))


def _unpadded(op: Op) -> bool:
    return op.label in ("CONV_2D", "DEPTHWISE_CONV_2D") and op.attrs.get("padding") == "VALID"

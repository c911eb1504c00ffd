"""Nodes on which onnx's own shape inference (1.23) crashes, never returns or takes gigabytes.

Found by fuzzing every operator of every opset; what no runtime takes either is refused in `schema` instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from onnx import GraphProto, NodeProto, TypeProto

from edgeplan.frontends.onnx.read import subgraphs

__all__ = ["has_hazard", "is_hazard"]

_EQUATION = re.compile(rb"T(,T)*(->T)?".replace(b"T", rb"[A-Za-z]*([.]{3}[A-Za-z]*)?"))
_SUSPECTS = frozenset({"EyeLike", "RegexFullMatch", "Einsum", "Expand"})
"""The ops that `is_hazard` looks at."""

_LONGEST = 64
"""Elements of a shape that a tensor may have."""


def has_hazard(graph: GraphProto, opset: int) -> bool:
    """Whether a node of the graph or of a body in it may be one: nothing is known of its inputs yet."""
    for node in graph.node:
        if node.op_type in _SUSPECTS and is_hazard(node, opset, {}):
            return True
        if node.attribute and any(has_hazard(inner, opset) for _, inner in subgraphs(node)):
            return True
    return False


def is_hazard(node: NodeProto, opset: int, types: Mapping[str, TypeProto]) -> bool:
    """Whether a node of the default domain is one, given the types of its inputs as far as they are known.

    EyeLike and RegexFullMatch: on an input that has no type or is no tensor. Einsum: on signs that no equation has.
    Expand before opset 13: on a shape of many elements, for each of which it makes an axis.
    """
    if node.op_type in ("EyeLike", "RegexFullMatch"):
        return not all(n in types and types[n].HasField("tensor_type") for n in node.input)
    if node.op_type == "Einsum":
        equation = next((a.s for a in node.attribute if a.name == "equation"), b"")
        return not _EQUATION.fullmatch(equation.replace(b" ", b""))
    if node.op_type == "Expand" and opset < 13:
        return not _is_short(types.get(node.input[1]))
    return False


def _is_short(kind: TypeProto | None) -> bool:
    if kind is None or not kind.tensor_type.HasField("shape"):
        return False
    dims = kind.tensor_type.shape.dim
    return len(dims) == 1 and dims[0].HasField("dim_value") and dims[0].dim_value <= _LONGEST

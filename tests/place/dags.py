"""Random graphs: ops in an order in which they can run."""

from __future__ import annotations

from hypothesis import strategies as st

from edgeplan.graph import DType, Graph, Op, Value

__all__ = ["dags"]


@st.composite
def dags(draw: st.DrawFn) -> Graph:
    """Up to 14 ops, each reading up to three values made before it; nobody has a row for Foo."""
    kinds = draw(st.lists(st.sampled_from(["Relu", "Abs", "Neg", "Foo", "Selu"]), min_size=1, max_size=14))
    values = {"x": Value("x", DType.FLOAT32, (4,))}
    ops = []
    for i, kind in enumerate(kinds):
        reads = tuple(draw(st.lists(st.sampled_from(sorted(values)), min_size=1, max_size=3, unique=True)))
        values[f"v{i}"] = Value(f"v{i}", DType.FLOAT32, (4,))
        ops.append(Op(f"op{i}", kind, reads, ("X",) * len(reads), (f"v{i}",)))
    return Graph("g", "onnx", tuple(ops), values, ("x",), (f"v{len(ops) - 1}",))

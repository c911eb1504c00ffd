"""Integers of 64 bits are held in 32 inside a QNN graph and keep their type at its edge."""

from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph
from edgeplan.lower.fold import fold
from edgeplan.lower.fuse import fuse


def lowered(text: str) -> Graph:
    return fuse(fold(parse_text(text)), ("narrow",))


def test_inside_it_is_int32() -> None:
    nodes = "i = ArgMax <axis = 1, keepdims = 0> (x) j = Add (i, k) y = Cast <to = 1> (j)"
    graph = lowered(f"g (float[4, 8] x, int64[4] k) => (float[4] y) {{ {nodes} }}")
    assert [graph.values[n].dtype for n in ("i", "j", "k")] == [DType.INT32, DType.INT32, DType.INT64]
    assert [op.type for op in graph.ops] == ["ArgMax", "Add", "Cast"]
    assert graph.ops[0].attrs["axis"] == 1


def test_an_output_keeps_its_type() -> None:
    graph = lowered("g (float[4, 8] x) => (int64[4] i) { i = ArgMax <axis = 1, keepdims = 0> (x) }")
    assert graph.values["i"].dtype is DType.INT64


def test_other_types_are_left_alone() -> None:
    graph = lowered("g (float[4] x) => (float[4] y) { t = Relu (x) y = Abs (t) }")
    assert graph.values["t"].dtype is DType.FLOAT32

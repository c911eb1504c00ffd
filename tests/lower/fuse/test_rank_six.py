"""A transpose of six axes between reshapes is done with five where one axis has one element and stays."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower.fold import fold
from edgeplan.lower.fuse import fuse


def lowered(shape: str, perm: str, more: str = "") -> Graph:
    outs = "float[] y, float[] z" if more else "float[] y"
    text = f"""g (float[1, 8, 8, 4] x) => ({outs}) <int64[6] s = {{{shape}}}, int64[4] u = {{4, 4, 4, 4}}>
        {{ a = Reshape (x, s) b = Transpose <perm = [{perm}]> (a) y = Reshape (b, u) {more} }}"""
    return fuse(fold(parse_text(text)), ("rank-six",))


@pytest.mark.parametrize(
    ("shape", "perm", "axes"),
    [
        ("1, 2, 4, 2, 4, 4", "0, 1, 3, 2, 4, 5", (0, 2, 1, 3, 4)),
        ("2, 4, 2, 4, 4, 1", "1, 0, 2, 3, 4, 5", (1, 0, 2, 3, 4)),
        ("2, 4, 1, 2, 4, 4", "0, 1, 2, 3, 5, 4", (0, 1, 2, 4, 3)),
    ],
)
def test_five_axes_do(shape: str, perm: str, axes: tuple[int, ...]) -> None:
    (op,) = lowered(shape, perm).ops
    assert op.type == "Transpose"
    assert op.attrs["perm"] == axes
    assert (op.inputs, op.outputs, len(op.sources)) == (("x",), ("y",), 3)


@pytest.mark.parametrize(
    ("shape", "perm", "more"),
    [
        ("2, 2, 4, 2, 4, 2", "0, 1, 3, 2, 4, 5", ""),
        ("1, 2, 4, 2, 4, 4", "1, 0, 3, 2, 4, 5", ""),
        ("1, 2, 4, 2, 4, 4", "0, 1, 3, 2, 4, 5", "z = Relu (b)"),
    ],
)
def test_else_it_stays(shape: str, perm: str, more: str) -> None:
    assert [op.type for op in lowered(shape, perm, more).ops][:2] == ["Reshape", "Transpose"]


SIX = "a = Reshape (x, s) b = Transpose <perm = [0, 1, 3, 2, 4, 5]> (a) c = Reshape (b, u)"


@pytest.mark.parametrize(
    ("nodes", "joined"),
    [
        (f"{SIX} d = Reshape (c, s) y = Relu (d)", True),
        (f"{SIX} d = Reshape (c, u) e = Reshape (d, s) y = Relu (e)", True),
        (f"{SIX} d = Reshape (c, s) e = Reshape (d, u) y = Relu (e)", False),
        (f"{SIX} r = Relu (c) d = Reshape (r, s) y = Relu (d)", False),
        (f"{SIX} d = Reshape (c, s) y = Relu (d) z = Relu (c)", False),
        (f"{SIX} y = Relu (c)", False),
    ],
)
def test_reshapes_that_end_in_six_axes_are_marked(nodes: str, joined: bool) -> None:
    outs = "float[] y, float[] z" if " z = " in nodes else "float[] y"
    text = f"""g (float[1, 8, 8, 4] x) => ({outs}) <int64[6] s = {{1, 2, 4, 2, 4, 4}}, int64[4] u = {{4, 4, 4, 4}}>
        {{ {nodes} }}"""
    graph = fuse(fold(parse_text(text)), ("rank-six",))
    (op,) = (op for op in graph.ops if op.type == "Transpose")
    assert len(op.attrs["perm"]) == 5  # type: ignore[arg-type]
    assert bool(op.attrs.get("into_six_axes")) is joined


def test_a_reshape_joined_to_the_group_before_begins_none() -> None:
    text = f"""g (float[1, 8, 8, 4] x) => (y) <int64[6] s = {{1, 2, 4, 2, 4, 4}}, int64[4] u = {{4, 4, 4, 4}}>
        {{ {SIX} d = Reshape (c, s) e = Transpose <perm = [0, 1, 3, 2, 4, 5]> (d) y = Reshape (e, u) }}"""
    graph = fuse(fold(parse_text(text)), ("rank-six",))
    assert [len(op.attrs["perm"]) for op in graph.ops if op.type == "Transpose"] == [5, 6]  # type: ignore[arg-type]

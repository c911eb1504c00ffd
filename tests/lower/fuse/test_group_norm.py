"""Group norms taken apart before opset 18 are put together again, and nothing else is."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Graph
from edgeplan.lower.fold import fold
from edgeplan.lower.fuse import fuse

MODEL = """
g (float[1,8,4,4] x) => (float[1,8,4,4] y)
<int64[3] narrow = {1,2,-1}, int64[4] back = {1,8,4,4}, float[2] ones = {ONE,1}, float[2] zeros = {0,0},
 float[SCALE] gamma = {1,2,3,4,5,6,7,8}, float[8,1,1] beta = {0,0,0,0,0,0,0,1}>
{
  r = Reshape (x, narrow)
  n = InstanceNormalization <epsilon = 0.001> (r, ones, zeros)
  b = Reshape (n, back)
  s = Mul (b, gamma)
  y = Add (s, beta)
}
"""


def fused(text: str) -> Graph:
    return fuse(fold(parse_text(text)), ["group-norm"])


def model(one: str = "1", scale: str = "8,1,1") -> str:
    return MODEL.replace("ONE", one).replace("SCALE", scale)


def test_becomes_one_op_with_the_groups_and_epsilon() -> None:
    graph = fused(model())
    (op,) = graph.ops
    assert op.type == "GroupNormalization"
    assert op.attrs["num_groups"] == 2
    assert op.attrs["epsilon"] == pytest.approx(0.001)
    assert op.outputs == ("y",)
    assert op.sources == ("r", "n", "b", "s", "y")
    assert [graph.values[n].shape for n in op.inputs] == [(1, 8, 4, 4), (8,), (8,)]


def test_an_instance_norm_with_a_scale_of_its_own_stays() -> None:
    assert "GroupNormalization" not in {op.type for op in fused(model(one="2")).ops}


def test_a_scale_along_another_axis_stays() -> None:
    text = model(scale="2,1,4")
    assert "GroupNormalization" not in {op.type for op in fused(text).ops}


def test_a_value_in_between_that_is_an_output_stays() -> None:
    text = model().replace("=> (float[1,8,4,4] y)", "=> (float[1,8,4,4] y, float[1,8,4,4] b)")
    assert "GroupNormalization" not in {op.type for op in fused(text).ops}

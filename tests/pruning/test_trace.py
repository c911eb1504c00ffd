from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.pruning.layout import Block, Layout
from edgeplan.pruning.trace import Trace
from tests.pruning.units import find


def test_a_weight_has_an_atom_for_every_index_of_its_longer_axes() -> None:
    trace = Trace(
        parse_text(
            "g (float[1,3] x) => (float[1,4] y) <float[3,4] w = {1,2,3,4,5,6,7,8,9,10,11,12}> { y = MatMul (x, w) }"
        )
    )
    layout = trace.layout("w")
    assert [(b.axes, b.labels.shape) for b in layout.blocks] == [((0,), (3,)), ((1,), (4,))]
    assert trace.layout("w") is layout
    assert trace.layout("x").blocks == ()


def test_rows_of_two_axes_go_together() -> None:
    trace = Trace(parse_text("g (float[2] x) => (float[2] y) { y = Relu (x) }"))
    block = Block((1, 2), trace.atoms.fresh(2, 3))
    left = trace.without(Layout((block,)), [1], "gone")
    assert [b.axes for b in left.blocks] == [(2,)]
    roots = trace.atoms.find(block.labels)
    assert (roots == roots[:1]).all()
    assert len(set(roots[0].tolist())) == 3


@pytest.mark.parametrize("kind", ["Add", "Mul"])
def test_operands_of_other_structure_meet_along_the_axis_they_share(kind: str) -> None:
    """Channels and positions as one axis, times a weight of all of them: whole channels go."""
    found = find(
        "(float[1,3,2,2] x) => (float[1,2] y)",
        f"""s = Constant <value = int64[2] {{1, 12}}> () a = Conv (x, w) f = Reshape (a, s) m = {kind} (f, v)
        y = MatMul (m, z)""", w=(3, 3, 1, 1), v=(12,), z=(12, 2),
    )  # fmt: skip
    assert found.weights("a") == {"w.0": 1, "v.0": 4, "z.0": 4}


def test_a_weight_of_heads_and_a_weight_of_channels_meet_in_whole_heads() -> None:
    found = find(
        "(float[2,5,3] x) => (float[2,5,2] y)",
        """s = Constant <value = int64[4] {2, 5, 3, 4}> () t = Constant <value = int64[3] {2, 5, 12}> ()
        a = MatMul (x, w) h = Reshape (a, s) m = Mul (h, v) n = Add (m, u) r = Reshape (n, t) y = MatMul (r, z)""",
        w=(3, 12), v=(3, 1), u=(4,), z=(12, 2),
    )  # fmt: skip
    assert found.axis("a", 2) == "aaaabbbbcccc"
    assert found.axis("a", 2) == found.axis("r", 2)

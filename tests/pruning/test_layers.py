from __future__ import annotations

from edgeplan.frontends.onnx import parse_text
from edgeplan.pruning.layers import LayerWidths, layer_widths
from edgeplan.pruning.reform import Kept
from edgeplan.pruning.structure import structure_of

RESIDUAL = """g (float[1,3,8,8] x) => (float[1,2,8,8] y)
    <int64[4] a = {8,3,3,3}, int64[4] b = {6,8,1,1}, int64[4] c = {8,6,1,1}, int64[4] d = {2,8,1,1},
    int64[4] e = {8,1,1,1}> {
    wa = ConstantOfShape (a) wb = ConstantOfShape (b) wc = ConstantOfShape (c) wd = ConstantOfShape (d)
    we = ConstantOfShape (e)
    [stem] s = Conv (x, wa) [deep] t = Conv <group = 8> (s, we) [down] u = Conv (t, wb) [up] v = Conv (u, wc)
    r = Add (t, v) [head] y = Conv (r, wd)
}"""
HEADS = """g (float[1,6,8] x) => (float[1,6,2] y)
    <int64[2] a = {8,12}, int64[4] s = {1,6,3,4}, int64[3] f = {1,6,12}, int64[2] b = {12,2}> {
    wa = ConstantOfShape (a) wb = ConstantOfShape (b)
    [q] q = MatMul (x, wa) t = Reshape (q, s) u = Transpose <perm = [0,2,1,3]> (t)
    m = Transpose <perm = [0,2,3,1]> (t) k = MatMul (u, m) p = Softmax (k) o = MatMul (p, u)
    z = Transpose <perm = [0,2,1,3]> (o) l = Reshape (z, f) [out] y = MatMul (l, wb)
}"""
RESIZED = """g (float[1,2,4,4] x) => (float[1,2,8,8] y) <int64[4] a = {8,2,1,1}, int64[4] b = {2,8,1,1},
    float[0] roi = {}, float[4] scales = {1,1,2,2}> {
    wa = ConstantOfShape (a) wb = ConstantOfShape (b)
    [one] s = Conv (x, wa) r = Resize (s, roi, scales) [two] y = Conv (r, wb)
}"""


def halved(text: str) -> tuple[LayerWidths, ...]:
    """The widths when every group loses half of its units."""
    structure = structure_of(parse_text(text))
    units = {i: g.units[: len(g.units) // 2] for i, g in enumerate(structure.groups)}
    return layer_widths(Kept(structure, structure.without(units)))


def test_layers_that_meet_are_one_row() -> None:
    assert halved(RESIDUAL) == (
        LayerWidths(("stem", "deep", "up"), 8, 4),
        LayerWidths(("down",), 6, 3),
        LayerWidths(("head",), 2, 2),
    )


def test_heads_are_counted() -> None:
    assert halved(HEADS) == (LayerWidths(("q",), 12, 4, (3, 1)), LayerWidths(("out",), 2, 2))


def test_channels_pass_a_resize_that_is_told_no_region() -> None:
    assert halved(RESIZED) == (LayerWidths(("one",), 8, 4), LayerWidths(("two",), 2, 2))

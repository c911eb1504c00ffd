from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower.fuse import fuse

NORM = """g (float[1,4,4] x, float[4] v) => (float[1,4,4] y)
<float two = {2}, float e = {1e-6}, int64[1] last = {-1}, float[4] w = {1,1,1,1}> {
    p = Pow (x, two) m = ReduceMean (p, last) a = Add (m, e) s = Sqrt (a) r = Reciprocal (s)
    n = Mul (x, r) y = Mul (w, n)
}"""


def marked(text: str) -> bool:
    graph = fuse(parse_text(text), ["rms-scale"])
    return any(op.attrs.get("scales_norm") for op in graph.ops)


def test_a_constant_scale_before_the_norm_is_marked() -> None:
    graph = fuse(parse_text(NORM), ["rms-scale"])
    assert [op.type for op in graph.ops] == ["Pow", "ReduceMean", "Add", "Sqrt", "Reciprocal", "Mul", "Mul"]
    assert [op.attrs.get("scales_norm") for op in graph.ops] == [None] * 6 + [1]
    assert graph.ops[-1].inputs == ("w", "n")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Mul (w, n)", "Mul (n, w)"),
        ("Mul (w, n)", "Mul (v, n)"),
        ("Mul (x, r)", "Mul (r, x)"),
        ("Add (m, e)", "Add (e, m)"),
        ("Pow (x, two)", "Mul (x, x)"),
        ("last = {-1}", "last = {1}"),
        ("two = {2}", "two = {3}"),
    ],
)
def test_other_spellings_are_left(old: str, new: str) -> None:
    assert old in NORM
    assert not marked(NORM.replace(old, new))

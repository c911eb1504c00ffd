from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.pruning.reform import Kept, reforms
from edgeplan.pruning.structure import structure_of
from tests.pruning.networks import chain, text
from tests.pruning.units import find


def test_only_what_says_a_size_is_told_a_new_one() -> None:
    found = chain()
    assert list(reforms(Kept(found, found.all_kept))) == []
    made = list(reforms(Kept(found, found.without({0: found.groups[0].units[:1]}))))
    assert [(m.op, m.attrs, m.inputs) for m in made] == [  # what makes the weights out of nothing
        (0, {}, {"input": (1, 3, 3, 3)}),
        (1, {}, {"input": (1,)}),
        (2, {}, {"input": (64, 1, 3, 3)}),
    ]


def test_masks_and_sizes_along_axes() -> None:
    found = chain()
    kept = Kept(found, found.without({0: found.groups[0].units[:5]}))
    assert (kept.size("c1", 1), kept.size("c1", 2), kept.size("c2", 1)) == (5, 16, 64)
    mask = kept.mask("w2", 1)
    assert mask is not None
    assert mask.tolist() == [True] * 5 + [False] * 27
    assert kept.mask("x", 1) is None
    assert kept.changes("r1")
    assert not kept.changes("r2")


@pytest.mark.parametrize(
    ("shape", "told"), [("1, 6, 16", "1, 2, 16"), ("0, 0, -1", None), ("-1, 6, 16", "-1, 2, 16"), ("1, -1, 16", None)]
)
def test_what_a_reshape_is_told(shape: str, told: str | None) -> None:
    found = find(
        "(float[1,3,4,4] x) => (float[1,2,16] y)",
        f"s = Constant <value = int64[3] {{{shape}}}> () a = Conv (x, w) r = Reshape (a, s) y = Conv (r, z)",
        w=(6, 3, 1, 1), z=(2, 6, 1),
    )  # fmt: skip
    made = [m.inputs["shape"] for m in reforms(found.keeping(a=[1, 2])) if "shape" in m.inputs]
    assert [", ".join(map(str, m)) for m in made] == ([told] if told else [])


def test_attributes_of_old_opsets() -> None:
    body = text(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y)",
        """a = Conv (x, w) b, c = Split <axis = 1, split = [2, 4]> (a)
        d = Slice <axes = [1], starts = [1], ends = [9]> (c) p = Conv (b, u) q = Conv (d, v) y = Add (p, q)""",
        w=(6, 3, 1, 1), u=(2, 2, 1, 1), v=(2, 3, 1, 1),
    )  # fmt: skip
    found = structure_of(parse_text(f'<ir_version: 8, opset_import: ["" : 9]> {body}'))
    labels = found.axes["a"][1]
    choice = found.all_kept
    choice[labels[[0, 4]]] = False
    made = {found.graph.ops[m.op].type: dict(m.attrs) for m in reforms(Kept(found, choice)) if m.attrs}
    assert made == {"Split": {"split": (1, 3)}, "Slice": {"starts": (1,), "ends": (3,)}}


def test_broadcasts_of_before_opset_7_are_a_refusal() -> None:
    body = text(
        "(float[1,3,4,4] x) => (float[1,2,4,4] y)",
        "a = Conv (x, w) b = Add <broadcast = 1, axis = 1> (a, v) y = Conv (b, z)",
        w=(6, 3, 1, 1), v=(6,), z=(2, 6, 1, 1),
    )  # fmt: skip
    found = structure_of(parse_text(f'<ir_version: 8, opset_import: ["" : 6]> {body}'))
    assert found.groups == ()

from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = "g (float[%s] x, float[%s] w, float[8] b) => (float[?,8,?,?] y) { y = Conv<%s>(x, w, b) }"


@pytest.mark.parametrize(
    ("x", "w", "attrs", "made"),
    [
        ("N,3,32,32", "8,3,16,16", "strides=[16,16]", [8, 768, 1, 1]),
        ("1,3,32,24", "8,3,7,7", "strides=[2,2], pads=[3,3,3,3]", [8, 12, 4, 4]),
        ("1,3,32,24", "8,3,3,3", "strides=[2,2], pads=[1,1,1,1]", [8, 12, 2, 2]),
        ("2,1,12,12", "8,1,4,4", 'strides=[4,4], auto_pad="SAME_UPPER"', [8, 16, 1, 1]),
    ],
)
def test_blocks_become_positions(x: str, w: str, attrs: str, made: list[int]) -> None:
    found = fires("stem-to-space-to-depth", model(TEXT % (x, w, attrs), ["w", "b"]))
    assert types(found) == ["SpaceToDepth", "Conv"]
    assert made in [list(t.dims) for t in found.graph.initializer]


@pytest.mark.parametrize(
    ("x", "attrs", "first"),
    [("1,3,31,25", "strides=[2,2], pads=[3,3,3,3]", "Pad"), ("1,3,30,30", "strides=[7,7]", "Slice")],
)
def test_sizes_that_are_no_multiples_are_padded_or_cut(x: str, attrs: str, first: str) -> None:
    source = model(TEXT % (x, "8,3,7,7", attrs), ["w", "b"])
    assert types(fires("stem-to-space-to-depth", source)) == [first, "SpaceToDepth", "Conv"]


@pytest.mark.parametrize(
    ("x", "w", "attrs", "why"),
    [
        ("1,3,H,32", "8,3,7,7", "strides=[2,2]", "not known"),
        ("1,3,32,32", "8,3,7,7", "strides=[2,1]", "strides differ"),
        ("1,3,32,32", "8,3,5,5", "strides=[4,4], pads=[2,2,2,2]", "would grow"),
        ("1,16,32,32", "8,16,2,2", "strides=[2,2]", ""),
        ("1,4,32,32", "8,1,3,3", "strides=[2,2], group=4", ""),
    ],
)
def test_refusals_say_why(x: str, w: str, attrs: str, why: str) -> None:
    reason = refuses("stem-to-space-to-depth", model(TEXT % (x, w, attrs), ["w", "b"]))
    assert why in reason
    assert bool(why) == bool(reason)


def test_the_stem_of_a_face_detector() -> None:
    draft = Draft.open(SAMPLES / "blazeface_front_128.onnx")
    found = sweep(draft, [rewrite("stem-to-space-to-depth")], Ledger())
    assert len(found.sites) == 1

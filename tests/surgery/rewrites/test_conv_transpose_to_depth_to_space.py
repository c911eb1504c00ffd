from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"

NAME = "conv-transpose-to-depth-to-space"
TEXT = "g (float[%s] x, float[%s] w, float[8] b) => (float[?,8,%s] y) { y = ConvTranspose<%s>(x, w, b) }"


def transposed(x: str, w: str, attrs: str) -> str:
    return TEXT % (x, w, ",".join("?" * (x.count(",") - 1)), attrs)


@pytest.mark.parametrize(
    ("x", "w", "attrs", "ops"),
    [
        ("N,4,H,W", "4,8,2,2", "strides=[2,2]", ["Conv", "DepthToSpace"]),
        ("N,4,H,W", "4,8,4,4", "strides=[2,2], pads=[1,1,1,1]", ["Conv", "DepthToSpace", "Slice"]),
        ("1,4,5,6", "4,8,3,3", "strides=[2,2], pads=[1,1,1,1], output_padding=[1,1]", ["Conv", "DepthToSpace"]),
        ("1,4,5,6", "4,8,5,3", "strides=[3,3], pads=[1,0,2,1]", ["Conv", "DepthToSpace", "Slice"]),
        ("2,8,5,6", "8,1,4,4", "strides=[2,2], pads=[1,1,1,1], group=8", ["Conv", "DepthToSpace", "Slice"]),
        ("2,8,5,6", "8,4,2,2", "strides=[2,2], group=2", ["Conv", "DepthToSpace"]),
        ("N,4,H,W", "4,8,3,3", "pads=[1,1,1,1]", ["Conv"]),
        ("N,4,L", "4,8,16", "strides=[8], pads=[4,4]", ["Conv", "Reshape", "Transpose", "Reshape", "Slice"]),
        ("N,4,5,6", "4,8,1,2", "strides=[1,2]", ["Conv", "Reshape", "Transpose", "Reshape"]),
    ],
)
def test_remainders_become_channels(x: str, w: str, attrs: str, ops: list[str]) -> None:
    made = fires(NAME, model(transposed(x, w, attrs), ["w", "b"]))
    assert types(made) == ops


def test_kernel_and_stride_of_one_size_make_it_pointwise() -> None:
    made = fires(NAME, model(transposed("1,4,5,6", "4,8,2,2", "strides=[2,2]"), ["w", "b"]))
    assert [32, 4, 1, 1] in [list(t.dims) for t in made.graph.initializer]


@pytest.mark.parametrize(
    ("x", "attrs", "why"),
    [
        ("1,4,5,6", "strides=[2,2], dilations=[2,2]", "dilated"),
        ("1,4,5,6", "strides=[2,2], output_shape=[10,12]", "towards a size"),
        ("1,4,H,W", "strides=[1,2]", "strides differ"),
    ],
)
def test_refusals_say_why(x: str, attrs: str, why: str) -> None:
    assert why in refuses(NAME, model(transposed(x, "4,8,2,2", attrs), ["w", "b"]))


def test_weights_made_at_run_time_stay() -> None:
    assert "not constant" in refuses(NAME, model(transposed("1,4,5,6", "4,8,2,2", "strides=[2,2]"), ["b"]))


def test_the_last_layers_of_a_text_detector() -> None:
    draft = Draft.open(SAMPLES / "ppocr_v4_det.onnx")
    found = sweep(draft, [rewrite("conv-transpose-to-depth-to-space")], Ledger())
    assert len(found.sites) == 2

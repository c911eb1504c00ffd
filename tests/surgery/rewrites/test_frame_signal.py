from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = "g (%s[%s] x, %s[%s] w) => (%s[%s] y) { y = Conv<%s>(x, w) }"


def text(x: str, w: str, attrs: str, y: str, dtype: str = "float") -> str:
    return TEXT % (dtype, x, dtype, w, dtype, y, attrs)


@pytest.mark.parametrize(
    ("x", "w", "attrs", "y", "made", "ops"),
    [
        ("1,1,640", "6,1,256", "strides=[128]", "1,6,4", [6, 128, 2], ["Reshape", "Transpose", "Conv"]),
        ("N,1,700", "6,1,256", "strides=[128]", "N,6,?", [6, 128, 2], ["Slice", "Reshape", "Transpose", "Conv"]),
        ("2,1,20", "6,1,10", "strides=[4]", "2,6,3", [6, 4, 3], ["Reshape", "Transpose", "Conv"]),
        ("2,1,19", "6,1,11", "strides=[8]", "2,6,2", [6, 8, 2], ["Pad", "Reshape", "Transpose", "Conv"]),
        ("2,3,32", "6,3,16", "strides=[8]", "2,6,3", [6, 24, 2], ["Reshape", "Transpose", "Reshape", "Conv"]),
        ("1,1,1,64", "6,1,1,16", "strides=[1,16]", "1,6,1,4", [6, 16, 1, 1],
         ["Reshape", "Transpose", "Reshape", "Conv"]),
    ],
)  # fmt: skip
def test_frames_become_positions(x: str, w: str, attrs: str, y: str, made: list[int], ops: list[str]) -> None:
    found = fires("frame-signal", model(text(x, w, attrs, y), ["w"]))
    assert types(found) == ops
    assert made in [list(t.dims) for t in found.graph.initializer]


def test_half_precision() -> None:
    fires("frame-signal", model(text("1,1,64", "6,1,16", "strides=[16]", "1,6,4", "float16"), ["w"]))


@pytest.mark.parametrize(
    ("x", "w", "attrs", "why"),
    [
        ("1,1,L", "6,1,16", "strides=[8]", "length of the signal"),
        ("1,1,64", "6,1,16", "strides=[8], pads=[8,8]", "pads the signal"),
        ("1,2,64", "6,1,16", "strides=[8], group=2", "grouped or dilated"),
        ("1,1,64", "6,1,16", "strides=[8], dilations=[2]", "grouped or dilated"),
        ("1,1,2,64", "6,1,1,16", "strides=[1,8]", "more than one pixel high"),
        ("1,1,64", "6,1,10", "strides=[24]", "would grow to 1 frames of 24"),
        ("1,1,64", "6,1,8", "strides=[8]", ""),
        ("1,1,64", "6,1,16", "strides=[1]", ""),
        ("1,16,64", "6,16,16", "strides=[8]", ""),
    ],
)
def test_refusals_say_why(x: str, w: str, attrs: str, why: str) -> None:
    y = ",".join("?" * x.count(",")) + ",?"
    reason = refuses("frame-signal", model(text(x, w, attrs, y), ["w"]))
    assert why in reason
    assert bool(why) == bool(reason)


def test_the_filter_banks_of_a_transcriber() -> None:
    draft = Draft.open(SAMPLES / "basic_pitch.onnx")
    found = sweep(draft, [rewrite("frame-signal")], Ledger())
    assert len(found.sites) + len(found.misses) > 0

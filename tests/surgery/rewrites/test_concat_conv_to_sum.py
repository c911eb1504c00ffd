from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"

TEXT = """g (float[N,3,H,9] x, float[N,5,H,9] u, float[6,8,%s] w, float[6] b) => (float[N,6,?,?] y) {
    t = Concat<axis=%d>(x, u)
    y = Conv<%s>(t, w, b)
}"""


@pytest.mark.parametrize(
    ("kernel", "axis", "attrs"), [("1,1", 1, "group=1"), ("1,1", -3, "strides=[2,2]"), ("3,3", 1, "pads=[1,0,1,2]")]
)
def test_each_tensor_has_its_own_convolution(kernel: str, axis: int, attrs: str) -> None:
    made = types(fires("concat-conv-to-sum", model(TEXT % (kernel, axis, attrs), ["w", "b"])))
    assert made == ["Conv", "Conv", "Add"]


def test_the_same_tensor_twice() -> None:
    text = (TEXT % ("1,1", 1, "group=1")).replace("(x, u)", "(x, u, x)").replace("6,8", "6,11")
    assert types(fires("concat-conv-to-sum", model(text, ["w", "b"]))).count("Add") == 2


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("=> (", "=> (float[N,8,?,?] t, ", "something else reads"),
        ("group=1", "group=2", "groups"),
        ("(x, u)", "(x)", "1 tensors"),
    ],
)
def test_refusals_say_why(old: str, new: str, why: str) -> None:
    text = (TEXT % ("1,1", 1, "group=1")).replace(old, new)
    text = text.replace("6,8,1", "6,4,1") if new == "group=2" else text.replace("6,8", "6,3") if new == "(x)" else text
    assert why in refuses("concat-conv-to-sum", model(text, ["w", "b"]))


def test_joined_along_another_axis_they_stay() -> None:
    text = (TEXT % ("1,1", 2, "group=1")).replace("N,3,H", "N,8,H").replace("N,5,H", "N,8,H")
    assert "not channels" in refuses("concat-conv-to-sum", model(text, ["w", "b"]))


def test_weights_made_at_run_time_stay() -> None:
    assert "not constant" in refuses("concat-conv-to-sum", model(TEXT % ("1,1", 1, "group=1"), ["b"]))


def test_the_joined_scales_of_a_text_detector() -> None:
    draft = Draft.open(SAMPLES / "ppocr_v4_det.onnx")
    found = sweep(draft, [rewrite("concat-conv-to-sum")], Ledger())
    assert len(found.sites) == 1

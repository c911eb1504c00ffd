from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from edgeplan.frontends.onnx import parse_text
from edgeplan.target import Target
from edgeplan.verify.answer import Answer, Fact, Said, Status
from edgeplan.verify.tflite.beside import beside
from edgeplan.verify.tflite.conversion import Conversion

ROWS = (
    'id = "all"\nops = ["*"]\nunit = ["cpu"]\nverdict = "runs"\n',
    'id = "npu"\nops = ["Relu", "MatMul", "Add"]\nunit = ["npu"]\nverdict = "runs"\n',
    'id = "not"\nops = ["Neg", "Abs"]\nunit = ["npu"]\nverdict = "refuses"\nwhy = "It cannot."\n',
)
MODEL = "g (float[4,4] x, float[4,4] w) => (float[4,4] y) { a = MatMul (x, w) b = Neg (a) y = Relu (b) }"
SAME = "g (float[4,4] x, float[4,4] w) => (float[4,4] y) { c = Add (x, x) a = MatMul (c, w) b = Abs (a) y = Relu (b) }"
OTHER = "g (float[4,4] x, float[4,4] w) => (float[4,4] y) { a = MatMul (x, w) y = Relu (a) }"
FACTS = (Fact("difference y", 3000, "ppb"), Fact("difference z", 5000, "ppb"), Fact("drawn", 7, "tensors"))
SAID = Said({"onnx2tf": "2.6.9", "onnx": "1.20"}, True, facts=FACTS)
CONVERSION = Conversion(Path("model.tflite"), "", Answer("onnx2tf", "", Status.COMPILED, SAID))


def test_the_plans_of_model_and_file_stand_side_by_side(toy: Callable[..., Target]) -> None:
    found = beside(parse_text(MODEL), parse_text(SAME), toy(*ROWS), CONVERSION)
    assert (found.tool, found.drawn, round(found.checked * 1e6)) == ("onnx2tf 2.6.9", 7, 5)
    assert (found.ours.ops, found.theirs.ops) == (3, 4)
    assert (found.ours.parts, found.theirs.parts) == (2, 2)
    assert found.ours.ops_left == 1 / 3
    assert found.ours.work_left == 0.0  # the product, which is all the work, stays
    assert found.same
    assert {(c.type, c.predicted, c.said) for c in found.left} == {("Neg", 1, 0), ("Abs", 0, 1)}


def test_other_parts_are_not_the_same(toy: Callable[..., Target]) -> None:
    found = beside(parse_text(MODEL), parse_text(OTHER), toy(*ROWS), CONVERSION)
    assert (found.ours.parts, found.theirs.parts) == (2, 1)
    assert not found.same

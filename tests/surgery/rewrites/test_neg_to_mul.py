from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types


@pytest.mark.parametrize("kind", ["float[4]", "float[N,3,5]", "float16[2,H]"])
def test_a_sign_is_a_factor(kind: str) -> None:
    assert types(fires("neg-to-mul", model(f"g ({kind} x) => ({kind} y) {{ y = Neg(x) }}"), tolerance=0)) == ["Mul"]


def test_integers_stay() -> None:
    assert "is int32" in refuses("neg-to-mul", model("g (int32[4] x) => (int32[4] y) { y = Neg(x) }"))


def test_a_real_model() -> None:
    draft = Draft.open(Path(__file__).parents[3] / "samples" / "basic_pitch.onnx")
    assert len(sweep(draft, [rewrite("neg-to-mul")], Ledger()).sites) == 9

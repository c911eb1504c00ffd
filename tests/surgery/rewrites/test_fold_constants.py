from pathlib import Path

import pytest

from edgeplan.surgery.draft import Draft
from edgeplan.surgery.ledger import Ledger
from edgeplan.surgery.rewrites import rewrite
from edgeplan.surgery.sweep import sweep
from tests.surgery.harness import fires, model, refuses, types

SAMPLES = Path(__file__).parents[3] / "samples"


def test_a_shape_computed_of_fixed_sizes_is_a_constant() -> None:
    text = """g (float[2,6,4] x, int64 i, int64[1] a, int64[1] b) => (float[6,8] y) {
        s = Shape(x)
        c = Gather(s, i)
        d = Unsqueeze(c, a)
        t = Concat<axis=0>(d, b)
        y = Reshape(x, t)
    }"""
    made = fires("fold-constants", model(text, constants={"i": 1, "a": [0], "b": [-1]}))
    assert types(made) == ["Reshape"]


@pytest.mark.parametrize(
    ("kind", "op", "shape"),
    [("float", "Transpose(w)", "[4,6]"), ("float16", "Reshape(w, s)", "[4,6]"), ("int8", "Transpose(w)", "[4,6]")],
)
def test_a_weight_is_stored_as_it_is_read(kind: str, op: str, shape: str) -> None:
    text = f"g ({kind}[N,4,6] x, {kind}[6,4] w, int64[2] s) => ({kind}[N,4,6] y) {{ v = {op} y = Where(c, x, v) }}"
    text = text.replace("y = Where", "c = Equal(x, x) y = Where")
    made = fires("fold-constants", model(text, weights=["w"], constants={"s": [4, 6]}))
    assert types(made) == ["Equal", "Where"]


def test_a_weight_others_read_stays() -> None:
    text = (
        "g (float[6] x, float[4,6] w) => (float[4] y, float[4,6] z) { v = Transpose(w) y = MatMul(x, v) z = Add(x, w) }"
    )
    assert "stored twice" in refuses("fold-constants", model(text, weights=["w"]))


def test_free_sizes_stay_computed() -> None:
    text = "g (float[N,6] x, float[M,6] z) => (float[M,6] y) { s = Shape(z) y = Expand(x, s) }"
    assert refuses("fold-constants", model(text)) == ""


def test_what_is_handed_out_stays() -> None:
    assert refuses("fold-constants", model("g (float[2,6] x) => (int64[2] y) { y = Shape(x) }")) == ""


def test_a_real_model() -> None:
    draft = Draft.open(SAMPLES / "mlsd_tiny_320.onnx")
    before = draft.ops
    found = sweep(draft, [rewrite("fold-constants")], Ledger())
    assert (len(found.sites), before - draft.ops) == (4, 11)

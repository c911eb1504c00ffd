import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """g (float[%s] x, float[6,%d] v, float[%d] a, float[%d,4] w, float[4] b) => (float[%s] y) {
    %s
    %s
}"""
FIRST = {
    "product": "h = MatMul(x, v)",
    "bias": "p = MatMul(x, v) h = Add(p, a)",
    "gemm": "h = Gemm<alpha=0.5, beta=2.0>(x, v, a)",
}
SECOND = {
    "product": "y = MatMul(h, w)",
    "bias": "q = MatMul(h, w) y = Add(b, q)",
    "gemm": "y = Gemm<alpha=0.25, beta=3.0>(h, w, b)",
}


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("second", SECOND)
@pytest.mark.parametrize("shape", ["3,6", "N,6"])
def test_two_layers_are_one(first: str, second: str, shape: str) -> None:
    source = model(TEXT % (shape, 8, 8, 8, "?,4", FIRST[first], SECOND[second]), ["v", "a", "w", "b"])
    made = types(fires("merge-linears", source))
    assert len([t for t in made if t in ("MatMul", "Gemm")]) == 1
    assert len(made) == (1 if second == "gemm" or first == second == "product" else 2)


def test_more_axes() -> None:
    text = TEXT % ("2,N,6", 8, 8, 8, "2,N,4", FIRST["bias"], SECOND["bias"])
    assert types(fires("merge-linears", model(text, ["v", "a", "w", "b"]))) == ["MatMul", "Add"]


def test_turned_weights() -> None:
    text = """g (float[N,6] x, float[8,6] v, float[8] a, float[4,8] w, float[1] b) => (float[N,4] y) {
        h = Gemm<transB=1>(x, v, a)
        y = Gemm<transB=1>(h, w, b)
    }"""
    assert types(fires("merge-linears", model(text, ["v", "a", "w", "b"]))) == ["Gemm"]


def test_float16() -> None:
    text = (TEXT % ("3,6", 8, 8, 8, "3,4", FIRST["gemm"], SECOND["gemm"])).replace("float[", "float16[")
    assert types(fires("merge-linears", model(text, ["v", "a", "w", "b"]), tolerance=1e-2)) == ["Gemm"]


def test_a_narrow_middle_stays() -> None:
    text = TEXT % ("3,6", 2, 2, 2, "3,4", FIRST["gemm"], SECOND["gemm"])
    assert "the middle is narrow" in refuses("merge-linears", model(text, ["v", "a", "w", "b"]))


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("h = MatMul(x, v) z = Relu(h)", SECOND["product"], "between the two layers"),
        ("h = Gemm<transA=1>(x, v, a)", SECOND["gemm"], "turns its input"),
        ("r = MatMul(x, v) h = Relu(r)", SECOND["product"], ""),
    ],
)
def test_other_pairs_stay(first: str, second: str, why: str) -> None:
    text = TEXT % ("6,6", 8, 8, 8, "6,4", first, second)
    text = text.replace("=> (", "=> (float[6,8] z, ") if "z =" in first else text
    reason = refuses("merge-linears", model(text, ["v", "a", "w", "b"]))
    assert why in reason
    assert bool(why) == bool(reason)

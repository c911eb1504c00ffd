import pytest

from tests.surgery.harness import fires, model, refuses, types

TEXT = """<ir_version: 10, opset_import: ["" : %d]>
g (%s x, %s s, %s b) => (%s y) { y = LayerNormalization<axis = %d, epsilon = 0.001>(x, s, b) }"""
PARTS = ["ReduceMean", "Sub", "Mul", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"]


@pytest.mark.parametrize("opset", [17, 18, 21])
@pytest.mark.parametrize(("shape", "scale", "axis"), [("N,5,8", "8", -1), ("2,5,8", "5,8", 1), ("3,7", "7", -1)])
def test_the_op_becomes_its_parts(opset: int, shape: str, scale: str, axis: int) -> None:
    kinds = (f"float[{shape}]", f"float[{scale}]", f"float[{scale}]", f"float[{shape}]")
    assert types(fires("split-layernorm", model(TEXT % (opset, *kinds, axis), ["s", "b"]))) == PARTS


def test_without_a_bias_nothing_is_added() -> None:
    text = '<ir_version: 8, opset_import: ["" : 17]> g (float[2,8] x, float[8] s) => (float[2,8] y) {'
    made = fires("split-layernorm", model(f"{text} y = LayerNormalization(x, s) }}", ["s"]))
    assert types(made) == PARTS[:-1]


def test_half_precision_stays() -> None:
    kinds = ("float16[2,8]", "float16[8]", "float16[8]", "float16[2,8]")
    assert "float16" in refuses("split-layernorm", model(TEXT % (17, *kinds, -1), ["s", "b"]))


def test_statistics_are_handed_out() -> None:
    text = """<ir_version: 8, opset_import: ["" : 17]>
    g (float[2,8] x, float[8] s) => (float[2,8] y, float[2,1] m, float[2,1] i) { y, m, i = LayerNormalization(x, s) }"""
    made = fires("split-layernorm", model(text, ["s"]))
    assert sorted(types(made)) == sorted([*PARTS[:-1], "Reciprocal"])


def test_double_precision_stays() -> None:
    kinds = ("double[2,8]", "double[8]", "double[8]", "double[2,8]")
    assert "not in float32" in refuses("split-layernorm", model(TEXT % (17, *kinds, -1), ["s", "b"]))


def test_statistics_of_another_type_stay() -> None:
    text = '<ir_version: 8, opset_import: ["" : 17]> g (float[2,8] x, float[8] s) => (float[2,8] y) {'
    assert "not in float32" in refuses(
        "split-layernorm", model(f"{text} y = LayerNormalization<stash_type = 16>(x, s) }}", ["s"])
    )

import pytest

from tests.surgery.harness import fires, model, refuses, types

OLD = """<ir_version: 8, opset_import: ["" : %d]>
g (float[%s] x) => (float[?,?,?] y) { %s y = %s<axes = [%s], keepdims = 1>(p) }"""
NEW = """<ir_version: 8, opset_import: ["" : 18]>
g (float[N,5,6] x, int64[1] a) => (%s y) { %s y = %s<keepdims = %d>(p, a) }"""
_POSITIVE = "p = Exp(x)"
PARTS = {
    "ReduceL1": ["Abs", "ReduceSum"],
    "ReduceL2": ["Mul", "ReduceSum", "Sqrt"],
    "ReduceSumSquare": ["Mul", "ReduceSum"],
    "ReduceLogSum": ["ReduceSum", "Log"],
}


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize(("shape", "axes"), [("2,5,6", "1"), ("N,5,6", "-1"), ("2,5,H", "0, 2")])
def test_the_op_becomes_a_sum(kind: str, opset: int, shape: str, axes: str) -> None:
    source = model(OLD % (opset, shape, _POSITIVE, kind, axes))
    assert types(fires("split-reduction", source)) == ["Exp", *PARTS[kind]]


@pytest.mark.parametrize("kind", PARTS)
@pytest.mark.parametrize("keep", [0, 1])
def test_axes_that_are_an_input(kind: str, keep: int) -> None:
    source = model(NEW % ("float[?,?,?]" if keep else "float[?,?]", _POSITIVE, kind, keep), constants={"a": [1]})
    assert types(fires("split-reduction", source)) == ["Exp", *PARTS[kind]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (OLD.replace("float[", "float16[") % (13, "2,5,6", "p = Exp(x)", "ReduceL2", "1"), "float16"),
        (OLD.replace("float[", "int32[") % (13, "2,5,6", "p = Abs(x)", "ReduceSumSquare", "1"), "integers"),
        (NEW % ("float[?,?,?]", "p = Exp(x)", "ReduceL2", 1), "not known"),
    ],
)
def test_other_forms_stay(text: str, why: str) -> None:
    assert why in refuses("split-reduction", model(text))

import pytest
from onnx import ModelProto, TensorProto

from edgeplan import analyze
from edgeplan.target import resolve
from tests.surgery.harness import fires, model, refuses, types


def widened(body: str, given: str = "int32[N,4] a", result: str = "int64[N,4] y", opset: int = 17) -> ModelProto:
    head = f'<ir_version: 8, opset_import: ["" : {opset}]>'
    constants = {"k": 3, "big": 2**40, "shape": [-1, 2]}
    text = f"{head} g ({given}, int64 k, int64 big, int64[2] shape) => ({result}) {{ i = Cast<to = 7>(a) {body} }}"
    return model(text, constants=constants)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ("y = Transpose(i)", "int64[4,N] y"),
        ("y = Reshape(i, shape)", "int64[M,2] y"),
        ("y = Concat<axis = 1>(i, i)", "int64[N,8] y"),
        ("y = Max(i, k)", "int64[N,4] y"),
    ],
)
def test_what_moves_values_moves_narrow_ones(body: str, result: str) -> None:
    made = fires("int64-to-int32", widened(body, result=result))
    assert types(made) == [body.split()[2].split("(")[0].split("<")[0], "Cast"]


@pytest.mark.parametrize("op", ["Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"])
def test_a_comparison_swallows_the_cast(op: str) -> None:
    assert types(fires("int64-to-int32", widened(f"y = {op}(k, i)", result="bool[N,4] y"))) == [op]


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
@pytest.mark.parametrize("narrow", ["bool", "uint8", "int16"])
def test_arithmetic_that_fits(op: str, narrow: str) -> None:
    source = widened(f"s = {op}(k, i) y = Sub(s, k)", given=f"{narrow}[N,4] a")
    assert types(fires("int64-to-int32", source, sites=2)) == ["Cast", op, "Sub", "Cast"]


def test_arithmetic_that_may_not_fit() -> None:
    assert "too large for int32" in refuses("int64-to-int32", widened("y = Add(i, k)"))


def test_indices_fit_an_axis() -> None:
    source = widened("s = Add(i, k) y = Gather(x, s)", given="int32[N,4] a, float[99,5] x", result="float[N,4,5] y")
    made = fires("int64-to-int32", source, sites=2)
    assert types(made) == ["Add", "Gather"]


def test_a_free_axis_says_nothing_of_its_indices() -> None:
    source = widened("s = Add(i, k) y = Gather(x, s)", given="int32[N,4] a, float[M,5] x", result="float[N,4,5] y")
    assert "too large" in refuses("int64-to-int32", source)


def test_a_where_between_narrow_values() -> None:
    source = widened("c = Less(i, k) y = Where(c, k, i)")
    assert types(fires("int64-to-int32", source, sites=2)) == ["Less", "Where", "Cast"]


def test_an_operand_that_was_int64_is_told() -> None:
    source = widened("y = Max(i, b)", given="int32[N,4] a, int64[N,4] b")
    assert refuses("int64-to-int32", source) == "b is int64, and its range is not known"


def test_a_constant_that_does_not_fit_is_told() -> None:
    assert "not known" in refuses("int64-to-int32", widened("y = Max(i, big)"))


@pytest.mark.parametrize("given", ["int64[N,4] a", "float[N,4] a", "uint32[N,4] a"])
def test_other_casts_are_not_its_business(given: str) -> None:
    assert refuses("int64-to-int32", widened("y = Max(i, k)", given=given)) == ""


def test_a_cast_others_read_stays_for_them() -> None:
    source = widened("y = Equal(i, k)", result="bool[N,4] y, int64[N,4] i")
    made = fires("int64-to-int32", source)
    assert types(made) == ["Cast", "Equal"]
    assert made.graph.output[1].type.tensor_type.elem_type == TensorProto.INT64


def test_the_gpu_of_a_pixel_compares_int32() -> None:
    source = widened("c = Equal(i, k) y = Cast<to = 1>(c)", given="int32[4,16] a", result="float[4,16] y")
    gpu = resolve("pixel8", "tflite")
    assert {op.unit for op in analyze(source, gpu).ops} != {"gpu"}
    assert {op.unit for op in analyze(fires("int64-to-int32", source), gpu).ops} == {"gpu"}

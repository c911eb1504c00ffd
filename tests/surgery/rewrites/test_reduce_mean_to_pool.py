import pytest

from tests.surgery.harness import fires, model, refuses, types

OLD = '<ir_version: 8, opset_import: ["" : 13]> g (%s x) => (%s y) { y = ReduceMean <axes = [%s], keepdims = %d> (x) }'
NEW = """<ir_version: 8, opset_import: ["" : 18]> g (float[N,3,H,5] x) => (float[N,3] y) <int64[2] a = {3,-2}>
{ y = ReduceMean <keepdims = 0> (x, a) }"""


@pytest.mark.parametrize(
    ("given", "result", "axes", "keep", "ops"),
    [
        ("float[2,3,4,5]", "float[2,3,1,1]", "2,3", 1, ["GlobalAveragePool"]),
        ("float[N,3,4,5]", "float[N,3]", "-1,-2", 0, ["GlobalAveragePool", "Reshape"]),
        ("float[2,3,4,5,6]", "float[2,3,1,1,1]", "2,3,4", 1, ["GlobalAveragePool"]),
        ("float16[2,3,4,5]", "float16[2,3]", "2,3", 0, ["GlobalAveragePool", "Reshape"]),
    ],
)
def test_a_mean_over_the_picture_is_a_pool(given: str, result: str, axes: str, keep: int, ops: list[str]) -> None:
    tolerance = 1e-2 if "16" in given else 2e-5
    made = fires("reduce-mean-to-pool", model(OLD % (given, result, axes, keep)), tolerance=tolerance)
    assert types(made) == ops


def test_axes_may_be_an_input() -> None:
    assert types(fires("reduce-mean-to-pool", model(NEW))) == ["GlobalAveragePool", "Reshape"]


@pytest.mark.parametrize(
    ("given", "result", "axes", "why"),
    [
        ("float[2,3,4,5]", "float[2,4]", "1,3", ""),
        ("float[2,3,4]", "float[2,3]", "2", ""),
        ("int32[2,3,4,5]", "int32[2,3]", "2,3", ""),
        ("float[N,C,4,5]", "float[N,C]", "2,3", "neither the batch nor the channels"),
    ],
)
def test_others_stay(given: str, result: str, axes: str, why: str) -> None:
    said = refuses("reduce-mean-to-pool", model(OLD % (given, result, axes, 0)))
    assert why in said
    assert bool(said) == bool(why)

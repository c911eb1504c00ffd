from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.place.partition import Placement, place
from edgeplan.target import resolve

T4 = resolve("server-t4", "onnxruntime", "1.31")


def placed(text: str) -> tuple[dict[str, str], Placement]:
    """The unit of each op by its name, and the placement."""
    graph = parse_text(f'<ir_version: 8, opset_import: ["" : 18]> {text}')
    found = place(graph, T4)
    return {op.name: unit for op, unit in zip(graph.ops, found.units, strict=True)}, found


SHAPES = """g (float[N,4,M] x) => (y) <int64 i = {0}, int64[1] a = {0}, int64[1] m = {-1}> {
    [s] s = Shape (x) [d] d = Gather (s, i) [u] u = Unsqueeze (d, a) [c] c = Concat <axis = 0> (u, m)
    [y] y = Reshape (x, c) }"""
FLOATS = """g (float[N,4] x) => (y) {
    [s] s = Shape (x) [f] f = Cast <to = 1> (s) [r] r = Sqrt (f) [p] p = ReduceProd (r) [y] y = Mul (x, p) }"""


def test_what_follows_from_shapes_stays_on_the_cpu() -> None:
    units, found = placed(SHAPES)
    assert units == {"s": "cuda", "d": "cpu", "u": "cpu", "c": "cpu", "y": "cuda"}
    assert found.crossings == ()  # the shape is made for the host, and the new one is read there


def test_an_input_of_the_model_counts_as_at_hand() -> None:
    units, found = placed(FLOATS)
    assert units == {"s": "cuda", "f": "cpu", "r": "cpu", "p": "cpu", "y": "cpu"}
    assert found.crossings == ()


def test_a_value_of_the_gpu_keeps_an_op_there() -> None:
    units, found = placed(FLOATS.replace("[y] y = Mul (x, p)", "[e] e = Exp (x) [y] y = Mul (e, p)"))
    assert units["y"] == "cuda"
    assert [(c.value, c.source, c.target) for c in found.crossings] == [("p", "cpu", "cuda")]


@pytest.mark.parametrize(
    ("constant", "unit"),
    [
        ("int64[100] k = {" + ",".join(["1"] * 100) + "}", "cpu"),
        ("int64[101] k = {" + ",".join(["1"] * 101) + "}", "cuda"),
    ],
    ids=["100", "101"],
)
def test_only_small_constants_are_at_hand(constant: str, unit: str) -> None:
    units, _ = placed(
        f"g (float[N,4] x) => (y) <int64[1] a = {{0}}, {constant}> {{ [s] s = Shape (x) [d] d = ReduceSum (s, a) "
        "[y] y = Add (d, k) }"
    )
    assert units["y"] == unit


def test_half_floats_stay_on_the_gpu() -> None:
    units, _ = placed(FLOATS.replace("float[N,4]", "float16[N,4]").replace("to = 1", "to = 10"))
    assert (units["f"], units["r"], units["y"]) == ("cpu", "cuda", "cuda")

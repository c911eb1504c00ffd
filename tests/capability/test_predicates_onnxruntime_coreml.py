"""The rows of ONNX Runtime's Core ML provider by release and format, and its conditions where sizes are open."""

from __future__ import annotations

from functools import lru_cache

import pytest

from edgeplan.capability.predicates import PREDICATES
from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Op, Value
from edgeplan.place.support import Judge
from edgeplan.target import Target, resolve


@lru_cache(maxsize=16)
def target(release: str, unit: str) -> Target:
    return resolve("iphone14pro", "onnxruntime-coreml", release, use=[unit] if unit == "neuralnetwork" else [])


def verdict(text: str, unit: str, release: str = "1.31") -> str:
    """The verdict of the text's last op on a unit."""
    graph = parse_text(text)
    where = target(release, unit)
    at = [u.name for u in where.units].index(unit)
    return Judge(where).support(graph, graph.ops[-1])[at].verdict.value


def resize(attrs: str, sizes: str, port: str = "scales", shape: str = "1,4,8,8") -> str:
    kind = "float" if port == "scales" else "int64"
    at = "x, , s" if port == "scales" else "x, , , s"
    return f"g (float[{shape}] x) => (y) <{kind}[4] s = {{{sizes}}}> {{ y = Resize <{attrs}> ({at}) }}"


@pytest.mark.parametrize(
    ("text", "last_refused", "first_taken"),
    [
        ("g (float[1,8] x) => (y) { y = Elu (x) }", "1.23", "1.24"),
        ("g (float[1,8] x) => (y) { y = HardSigmoid (x) }", "1.25", "1.26"),
        ("g (float[1,8] x) => (y) { y = HardSwish (x) }", "1.25", "1.26"),
        ("g (float[1,8] x) => (y) { y = Sin (x) }", "1.26", "1.27"),
        ("g (bool[1,8] c, float[1,8] x) => (y) { y = Where (c, x, x) }", "1.27", "1.28"),
        ("g (float[9,8] x) => (y) <int64[2] i = {0,1}> { y = Gather (x, i) }", "1.21", "1.22"),
        ("g (float16[9,8] x) => (y) <int64[2] i = {0,1}> { y = Gather (x, i) }", "1.23", "1.24"),
        ("g (float[9,8] x) => (y) <int64 i = {0}> { y = Gather (x, i) }", "1.26", "1.27"),
        ("g (float[1,20000] x) => (y) { y = Relu (x) }", "1.22", "1.23"),
        ("g (float[1,N,8] x) => (y) { y = Softmax (x) }", "1.22", "1.23"),
        ("g (float[4] x) => (y) { t = Relu (x) y = Cast <to = 9> (t) }", "1.26", "1.27"),
        ('<ir_version: 10, opset_import: ["" : 22]> g (float[1,8] x) => (y) { y = Round (x) }', "1.22", "1.23"),
        (
            '<ir_version: 8, opset_import: ["" : 11]> g (float[1,4] x) => (a, b) '
            "{ a, b = Split <axis = 1, split = [2, 2]> (x) }",
            "1.26",
            "1.27",
        ),
    ],
)
def test_a_release_begins_to_take_an_op(text: str, last_refused: str, first_taken: str) -> None:
    assert verdict(text, "mlprogram", last_refused) == "refuses"
    assert verdict(text, "mlprogram", first_taken) == "runs"


@pytest.mark.parametrize(
    ("text", "mlprogram", "neuralnetwork"),
    [
        ("g (float[1,8] x) => (y) { y = Relu (x) }", "runs", "runs"),
        ("g (float16[1,8] x) => (y) { y = Relu (x) }", "runs", "refuses"),
        ("g (int64[1,8] x) => (y) { y = Add (x, x) }", "refuses", "refuses"),
        ("g (float[1,8] x) => (y) { y = Erf (x) }", "runs", "refuses"),
        ("g (float[1,8] x) => (y) { y = Flatten (x) }", "refuses", "runs"),
        ("g (float[2,3,4] a, float[2,4,5] b) => (y) { y = MatMul (a, b) }", "runs", "refuses"),
        ("g (float[1,4,8] x) => (y) { y = Concat <axis = 1> (x, x) }", "runs", "refuses"),
        (resize('mode = "linear"', "1,1,2,2"), "runs", "refuses"),
        (resize('mode = "linear"', "1,1,0.5,0.5"), "runs", "refuses"),
        (resize('mode = "linear"', "1,4,12,12", "sizes"), "runs", "refuses"),
        (
            resize(
                'mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric"', "1,1,3,2"
            ),
            "runs",
            "runs",
        ),
        (
            resize('mode = "nearest", nearest_mode = "ceil", coordinate_transformation_mode = "asymmetric"', "1,1,3,2"),
            "refuses",
            "refuses",
        ),
    ],
)
def test_the_format_decides(text: str, mlprogram: str, neuralnetwork: str) -> None:
    assert verdict(text, "mlprogram") == mlprogram
    assert verdict(text, "neuralnetwork") == neuralnetwork


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("g (float16[1,8] x) => (y) { y = Selu (x) }", "runs"),
        ("g (float[1,8] x) => (y) { y = Mish (x) }", "runs"),
        ("g (bfloat16[1,8] x) => (y) { y = Selu (x) }", "refuses"),
        ('<ir_version: 8, opset_import: ["" : 18, "a" : 1]> g (float[8] x) => (y) { y = a.B (x) }', "refuses"),
    ],
)
def test_the_cpu_takes_what_has_a_kernel(text: str, said: str) -> None:
    assert verdict(text, "cpu") == said


def value(*shape: int | str | None, data: tuple[float, ...] | None = None) -> Value:
    return Value("x", DType.FLOAT32, shape, const=data is not None, data=data)


def op(kind: str, *ports: str, **attrs: object) -> Op:
    return Op("op", kind, (), ports, ("y",), attrs)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "asked", "inputs", "truth"),
    [
        ("long_input_axis", op("Relu", "X"), (value(1, "N"),), False),
        ("empty_input_axis", op("Relu", "X"), (value(1, "N"),), False),
        ("input_of_unknown_rank", op("Relu", "X"), (Value("x"),), True),
        ("first_input_not_float", op("Relu", "X"), (Value("x"),), None),
        ("kernel_shape_off_weight", op("Conv", "X", "W", kernel_shape=(3, 3)), (value(1), value(4, 4, "k", 3)), None),
        ("gemm_bias_not_a_row", op("Gemm", "A", "B", "C"), (value(2, 4), value(4, 5), value(5)), False),
        ("gemm_bias_not_a_row", op("Gemm", "A", "B", "C", transB=1), (value(2, 4), value(5, 4), value(4)), True),
        (
            "resizes_by_fraction",
            op("Resize", "X", "scales"),
            (value(1, 1, 9, 9), value(4, data=(1, 1, 0.5, 0.5))),
            True,
        ),
        (
            "resizes_by_fraction",
            op("Resize", "X", "scales"),
            (value(1, 1, "N", 8), value(4, data=(1, 1, 0.5, 0.5))),
            None,
        ),
        ("resizes_by_fraction", op("Resize", "X", "scales"), (value(1, 1, 8, 8), value(4)), None),
        ("split_off_axis", op("Split", "input", axis=1, split=(2, 2)), (value(1, 4),), False),
        ("split_off_axis", op("Split", "input", axis=1, split=(2, 0)), (value(1, 2),), True),
        ("pads_before_last_two", op("Pad", "data"), (value(1, 4, 8, 8),), None),
        ("pads_before_last_two", op("Pad", "data", "pads"), (value(1, 4, 8), value(6, data=(1, 0, 0, 0, 0, 0))), True),
    ],
)
def test_open_sizes(name: str, asked: Op, inputs: tuple[Value, ...], truth: bool | None) -> None:
    assert PREDICATES[name](asked, inputs, (value(1, 4),)) is truth

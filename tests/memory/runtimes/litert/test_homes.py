from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgeplan.graph import Attr, Body, DType, Graph, Op, Value
from edgeplan.memory.runtimes.litert.homes import homes

I32 = DType.INT32


def home(
    kind: str, reads: Mapping[str, str], *, shape: tuple[int | None, ...] = (4,), dtype: DType = DType.FLOAT32,
    attrs: Mapping[str, Attr] | None = None, domain: str = "",
) -> str:  # fmt: skip
    """Where the result of an op lies. `x` is an input, `shape` that of `x`, `w` and `axis` constants."""
    values = {
        "x": Value("x", DType.FLOAT32, (2, 2)),
        "w": Value("w", DType.FLOAT32, (2, 2), True),
        "axis": Value("axis", I32, (1,), True),
        "given": Value("given", I32, (1,)),
        "shape": Value("shape", I32, (2,)),
        "y": Value("y", dtype, shape),
    }
    ops = (
        Op("shape", "SHAPE", ("x",), ("input",), ("shape",)),
        Op("y", kind, tuple(reads.values()), tuple(reads), ("y",), attrs or {}, domain),
    )
    graph = Graph("g", "tflite", ops, values, ("x", "given"), ("y",))
    return homes(graph, range(2))["y"]


@pytest.mark.parametrize(
    ("kind", "reads", "where"),
    [
        ("RELU", {"x": "x"}, "arena"),
        ("MUL", {"lhs": "w", "rhs": "w"}, "ready"),
        ("ADD", {"lhs": "w", "rhs": "w"}, "arena"),
        ("MUL", {"lhs": "w", "rhs": "x"}, "arena"),
        ("DEQUANTIZE", {"input": "w"}, "persistent"),
        ("DEQUANTIZE", {"input": "x"}, "arena"),
        ("STRIDED_SLICE", {"input": "shape", "begin": "axis", "end": "axis", "strides": "axis"}, "ready"),
        ("RESHAPE", {"input": "x", "shape": "shape"}, "arena"),
        ("RESHAPE", {"input": "x", "shape": "given"}, "late"),
        ("RESHAPE", {"input": "w", "shape": "axis"}, "ready"),
        ("FILL", {"dims": "shape", "value": "w"}, "arena"),
        ("FILL", {"dims": "given", "value": "w"}, "heap"),
        ("MEAN", {"input": "x", "axis": "given"}, "heap"),
        ("REDUCE_PROD", {"input": "shape", "axes": "axis"}, "ready"),
        ("WHERE", {"condition": "x"}, "heap"),
        ("TRANSPOSE_CONV", {"output_shape": "axis", "weights": "w", "input": "x"}, "arena"),
        ("TRANSPOSE_CONV", {"output_shape": "shape", "weights": "w", "input": "x"}, "heap"),
    ],
)
def test_a_result_lies_where_its_kernel_says(kind: str, reads: dict[str, str], where: str) -> None:
    assert home(kind, reads) == where


def test_the_product_of_a_larger_constant_is_taken_when_the_model_runs() -> None:
    assert home("REDUCE_PROD", {"input": "w", "axes": "axis"}, shape=(9,)) == "arena"


def test_text_lies_on_the_heap() -> None:
    assert home("Mine", {"input0": "x"}, dtype=DType.STRING, domain="custom") == "heap"


def test_a_scalar_read_from_a_variable_might_be_anything() -> None:
    assert home("READ_VARIABLE", {"resource_id": "given"}, shape=()) == "heap"
    assert home("READ_VARIABLE", {"resource_id": "given"}) == "arena"


def test_an_op_of_a_delegate_gives_planned_tensors() -> None:
    values = {"w": Value("w", DType.FLOAT16, (4,), True), "y": Value("y", DType.FLOAT32, (4,))}
    graph = Graph("g", "tflite", (Op("y", "DEQUANTIZE", ("w",), ("input",), ("y",)),), values, (), ("y",))
    assert homes(graph, ())["y"] == "arena"
    assert homes(graph, (0,))["y"] == "persistent"


def test_of_several_results_one_may_have_a_size_of_its_own() -> None:
    values = {"x": Value("x", I32, (9,)), "u": Value("u", I32, (None,)), "i": Value("i", I32, (9,))}
    graph = Graph("g", "tflite", (Op("u", "UNIQUE", ("x",), ("input",), ("u", "i")),), values, ("x",), ("u", "i"))
    assert homes(graph, (0,)) == {"x": "arena", "u": "heap", "i": "arena"}


def loop(result: tuple[int, ...]) -> str:
    inner = {"a": Value("a", DType.FLOAT32, (4,)), "b": Value("b", DType.FLOAT32, result)}
    step = Graph("body", "tflite", (Op("b", "PAD", ("a",), ("input",), ("b",)),), inner, ("a",), ("b",))
    values = {"x": Value("x", DType.FLOAT32, (4,)), "y": Value("y", DType.FLOAT32, (4,))}
    op = Op("y", "WHILE", ("x",), ("inputs",), ("y",), bodies=(Body("cond", step), Body("body", step)))
    return homes(Graph("g", "tflite", (op,), values, ("x",), ("y",)), (0,))["y"]


def test_what_a_loop_makes_larger_has_no_size_before_it_ran() -> None:
    assert loop((4,)) == "arena"
    assert loop((5,)) == "heap"

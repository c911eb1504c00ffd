"""What TensorRT was found to compute as a sum, and the workspaces that are planned for it."""

from __future__ import annotations

import csv
from collections.abc import Mapping

import pytest

from edgeplan.capability.rows import rules_dir
from edgeplan.graph import DType, Graph, Op, Value
from edgeplan.memory.runtimes.tensorrt.kernels import fused
from edgeplan.memory.runtimes.tensorrt.region import plan_region
from edgeplan.memory.runtimes.tensorrt.rows import summed
from tests.memory.runtimes.tensorrt.networks import WORKSPACE, network

PROBES = rules_dir() / "tensorrt" / "runs" / "2026-11-22-memory-rows.csv"


def probes() -> list[Mapping[str, str]]:
    with PROBES.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_product_that_was_asked_is_told_right(dtype: str) -> None:
    asked = [row for row in probes() if row["type"] == dtype]
    wrong = []
    for row in asked:
        rows, depth, columns = (int(row[name]) for name in ("rows", "depth", "columns"))
        kind = dtype.removesuffix("32")
        graph = network(f"{kind}[{rows},{depth}] x", "y = MatMul (x, w)", {"w": (depth, columns)}, kind)
        (kernel,) = fused(graph).all
        if summed(graph, kernel, half=False) != (row["computed as"] == "sum"):
            wrong.append(row)
    assert {row["computed as"] for row in asked} == {"sum", "product"}
    assert wrong == []


def test_products_that_are_one_count_with_all_their_columns() -> None:
    body = "q = MatMul (x, a) k = MatMul (x, b) y = Add (q, k)"
    narrow = network("float[1,192] x", body, {"a": (192, 192), "b": (192, 192)})
    wide = network("float[1,192] x", body, {"a": (192, 384), "b": (192, 384)})
    assert plan_region(narrow, WORKSPACE).arena.size < WORKSPACE < plan_region(wide, WORKSPACE).arena.size


def test_a_product_of_two_computed_tensors_is_none() -> None:
    graph = network("float[1,64] x, float[64,64] w", "y = MatMul (x, w)", {})
    assert not any(summed(graph, kernel, half=False) for kernel in fused(graph).all)


def test_a_product_that_lacks_an_operand_is_none() -> None:
    values = {name: Value(name, DType.FLOAT32, (1, 64)) for name in "xy"}
    malformed = Graph("g", "onnx", (Op("p", "MatMul", ("x",), ("A",), ("y",)),), values, ("x",), ("y",))
    assert not any(summed(malformed, kernel, half=False) for kernel in fused(malformed).all)

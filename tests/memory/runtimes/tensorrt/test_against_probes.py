"""What the compiler answered about small graphs made for it, and what is planned for them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from edgeplan.graph import Graph
from edgeplan.memory.runtimes.tensorrt.kernels import fused
from edgeplan.memory.runtimes.tensorrt.region import plan_region
from edgeplan.memory.runtimes.tensorrt.streams import schedule
from edgeplan.memory.runtimes.tensorrt.work import work_of
from tests.memory.runtimes.tensorrt.networks import WORKSPACE, network, probed, probes


def streams(graph: Graph) -> int:
    kernels = fused(graph).all
    return schedule(kernels, [work_of(graph, k) for k in kernels], len(graph.ops)).streams


def cases(kind: str) -> list[object]:
    return [pytest.param(row, id=row["graph"]) for row in probes(kind)]


@pytest.mark.parametrize("row", cases("conv"))
def test_one_convolution_takes_its_input_its_output_and_a_workspace(row: Mapping[str, str]) -> None:
    graph = probed(row)
    assert plan_region(graph, WORKSPACE).arena.size == int(row["region"])


@pytest.mark.parametrize("row", cases("branches"))
def test_each_branch_has_a_stream_and_a_workspace_up_to_eight(row: Mapping[str, str]) -> None:
    graph = probed(row)
    assert streams(graph) == int(row["streams"])
    assert plan_region(graph, WORKSPACE).arena.bound == pytest.approx(int(row["region"]), rel=0.01)


@pytest.mark.parametrize("row", cases("fork"))
def test_only_a_branch_of_some_work_has_a_stream(row: Mapping[str, str]) -> None:
    graph = probed(row)
    assert streams(graph) == int(row["streams"])


@pytest.mark.parametrize("row", cases("attention"))
def test_half_precision_attention_stores_no_scores(row: Mapping[str, str]) -> None:
    graph = probed(row)
    scores = graph.values["p"].bytes
    assert scores is not None
    assert (plan_region(graph, WORKSPACE).arena.size <= scores) == (int(row["region"]) <= scores)


@pytest.mark.referee
def test_the_compiler_says_so_of_a_new_graph() -> None:
    pytest.importorskip("tensorrt_rtx")
    onnx = pytest.importorskip("onnx")
    ask = pytest.importorskip("benchmarks.memory.ask_tensorrt_memory")
    shape = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 40, 36, 36])
    weight = onnx.numpy_helper.from_array(ask.np.full((72, 40, 1, 1), 0.5, "float32"), "w")
    node = onnx.helper.make_node("Conv", ["x", "w"], ["y"])
    result = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [shape], [result], [weight]), ir_version=9)
    graph = network("float[1,40,36,36] x", "y = Conv (x, w)", {"w": (72, 40, 1, 1)})
    said = ask.build(model.SerializeToString(), None)
    assert plan_region(graph, WORKSPACE).arena.size == said["activations"]

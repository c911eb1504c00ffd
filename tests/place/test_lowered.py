from __future__ import annotations

from dataclasses import replace

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import DType, Graph
from edgeplan.lower.scheme import parse_scheme
from edgeplan.place.lowered import as_compressed, lower_for
from edgeplan.place.partition import place
from edgeplan.target import resolve

TEXT = """g (float[1,64,16,16] x) => (float[1,64,16,16] z)
<int64[4] s = {64,64,3,3}> {
    v = ConstantOfShape (s)
    w = ConstantOfShape (s)
    y = Conv <pads = [1,1,1,1]> (x, v)
    z = Conv <pads = [1,1,1,1]> (y, w)
}"""


def lowered(device: str, release: str, assume: str, backend: str | None = None) -> Graph:
    return lower_for(parse_text(TEXT), resolve(device, backend, release or None, assume=assume))


@pytest.mark.parametrize(
    ("release", "indices"), [("iOS 16", DType.UINT8), ("iOS 17", DType.UINT8), ("iOS 18", DType.UINT4)]
)
def test_a_release_has_its_forms(release: str, indices: DType) -> None:
    graph = lowered("iphone14pro", release, "palette4")
    expand = next(op for op in graph.ops if op.type == "constexpr_lut_to_dense")
    assert graph.values[expand.inputs[0]].dtype is indices


@pytest.mark.parametrize("release", ["iOS 16", "iOS 17", "iOS 18", "iOS 26"])
@pytest.mark.parametrize("assume", ["palette4", "palette1", "sparse50", "w8"])
def test_what_a_release_takes_it_is_planned_to_run(release: str, assume: str) -> None:
    target = resolve("iphone14pro", "coreml", release, assume=assume)
    assert "" not in place(lower_for(parse_text(TEXT), target), target).units


def test_weights_by_blocks_take_their_readers_off_the_neural_engine() -> None:
    for assume, unit in (("w4", "ane"), ("w4-block32", "cpu")):
        target = resolve("iphone14pro", "coreml", "iOS 18", assume=assume)
        graph = lower_for(parse_text(TEXT), target)
        units = place(graph, target).units
        assert {u for op, u in zip(graph.ops, units, strict=True) if op.type == "conv"} == {unit}


def test_a_qnn_runtime_joins_integers_and_leaves_weights_alone_to_an_op() -> None:
    joined = lowered("galaxys24", "", "w8a8")
    assert [op.type for op in joined.ops] == ["Conv", "Conv"]
    assert lowered("galaxys24", "", "w8").by_label.keys() == {"Conv", "DequantizeLinear"}


def test_of_a_lowered_graph_some_weights_may_be_compressed_and_others_not() -> None:
    target = resolve("iphone14pro", "coreml", "iOS 18")
    graph = lower_for(parse_text(TEXT), target)
    one = as_compressed(graph, target, parse_scheme("palette4"), takes=["w"])
    assert len(one.by_label["constexpr_lut_to_dense"]) == 1
    whole = as_compressed(graph, target, parse_scheme("palette4"))
    again = lower_for(parse_text(TEXT), replace(target, assume="palette4"))
    assert [op.type for op in whole.ops] == [op.type for op in again.ops]


@pytest.mark.parametrize(("assume", "dtype"), [("fp16", DType.FLOAT16), ("fp32", DType.FLOAT32)])
def test_floats_of_core_ml_are_those_it_is_converted_to(assume: str, dtype: DType) -> None:
    graph = lowered("iphone14pro", "iOS 18", assume)
    conv = next(op for op in graph.ops if op.type == "conv")
    assert graph.values[conv.inputs[1]].dtype is dtype

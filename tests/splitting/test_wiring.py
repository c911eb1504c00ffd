import numpy as np
import pytest

from edgeplan.plan import analyze_graph
from edgeplan.splitting.problem import INPUT
from edgeplan.splitting.wiring import portion_of, wiring_of
from edgeplan.target import resolve
from tests.splitting.models import graph_of


def test_constants_are_no_ops_and_no_tensors() -> None:
    """Weights, and what follows from shapes alone, are on either side."""
    wiring = wiring_of(graph_of())
    assert [wiring.graph.ops[i].name for i in wiring.ops] == ["scaled", "first", "b", "second", "d", "e", "f", "last"]
    assert wiring.tensors == ("image", "scaled", "a", "b", "c", "d", "e", "f", "scores")
    assert wiring.problem.maker.tolist() == [INPUT, *range(8)]
    assert wiring.problem.reader.tolist() == list(range(8))


def test_a_portion_reads_what_others_make_and_hands_out_what_others_read() -> None:
    wiring = wiring_of(graph_of())
    device = np.arange(8) < 5
    first, rest = wiring.portion(device), wiring.portion(~device)
    assert (first.inputs, first.outputs) == (("image",), ("d",))
    assert (rest.inputs, rest.outputs) == (("d",), ("scores",))
    assert {op.name for op in first.ops} == {"w1", "w2", "w3", "scaled", "first", "b", "second", "d"}
    assert "w1" in {op.name for op in rest.ops}  # a constant: the lowering folds what nobody reads


def test_a_constant_that_follows_from_the_shape_of_what_is_not_there_is_a_weight() -> None:
    wiring = wiring_of(graph_of())
    rest = wiring.portion(
        np.array([op in ("f", "last") for op in ["scaled", "first", "b", "second", "d", "e", "f", "last"]])
    )
    assert {op.name for op in rest.ops} == {"w1", "w2", "w3", "f", "last"}
    assert rest.values["flat"].const
    assert "flat" not in rest.producer
    assert rest.inputs == ("e",)


@pytest.mark.parametrize("device", ["iphone14pro", "jetson-orin-nano", "galaxys24", "pixel6"])
def test_the_parts_do_what_the_whole_does(device: str) -> None:
    graph, target = graph_of(), resolve(device)
    wiring = wiring_of(graph)
    whole = analyze_graph(graph, target)
    for k in range(1, len(wiring.ops)):
        mask = np.arange(len(wiring.ops)) < k
        parts = [analyze_graph(wiring.portion(m), target) for m in (mask, ~mask)]
        assert sum(p.model.macs or 0 for p in parts) == whole.model.macs
        assert all(p.complete for p in parts)


def test_an_output_that_is_read_on_is_an_output_and_handed_over() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[4] x) => (float[4] y, float[4] z) {
            y = Relu (x)
            z = Neg (y)
        }
    """
    graph = graph_of(text)
    assert portion_of(graph, {0}).outputs == ("y",)
    assert portion_of(graph, {1}).inputs == ("y",)
    assert portion_of(graph, {1}).outputs == ("z",)


def test_a_body_s_captures_are_read() -> None:
    text = """
        <ir_version: 8, opset_import: ["": 18]>
        g (float[4] x, bool c) => (float[4] z) {
            y = Relu (x)
            z = If (c) <
                then_branch = t () => (float[4] a) { a = Neg (y) },
                else_branch = e () => (float[4] b) { b = Identity (y) }
            >
        }
    """
    wiring = wiring_of(graph_of(text))
    assert dict(zip(wiring.tensors, range(9), strict=False)).keys() == {"x", "c", "y", "z"}
    pairs = set(zip(wiring.problem.tensor.tolist(), wiring.problem.reader.tolist(), strict=True))
    assert (wiring.tensors.index("y"), 1) in pairs
    assert portion_of(wiring.graph, {1}).inputs == ("c", "y")

"""What every lowered op carries: its dtype, and the source ops it came from."""

import pytest

_LINEAR = """
    g (float[2,3] x) => (float[2,4] y) <int64[2] s = {3,4}, float[4] c = {1,2,3,4}> {
        w = ConstantOfShape (s)
        [product] m = MatMul (x, w)
        [bias] y = Add (m, c)
    }
"""


def test_a_fused_op_names_all_it_came_from(graph_of):
    (op,) = graph_of(_LINEAR).ops
    assert op.sources == ("product", "bias")


@pytest.mark.parametrize("precision", ["float16", "float32"])
def test_floats_are_computed_in_the_precision_asked_for(graph_of, precision):
    graph = graph_of(_LINEAR, precision)
    assert {str(graph.values[name].dtype) for op in graph.ops for name in (*op.inputs, *op.outputs)} == {precision}


def test_64_bit_integers_are_32_bit(graph_of):
    graph = graph_of("g (int64[2] x, int64[2] z) => (int64[2] y) { y = Add (x, z) }")
    assert {str(v.dtype) for v in graph.values.values()} == {"int32"}


def test_a_refused_op_stays_under_its_own_name(graph_of):
    (op,) = graph_of("g (float[2] x) => (float[2] y) { y = Acosh (x) }").ops
    assert (op.label, op.ports) == ("onnx.Acosh", ("input",))

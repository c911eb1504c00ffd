from __future__ import annotations

from edgeplan.graph import Graph
from edgeplan.memory.runtimes.tensorrt.kernels import Kernel, fused
from tests.memory.runtimes.tensorrt.networks import conv, network

IMAGE = "float[1,8,16,16] x"
WEIGHT = (8, 8, 3, 3)


def made(graph: Graph, elsewhere: frozenset[int] = frozenset(), half: bool = False) -> list[tuple[str, str]]:
    return [(k.kind, told(graph, k)) for k in fused(graph, elsewhere, half).all]


def told(graph: Graph, kernel: Kernel) -> str:
    return " ".join(graph.ops[i].type for i in kernel.ops)


def test_a_convolution_takes_the_elementwise_ops_behind_it() -> None:
    graph = network(IMAGE, conv("x", "a", "w", 3) + "s = Sigmoid (a) m = Mul (a, s) y = Softmax (m)", {"w": WEIGHT})
    assert made(graph) == [("copy", "Conv"), ("contraction", "Conv Sigmoid Mul"), ("pointwise", "Softmax")]


def test_the_later_convolution_takes_a_sum_and_waits_for_the_other() -> None:
    body = conv("x", "p", "w", 3) + conv("p", "a", "w", 3) + conv("p", "b", "w", 3)
    for ends in ("y = Add (a, b)", "y = Add (b, a)"):
        graph = network(IMAGE, body + ends, {"w": WEIGHT})
        sums = fused(graph)
        assert [told(graph, k) for k in sums.all] == ["Conv", "Conv", "Conv", "Conv Add"]
        assert sums.all[3].reads.keys() == {"p", "a"}
        assert sums.all[3].depth > sums.all[sums.writer["a"]].depth


def test_the_first_input_takes_a_sum_of_two_convolutions_of_single_pixels() -> None:
    body = conv("x", "p", "w", 3) + conv("p", "a", "v") + conv("p", "b", "v")
    weights = {"w": WEIGHT, "v": (8, 8, 1, 1)}
    first = network(IMAGE, body + "y = Add (a, b)", weights)
    second = network(IMAGE, body + "y = Add (b, a)", weights)
    assert [told(first, k) for k in fused(first).all] == ["Conv", "Conv", "Conv Add", "Conv"]
    assert [told(second, k) for k in fused(second).all] == ["Conv", "Conv", "Conv", "Conv Add"]


def test_a_second_tensor_is_not_fused_into_the_same_convolution() -> None:
    body = conv("x", "p", "w", 3) + conv("p", "a", "w", 3) + "b = Add (a, p) c = Softmax (p) y = Add (b, c)"
    graph = network(IMAGE, body, {"w": WEIGHT})
    assert [told(graph, k) for k in fused(graph).all] == ["Conv", "Conv", "Conv Add", "Softmax Add"]


def test_no_kernel_waits_for_one_behind_it() -> None:
    body = conv("x", "p", "w", 3) + conv("p", "a", "w", 3) + "r = Softmax (a)\n" + conv("r", "b", "w", 3)
    graph = network(IMAGE, body + "y = Add (a, b)", {"w": WEIGHT})
    kernels = fused(graph).all
    assert told(graph, kernels[-1]) == "Conv Add"
    assert all(kernels[w].depth < k.depth for k in kernels for w in k.reads.values())


def test_products_of_one_tensor_are_one_product() -> None:
    body = "q = MatMul (x, a) k = MatMul (x, b) s = Add (q, c) y = Mul (s, k)"
    graph = network("float[1,4,32] x", body, {"a": (32, 32), "b": (32, 32), "c": (32,)})
    assert made(graph) == [("contraction", "MatMul MatMul"), ("pointwise", "Add Mul")]
    assert fused(graph).all[0].merged


def test_a_product_of_its_own_takes_its_bias() -> None:
    graph = network("float[1,4,32] x", "q = MatMul (x, a) y = Add (q, c)", {"a": (32, 32), "c": (32,)})
    assert made(graph) == [("contraction", "MatMul Add")]


def test_attention_is_one_kernel_in_half_precision() -> None:
    body = "t = Transpose <perm = [0,2,1]> (k) s = MatMul (q, t) m = Mul (s, c) p = Softmax (m) y = MatMul (p, v)"
    graph = network("float[1,4,8] q, float[1,4,8] k, float[1,4,8] v", body, {"c": (1,)})
    assert ("attention", "MatMul Mul Softmax MatMul") in made(graph, half=True)
    assert ("attention", "MatMul Mul Softmax MatMul") not in made(graph)


def test_scores_that_somebody_else_reads_are_stored() -> None:
    body = "s = MatMul (q, k) p = Softmax (s) a = MatMul (p, v) y = Add (a, p)"
    graph = network("float[1,4,4] q, float[1,4,4] k, float[1,4,4] v", body, {})
    assert "attention" not in {kind for kind, _ in made(graph, half=True)}


def test_poolings_and_ops_of_other_units_stand_alone() -> None:
    body = conv("x", "a", "w", 3) + "b = Relu (a) c = MaxPool <kernel_shape = [2,2]> (b) y = Relu (c)"
    graph = network(IMAGE, body, {"w": WEIGHT})
    assert made(graph)[1:] == [("contraction", "Conv Relu"), ("pool", "MaxPool"), ("pointwise", "Relu")]
    assert [kind for kind, _ in made(graph, frozenset({1}))][1:] == ["contraction", "other", "pool", "pointwise"]


def test_views_are_no_kernels() -> None:
    body = "s = Constant <value_ints = [1, 2048]> () a = Relu (x) b = Reshape (a, s) y = Softmax (b)"
    assert made(network(IMAGE, body, {})) == [("pointwise", "Relu Softmax")]

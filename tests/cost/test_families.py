from __future__ import annotations

import pytest

from edgeplan.cost.families import _CONV, _FAMILY, _MATMUL, CONTRACTIONS, FAMILIES, family_of
from edgeplan.frontends.onnx import parse_text
from edgeplan.lower import lower_to, weights

WEIGHTED = "<int64[{n}] s = {{{shape}}}> {{ w = ConstantOfShape (s) y = {op} (x, w) }}"


def weighted(op: str, x: str, shape: str) -> str:
    return f"g (float[{x}] x) => (y) " + WEIGHTED.format(n=len(shape.split(",")), shape=shape, op=op)


OPS = [
    ("conv", weighted("Conv", "1,8,9,9", "16,8,3,3")),
    ("conv", weighted("Conv", "1,8,9", "16,8,3")),
    ("pointwise", weighted("Conv", "1,8,9,9", "16,8,1,1")),
    ("depthwise", weighted("Conv <group=8>", "1,8,9,9", "8,1,3,3")),
    ("grouped", weighted("Conv <group=2>", "1,8,9,9", "16,4,3,3")),
    ("deconv", weighted("ConvTranspose", "1,8,9,9", "8,16,2,2")),
    ("linear", weighted("MatMul", "4,8", "8,16")),
    ("matmul", "g (float[4,8] x, float[8,4] z) => (y) { y = MatMul (x, z) }"),
    ("softmax", "g (float[4,8] x) => (y) { y = Softmax (x) }"),
    ("activation", "g (float[4,8] x) => (y) { y = Relu (x) }"),
    ("arithmetic", "g (float[4,8] x, float[4,8] z) => (y) { y = Add (x, z) }"),
    ("transpose", "g (float[4,8] x) => (y) { y = Transpose (x) }"),
    ("concat", "g (float[4,8] x) => (y) { y = Concat <axis = 0> (x, x) }"),
    ("pool", "g (float[1,8,4,4] x) => (y) { y = MaxPool <kernel_shape=[2,2]> (x) }"),
    ("reduction", "g (float[1,8,4,4] x) => (y) { y = GlobalAveragePool (x) }"),
    ("", "g (float[4,8] x) => (y) { y = Flatten (x) }"),
    ("", "g (float[4,8] x) => (y) { y = Shape (x) }"),
]


@pytest.mark.parametrize(("family", "text"), OPS)
@pytest.mark.parametrize("dialect", ["onnx", "mil", "tflite"])
def test_an_op_is_of_one_family_in_every_dialect(family: str, text: str, dialect: str) -> None:
    graph = lower_to(parse_text(text), dialect)
    met = [family_of(graph, op) for op in graph.ops]
    wanted = {"grouped": {"grouped", "conv"}, "deconv": {"deconv"}}.get(family, {family})
    # layouts around it, or what a lowering makes of it
    beside = {"", "move", "transpose", "slice", "pool", "reduction", "gather"}
    assert set(met) & wanted or not family, met
    assert set(met) <= wanted | beside, met


def test_families_are_known_and_of_the_vocabulary() -> None:
    assert set(_FAMILY.values()) <= set(FAMILIES)
    assert set(FAMILIES) >= CONTRACTIONS


def test_what_is_quantised_by_its_weights_is_a_contraction() -> None:
    contractions = {label for label, family in _FAMILY.items() if family in CONTRACTIONS}
    assert _CONV | _MATMUL | contractions >= weights._CONTRACTIONS


def test_an_op_of_no_list_is_other() -> None:
    graph = parse_text(
        '<ir_version: 8, opset_import: ["" : 18, "mine" : 1]> g (float[4] x) => (float[4] y) { y = mine.Odd (x) }'
    )
    assert [family_of(graph, op) for op in graph.ops] == ["other"]

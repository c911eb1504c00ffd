from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgeplan.capability.match import all_of, applies, matches, parse_path
from edgeplan.capability.rows import Backend
from edgeplan.frontends.onnx import parse_text
from edgeplan.place.support import facts_of


@pytest.mark.parametrize(
    ("spec", "fact", "truth"),
    [
        ("cubic", "cubic", True),
        (["linear", "cubic"], "nearest", False),
        (1, 1, True),
        (True, 1, False),
        (1, True, False),
        ({"min": 2}, 2, True),
        ({"max": 2}, 3, False),
        ({"min": 2, "max": 4}, 5, False),
        ({"multiple_of": 8}, 24, True),
        ({"multiple_of": 8}, 20, False),
        ({"some": {"min": 2}}, (1, 2), True),
        ({"every": {"min": 2}}, (1, 2), False),
        ([1, 1], (1, 1), True),
        ([1, 1], (1, 1, 1), False),
        ([[1, 1], [2, 2]], (2, 2), True),
        ({"min": 2}, None, None),
        ({"min": 2}, "N", None),
        ({"every": {"max": 8}}, (None, 4), None),
        ({"every": {"max": 8}}, (None, 16), False),
        ({"some": {"min": 8}}, (None, 16), True),
        ({"some": {"min": 8}}, (None, 4), None),
        ([1, 8], (None, 8), None),
        ([1, 8], (None, 9), False),
    ],
)
def test_a_matcher_answers_yes_no_or_unknown(spec: Any, fact: Any, truth: bool | None) -> None:
    assert matches(spec, fact) is truth


def test_an_unknown_matcher_is_an_error() -> None:
    with pytest.raises(ValueError, match="no such matcher: 'above'"):
        matches({"above": 1}, 2)


@pytest.mark.parametrize("address", ["x", "x.colour", "attr.", "x.shape[a]", "opset.min", "import os", "x.shape[0].y"])
def test_addresses_outside_the_vocabulary_are_refused(address: str) -> None:
    with pytest.raises(ValueError, match="no such fact"):
        parse_path(address)


@pytest.mark.parametrize(
    ("truths", "truth"),
    [([], True), ([True, True], True), ([True, None], None), ([None, False], False), ([True, False], False)],
)
def test_and_is_kleenes(truths: list[bool | None], truth: bool | None) -> None:
    assert all_of(truths) is truth


CONV = """g (float[1,8,32,N] X, float[8,8,3,3] W) => (y)
    <int64[1] unused = {0}> { y = Conv <dilations = [2, 1], auto_pad = "SAME_UPPER"> (X, W) }"""


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ('when = { "attr.auto_pad" = "SAME_UPPER" }', True),
        ('when = { "attr.dilations" = { some = { min = 2 } } }', True),
        ('when = { "attr.dilations[1]" = 1 }', True),
        ('when = { "attr.dilations[2]" = 1 }', False),
        ('when = { "attr.group" = 1 }', False),
        ('when = { "X.rank" = 4 }', True),
        ('when = { "X.shape[1]" = { multiple_of = 8 } }', True),
        ('when = { "X.shape[-1]" = { min = 8 } }', None),
        ('when = { "X.shape[9]" = { min = 1 } }', False),
        ('when = { "X.static" = false }', True),
        ('when = { "X.size" = { max = 10 } }', None),
        ('when = { "W.bytes" = 2304 }', True),
        ('when = { "W.const" = false }', True),
        ('when = { "W.dtype" = ["float16", "float32"] }', True),
        ('when = { "X.from" = "input", "W.from" = "input" }', True),
        ('when = { "W.from" = ["weight", "DequantizeLinear"] }', False),
        ('when = { "B.from" = "input" }', False),
        ('when = { "X.quantization" = "" }', True),
        ('when = { "B.present" = false }', True),
        ('when = { "B.present" = true }', False),
        ('when = { "B.dtype" = "float32" }', False),
        ('when = { "in.rank" = 4, "out.rank" = 4, "any.dtype" = "float32" }', True),
        ("when = { opset = { min = 19 } }", False),
        ('unless = { "X.rank" = 4 }', False),
        ('unless = { "X.rank" = 4, "W.const" = true }', True),
        ('unless = { "X.shape[-1]" = 8 }', None),
        ('check = "dynamic_shape"', True),
        ('when = { "X.rank" = 3 }\ncheck = "dynamic_shape"', False),
    ],
)
def test_a_row_holds_facts_against_an_op(
    toy_backend: Callable[..., Backend], condition: str, truth: bool | None
) -> None:
    backend = toy_backend(f'id = "a"\nops = ["Conv"]\nunit = ["cpu"]\nverdict = "runs"\n{condition}')
    graph = parse_text(CONV)
    op = graph.ops[0]
    assert applies(backend.rows[0], facts_of(graph, op)) is truth


def test_a_row_never_applies_to_another_op(toy_backend: Callable[..., Backend]) -> None:
    backend = toy_backend('id = "a"\nops = ["Relu"]\nunit = ["cpu"]\nverdict = "runs"')
    graph = parse_text("g (float[1] x) => (y) { y = Neg (x) }")
    assert applies(backend.rows[0], facts_of(graph, graph.ops[0])) is False


def test_a_row_sees_what_makes_an_input(toy_backend: Callable[..., Backend]) -> None:
    backend = toy_backend(
        'id = "a"\nops = ["Add"]\nunit = ["cpu"]\nverdict = "runs"\nwhen = { "B.from" = "DequantizeLinear" }'
    )
    text = "g (float[2] x) => (z) <float s = {1}, int8[2] q = {1, 2}, float[2] w = {1, 2}> "
    for body, truth in (("b = DequantizeLinear (q, s) z = Add (x, b)", True), ("z = Add (x, w)", False)):
        graph = parse_text(f"{text} {{ {body} }}")
        assert applies(backend.rows[0], facts_of(graph, graph.ops[-1])) is truth

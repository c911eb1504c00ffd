"""Sequences and optionals keep the shapes of what they hold."""

from __future__ import annotations

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.graph import Shape

A, B = "float[2, 3] a", "float[4, 3] b"


@pytest.mark.parametrize(
    ("nodes", "wanted"),
    [
        ("s = SequenceConstruct (a, b) y = SequenceAt (s, one)", (4, 3)),
        ("s = SequenceConstruct (a, b) y = SequenceAt (s, last)", (4, 3)),
        ("s = SequenceConstruct (a, a) y = SequenceAt (s, n)", (2, 3)),
        ("s = SequenceConstruct (a, b) y = SequenceAt (s, n)", (None, 3)),
        ("s = SequenceConstruct (a, b) y = SequenceAt (s, nine)", (None, 3)),
        ("s = SequenceConstruct (a, b) y = SequenceAt (s, ones)", (None, 3)),
        ("s = SplitToSequence (a, nan) y = SequenceAt (s, zero)", None),
        ("s = SequenceConstruct (a, b) y = ConcatFromSequence <axis = 0> (s)", (6, 3)),
        ("s = SequenceConstruct (a, a) y = ConcatFromSequence <axis = 0, new_axis = 1> (s)", (2, 2, 3)),
        ("e = SequenceEmpty () s = SequenceInsert (e, a) t = SequenceInsert (s, b) y = SequenceAt (t, one)", (4, 3)),
        ("s = SequenceConstruct (a, b) t = SequenceErase (s, zero) y = SequenceAt (t, zero)", (4, 3)),
        ("s = SplitToSequence <axis = 1> (a) y = SequenceAt (s, zero)", (2, 1)),
        ("s = SplitToSequence <axis = 1, keepdims = 0> (a) y = SequenceAt (s, zero)", (2,)),
        ("s = SplitToSequence <axis = 1> (a, two) y = SequenceAt (s, one)", (2, 1)),
        ("s = SplitToSequence <axis = 1> (a, parts) y = SequenceAt (s, one)", (2, 2)),
        ("s = SplitToSequence (a, nothing) y = SequenceAt (s, zero)", None),
        ("s = SplitToSequence (a, square) y = SequenceAt (s, zero)", (1, 3)),
        ("o = Optional (a) y = OptionalGetElement (o)", (2, 3)),
    ],
)
def test_what_comes_out_of_a_sequence_has_its_shape(nodes: str, wanted: Shape) -> None:
    graph = parse_text(f"""g ({A}, {B}, int64 n) => (float[] y) <int64 one = {{1}}, int64 last = {{-1}},
        int64 zero = {{0}}, int64 two = {{2}}, int64 nine = {{9}}, int64 nothing = {{0}}, int64[2] parts = {{1, 2}},
        int64[2, 1] square = {{1, 1}}, int64[2] ones = {{1, 1}}, float nan = {{nan}}> {{ {nodes} }}""")
    assert graph.values["y"].shape == wanted


def test_a_sequence_has_the_bytes_of_its_tensors() -> None:
    graph = parse_text(
        f"g ({A}, {B}) => (float[] y) {{ s = SequenceConstruct (a, b) y = ConcatFromSequence <axis = 0> (s) }}"
    )
    assert graph.values["s"].bytes == 4 * (6 + 12)


def test_a_sequence_of_many_parts_is_not_spelled_out() -> None:
    graph = parse_text(
        "g (float[1099511627776] a) => (float[] y) <int64 i = {0}> { s = SplitToSequence (a) y = SequenceAt (s, i) }"
    )
    assert graph.values["s"].shape is None

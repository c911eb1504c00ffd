"""Sequences of tensors."""

import pytest

from edgeplan.frontends.onnx import parse_text
from edgeplan.lower.mil import lower_mil

CASES = {
    "a Python list concatenated": (
        (
            "g (float[2,3] a, float[2,4] c) => (float[2,7] y) { s = SequenceConstruct (a, c) y = "
            "ConcatFromSequence <axis = 1> (s) }"
        ),
        ["concat values:2x3 values:2x4 axis=1 interleave=False -> float32[2x7]"],
    ),
    "a Python list stacked": (
        (
            "g (float[2,3] a, float[2,3] c) => (float[2,2,3] y) { s = SequenceConstruct (a, c) y = "
            "ConcatFromSequence <axis = 1, new_axis = 1> (s) }"
        ),
        ["stack values:2x3 values:2x3 axis=1 -> float32[2x2x3]"],
    ),
    "one of a Python list": (
        (
            "g (float[2,3] a, float[2,4] c) => (float[2,4] y) <int64 i = {1}> { s = SequenceConstruct (a, c) e = "
            "SequenceAt (s, i) y = Abs (e) }"
        ),
        ["abs x:2x4 -> float32[2x4]"],
    ),
    "one known at run time": (
        (
            "g (float[2,3] a, float[2,3] c, int64 i) => (float[2,3] y) { s = SequenceConstruct (a, c) y = "
            "SequenceAt (s, i) }"
        ),
        ["onnx.SequenceConstruct inputs:2x3 inputs:2x3 -> float32[12]", "list_read ls:12 index:scalar -> float32[2x3]"],
    ),
    "split and taken apart": (
        (
            "g (float[2,6] x) => (float[2,4] y) <int64[2] s = {2,4}, int64 p = {1}> { q = SplitToSequence <axis = "
            "1> (x, s) y = SequenceAt (q, p) }"
        ),
        ["split x:2x6 split_sizes=(2,4) axis=1 -> float32[2x2], float32[2x4]"],
    ),
    "split into equal parts": (
        (
            "g (float[2,7] x) => (float[2,3] y, float[2,1] z) <int64 s = {3}, int64 p = {1}, int64 o = {-1}> { q = "
            "SplitToSequence <axis = 1> (x, s) y = SequenceAt (q, p) z = SequenceAt (q, o) }"
        ),
        ["split x:2x7 split_sizes=(3,3,1) axis=1 -> float32[2x3], float32[2x3], float32[2x1]"],
    ),
    "split into single rows": (
        (
            "g (float[3,6] x) => (float[6] y) <int64 p = {-1}> { q = SplitToSequence <axis = 0, keepdims = 0> (x) y "
            "= SequenceAt (q, p) }"
        ),
        [
            "split x:3x6 split_sizes=(1,1,1) axis=0 -> float32[1x6], float32[1x6], float32[1x6]",
            "squeeze x:1x6 axes=(0,) -> float32[6]",
        ],
    ),
    "split in one": (
        (
            "g (float[2,6] x) => (float[2,6] y) <int64 s = {6}, int64 p = {0}> { q = SplitToSequence <axis = 1> (x, "
            "s) y = SequenceAt (q, p) }"
        ),
        [],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(mil, text, expected):
    assert mil(text) == expected


def test_a_tensor_is_not_split_into_a_million_million_parts() -> None:
    graph = parse_text(
        "g (float[1099511627776] a) => (float[1] y) <int64 i = {0}> { s = SplitToSequence (a) y = SequenceAt (s, i) }"
    )
    assert [op.label for op in lower_mil(graph, "float16").ops] == ["onnx.SplitToSequence", "list_read"]

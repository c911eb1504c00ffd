"""Bits of integers."""

import pytest

CASES = {
    "xor": (
        "g (int32[4] x, int32[4] z) => (int32[4] y) { y = BitwiseXor (x, z) }",
        [
            "BITWISE_XOR lhs:4 rhs:4 -> int32[4]",
        ],
    ),
    "and of integers has none": (
        "g (int32[4] x, int32[4] z) => (int32[4] y) { y = BitwiseAnd (x, z) }",
        [
            "onnx.BitwiseAnd A:4 B:4 -> int32[4]",
        ],
    ),
    "not": (
        "g (int32[4] x) => (int32[4] y) { y = BitwiseNot (x) }",
        [
            "SUB lhs:-1 rhs:4 -> int32[4]",
        ],
    ),
    "not, unsigned": (
        "g (uint8[4] x) => (uint8[4] y) { y = BitwiseNot (x) }",
        [
            "SUB lhs:255 rhs:4 -> uint8[4]",
        ],
    ),
    "shift to the right": (
        'g (uint32[4] x, uint32[4] z) => (uint32[4] y) { y = BitShift <direction = "RIGHT"> (x, z) }',
        [
            "RIGHT_SHIFT lhs:4 rhs:4 -> uint32[4]",
        ],
    ),
    "shift to the left": (
        'g (uint32[4] x) => (uint32[4] y) <uint32[1] z = {3}> { y = BitShift <direction = "LEFT"> (x, z) }',
        [
            "MUL lhs:4 rhs:1 -> uint32[4]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected

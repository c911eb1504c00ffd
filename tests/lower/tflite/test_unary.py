"""Functions of one tensor."""

import pytest

CASES = {
    "builtins": (
        ("g (float[2,3] x) => (float[2,3] y) { a = Abs (x) b = Sigmoid (a) c = Neg (b) d = Floor (c) y = Sqrt (d) }"),
        [
            "ABS x:2x3 -> float32[2x3]",
            "LOGISTIC x:2x3 -> float32[2x3]",
            "NEG x:2x3 -> float32[2x3]",
            "FLOOR x:2x3 -> float32[2x3]",
            "SQRT x:2x3 -> float32[2x3]",
        ],
    ),
    "not": (
        "g (bool[2,3] x) => (bool[2,3] y) { y = Not (x) }",
        [
            "LOGICAL_NOT lhs:2x3 -> bool[2x3]",
        ],
    ),
    "reciprocal and softplus": (
        "g (float[2,3] x) => (float[2,3] y) { a = Reciprocal (x) y = Softplus (a) }",
        [
            "DIV lhs:1 rhs:2x3 -> float32[2x3]",
            "EXP x:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:1 -> float32[2x3]",
            "LOG x:2x3 -> float32[2x3]",
        ],
    ),
    "erf": (
        "g (float[2,3] x) => (float[2,3] y) { y = Erf (x) }",
        [
            "ABS x:2x3 -> float32[2x3]",
            "SIGN x:2x3 -> float32[2x3]",
            "MUL lhs:0.327591 rhs:2x3 -> float32[2x3]",
            "ADD lhs:1 rhs:2x3 -> float32[2x3]",
            "DIV lhs:1 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:-1 rhs:2x3 -> float32[2x3]",
            "EXP x:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:1.06141 -> float32[2x3]",
            "ADD lhs:2x3 rhs:-1.45315 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:1.42141 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:-0.284497 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:0.25483 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "SUB lhs:1 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
        ],
    ),
    "trigonometry": (
        "g (float[2,3] x) => (float[2,3] y) { a = Tan (x) b = Atan (a) y = Asin (b) }",
        [
            "SIN x:2x3 -> float32[2x3]",
            "COS x:2x3 -> float32[2x3]",
            "DIV lhs:2x3 rhs:2x3 -> float32[2x3]",
            "ATAN2 y:2x3 x:1 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "SUB lhs:1 rhs:2x3 -> float32[2x3]",
            "SQRT x:2x3 -> float32[2x3]",
            "ATAN2 y:2x3 x:2x3 -> float32[2x3]",
        ],
    ),
    "hyperbolic functions": (
        "g (float[2,3] x) => (float[2,3] y) { a = Sinh (x) b = Asinh (a) y = Atanh (b) }",
        [
            "EXP x:2x3 -> float32[2x3]",
            "SUB lhs:0 rhs:2x3 -> float32[2x3]",
            "EXP x:2x3 -> float32[2x3]",
            "SUB lhs:2x3 rhs:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:0.5 -> float32[2x3]",
            "MUL lhs:2x3 rhs:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:1 -> float32[2x3]",
            "SQRT x:2x3 -> float32[2x3]",
            "ADD lhs:2x3 rhs:2x3 -> float32[2x3]",
            "LOG x:2x3 -> float32[2x3]",
            "ADD lhs:1 rhs:2x3 -> float32[2x3]",
            "SUB lhs:1 rhs:2x3 -> float32[2x3]",
            "DIV lhs:2x3 rhs:2x3 -> float32[2x3]",
            "LOG x:2x3 -> float32[2x3]",
            "MUL lhs:2x3 rhs:0.5 -> float32[2x3]",
        ],
    ),
    "not a number, or infinite": (
        (
            "g (float[2,3] x) => (bool[2,3] a, bool[2,3] b, bool[2,3] c) { a = IsNaN (x) b = IsInf (x) c = "
            "IsInf <detect_negative = 0> (x) }"
        ),
        [
            "NOT_EQUAL lhs:2x3 rhs:2x3 -> bool[2x3]",
            "ABS x:2x3 -> float32[2x3]",
            "EQUAL x:2x3 y:inf -> bool[2x3]",
            "ABS x:2x3 -> float32[2x3]",
            "EQUAL x:2x3 y:inf -> bool[2x3]",
            "GREATER lhs:2x3 rhs:0 -> bool[2x3]",
            "LOGICAL_AND lhs:2x3 rhs:2x3 -> bool[2x3]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected

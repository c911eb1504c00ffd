"""Spectra and windows."""

import pytest

CASES = {
    "dft": (
        "20: g (float[1,16,1] x) => (float[1,9,2] y) { y = DFT <onesided = 1> (x) }",
        [
            "RESHAPE input:1x16x1 shape:(1,1,16) -> float32[1x1x16]",
            "BATCH_MATMUL x:1x1x16 y:1x16x9 adj_x=False adj_y=False -> float32[1x1x9]",
            "RESHAPE input:1x1x9 shape:(1,9,1) -> float32[1x9x1]",
            "BATCH_MATMUL x:1x1x16 y:1x16x9 adj_x=False adj_y=False -> float32[1x1x9]",
            "RESHAPE input:1x1x9 shape:(1,9,1) -> float32[1x9x1]",
            "CONCATENATION values:1x9x1 values:1x9x1 axis=2 -> float32[1x9x2]",
        ],
    ),
    "two-sided has none": (
        "20: g (float[1,16,1] x) => (float[1,16,2] y) { y = DFT (x) }",
        [
            "onnx.DFT input:1x16x1 -> float32[1x16x2]",
        ],
    ),
    "stft": (
        (
            "g (float[1,12,1] x) => (float[1,2,5,2] y) <int64 h = {4}, float[8] w = {1,1,1,1,1,1,1,1}> { y = STFT "
            "(x, h, w) }"
        ),
        [
            "RESHAPE input:1x12x1 shape:(1,12) -> float32[1x12]",
            "SLICE input:1x12 begin:(0,0) size:(1,8) -> float32[1x8]",
            "MUL lhs:1x8 rhs:(1,1,1,1,1,1,1,1) -> float32[1x8]",
            "RESHAPE input:1x8 shape:(1,1,8) -> float32[1x1x8]",
            "BATCH_MATMUL x:1x1x8 y:1x8x5 adj_x=False adj_y=False -> float32[1x1x5]",
            "RESHAPE input:1x1x5 shape:(1,5,1) -> float32[1x5x1]",
            "BATCH_MATMUL x:1x1x8 y:1x8x5 adj_x=False adj_y=False -> float32[1x1x5]",
            "RESHAPE input:1x1x5 shape:(1,5,1) -> float32[1x5x1]",
            "CONCATENATION values:1x5x1 values:1x5x1 axis=2 -> float32[1x5x2]",
            "RESHAPE input:1x5x2 shape:(1,1,5,2) -> float32[1x1x5x2]",
            "SLICE input:1x12 begin:(0,4) size:(1,8) -> float32[1x8]",
            "MUL lhs:1x8 rhs:(1,1,1,1,1,1,1,1) -> float32[1x8]",
            "RESHAPE input:1x8 shape:(1,1,8) -> float32[1x1x8]",
            "BATCH_MATMUL x:1x1x8 y:1x8x5 adj_x=False adj_y=False -> float32[1x1x5]",
            "RESHAPE input:1x1x5 shape:(1,5,1) -> float32[1x5x1]",
            "BATCH_MATMUL x:1x1x8 y:1x8x5 adj_x=False adj_y=False -> float32[1x1x5]",
            "RESHAPE input:1x1x5 shape:(1,5,1) -> float32[1x5x1]",
            "CONCATENATION values:1x5x1 values:1x5x1 axis=2 -> float32[1x5x2]",
            "RESHAPE input:1x5x2 shape:(1,1,5,2) -> float32[1x1x5x2]",
            "CONCATENATION values:1x1x5x2 values:1x1x5x2 axis=1 -> float32[1x2x5x2]",
        ],
    ),
    "hann": (
        "g (int64 n) => (float[N] y) { y = HannWindow (n) }",
        [
            "CAST input:scalar in_data_type=INT64 out_data_type=INT32 -> int32[scalar]",
            "RANGE start:0 limit:scalar delta:1 -> int32[?]",
            "CAST input:? in_data_type=INT32 out_data_type=FLOAT32 -> float32[?]",
            "CAST input:scalar in_data_type=INT32 out_data_type=FLOAT32 -> float32[scalar]",
            "MAXIMUM lhs:scalar rhs:1 -> float32[scalar]",
            "MUL lhs:? rhs:6.28319 -> float32[?]",
            "DIV lhs:? rhs:scalar -> float32[?]",
            "COS x:? -> float32[?]",
            "MUL lhs:? rhs:0.5 -> float32[?]",
            "SUB lhs:0.5 rhs:? -> float32[?]",
        ],
    ),
    "blackman": (
        "g (int64 n) => (float[N] y) { y = BlackmanWindow <periodic = 0> (n) }",
        [
            "CAST input:scalar in_data_type=INT64 out_data_type=INT32 -> int32[scalar]",
            "RANGE start:0 limit:scalar delta:1 -> int32[?]",
            "CAST input:? in_data_type=INT32 out_data_type=FLOAT32 -> float32[?]",
            "CAST input:scalar in_data_type=INT32 out_data_type=FLOAT32 -> float32[scalar]",
            "SUB lhs:scalar rhs:1 -> float32[scalar]",
            "MAXIMUM lhs:scalar rhs:1 -> float32[scalar]",
            "MUL lhs:? rhs:6.28319 -> float32[?]",
            "DIV lhs:? rhs:scalar -> float32[?]",
            "COS x:? -> float32[?]",
            "MUL lhs:? rhs:0.5 -> float32[?]",
            "SUB lhs:0.42 rhs:? -> float32[?]",
            "MUL lhs:? rhs:2 -> float32[?]",
            "COS x:? -> float32[?]",
            "MUL lhs:? rhs:0.08 -> float32[?]",
            "ADD lhs:? rhs:? -> float32[?]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected

"""Gathers."""

import pytest

CASES = {
    "embedding": (
        "g (int64[1,5] i) => (float[1,5,4] y) <int64[2] s = {9,4}> { w = ConstantOfShape (s) y = Gather (w, i) }",
        [
            "CAST input:1x5 in_data_type=INT64 out_data_type=INT32 -> int32[1x5]",
            "LESS lhs:1x5 rhs:0 -> bool[1x5]",
            "ADD lhs:1x5 rhs:9 -> int32[1x5]",
            "SELECT condition:1x5 x:1x5 y:1x5 -> int32[1x5]",
            "GATHER params:9x4 indices:1x5 axis=0 batch_dims=0 -> float32[1x5x4]",
        ],
    ),
    "one position": (
        "g (float[2,5,4] x) => (float[2,4] y) <int64 i = {-1}> { y = Gather <axis = 1> (x, i) }",
        [
            "GATHER params:2x5x4 indices:(4) axis=1 batch_dims=0 -> float32[2x1x4]",
            "RESHAPE input:2x1x4 shape:(2,4) -> float32[2x4]",
        ],
    ),
    "one size of a shape": (
        "g (float[N,5] x) => (int64 y) <int64 i = {0}> { s = Shape (x) y = Gather (s, i) }",
        [
            "SHAPE input:Nx5 out_type=INT64 -> int64[2]",
            "GATHER params:2 indices:0 axis=0 batch_dims=0 -> int64[scalar]",
        ],
    ),
    "some positions": (
        "g (float[2,5,4] x) => (float[2,2,4] y) <int64[2] i = {-1, 2}> { y = Gather <axis = 1> (x, i) }",
        [
            "GATHER params:2x5x4 indices:(4,2) axis=1 batch_dims=0 -> float32[2x2x4]",
        ],
    ),
    "a position of run time": (
        "g (float[2,5,4] x, int32 i) => (float[2,4] y) { y = Gather <axis = 1> (x, i) }",
        [
            "RESHAPE input:scalar shape:(1) -> int32[1]",
            "LESS lhs:1 rhs:0 -> bool[1]",
            "ADD lhs:1 rhs:5 -> int32[1]",
            "SELECT condition:1 x:1 y:1 -> int32[1]",
            "GATHER params:2x5x4 indices:1 axis=1 batch_dims=0 -> float32[2x1x4]",
            "RESHAPE input:2x1x4 shape:(2,4) -> float32[2x4]",
        ],
    ),
    "elements": (
        "g (float[2,9] x, int64[2,3] i) => (float[2,3] y) { y = GatherElements <axis = -1> (x, i) }",
        [
            "CAST input:2x3 in_data_type=INT64 out_data_type=INT32 -> int32[2x3]",
            "RESHAPE input:2x3 shape:(2,3,1) -> int32[2x3x1]",
            "CONCATENATION values:2x3x1 values:2x3x1 axis=2 -> int32[2x3x2]",
            "GATHER_ND params:2x9 indices:2x3x2 -> float32[2x3]",
        ],
    ),
    "elements of unknown size": (
        "g (float[2,9] x, int64[N,3] i) => (float[N,3] y) { y = GatherElements <axis = 1> (x, i) }",
        [
            "CAST input:Nx3 in_data_type=INT64 out_data_type=INT32 -> int32[Nx3]",
            "RESHAPE input:Nx3 shape:(-1,3,1) -> int32[Nx3x1]",
            "SHAPE input:Nx3 out_type=INT32 -> int32[2]",
            (
                "STRIDED_SLICE input:2 begin:(0) end:(1) strides:(1) begin_mask=0 end_mask=0 shrink_axis_mask=1 -> "
                "int32[scalar]"
            ),
            "RANGE start:0 limit:scalar delta:1 -> int32[N]",
            "RESHAPE input:N shape:(-1,1,1) -> int32[Nx1x1]",
            "SHAPE input:Nx3x1 out_type=INT32 -> int32[3]",
            "BROADCAST_TO input:Nx1x1 shape:3 -> int32[Nx3x1]",
            "CONCATENATION values:Nx3x1 values:Nx3x1 axis=2 -> int32[Nx3x2]",
            "GATHER_ND params:2x9 indices:Nx3x2 -> float32[Nx3]",
        ],
    ),
    "nd": (
        "g (float[2,9] x, int64[3,2] i) => (float[3] y) { y = GatherND (x, i) }",
        [
            "CAST input:3x2 in_data_type=INT64 out_data_type=INT32 -> int32[3x2]",
            "GATHER_ND params:2x9 indices:3x2 -> float32[3]",
        ],
    ),
    "nd in batches": (
        "g (float[2,3,9] x, int64[2,4,1] i) => (float[2,4,9] y) { y = GatherND <batch_dims = 1> (x, i) }",
        [
            "CAST input:2x4x1 in_data_type=INT64 out_data_type=INT32 -> int32[2x4x1]",
            "CONCATENATION values:2x4x1 values:2x4x1 axis=2 -> int32[2x4x2]",
            "GATHER_ND params:2x3x9 indices:2x4x2 -> float32[2x4x9]",
            "RESHAPE input:2x4x9 shape:(2,4,9) -> float32[2x4x9]",
        ],
    ),
    "nd in batches of unknown size has none": (
        "g (float[B,9] x, int64[B,1] i) => (float[B] y) { y = GatherND <batch_dims = 1> (x, i) }",
        [
            "onnx.GatherND data:Bx9 indices:Bx1 batch_dims=1 -> float32[B]",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_lowers_to(tflite, text, expected):
    assert tflite(text) == expected
